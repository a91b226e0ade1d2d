package importer_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

const deletePath = `"method":"DELETE","path":"/payments/stored-instruments"`

// altered is a client that does something else now and then.
type altered struct {
	importer.Client
	imports   func(context.Context, []bcapi.ImportRow) (bcapi.ImportResult, error)
	deletes   func(context.Context, []string) (bcapi.DeleteResult, error)
	customers func(context.Context, int64) ([]bcapi.StoredInstrument, error)
}

func (a altered) ImportInstruments(ctx context.Context, rows []bcapi.ImportRow) (bcapi.ImportResult, error) {
	if a.imports != nil {
		return a.imports(ctx, rows)
	}
	return a.Client.ImportInstruments(ctx, rows)
}

func (a altered) DeleteStoredInstruments(ctx context.Context, tokens []string) (bcapi.DeleteResult, error) {
	if a.deletes != nil {
		return a.deletes(ctx, tokens)
	}
	return a.Client.DeleteStoredInstruments(ctx, tokens)
}

func (a altered) CustomerInstruments(ctx context.Context, customerID int64) ([]bcapi.StoredInstrument, error) {
	if a.customers != nil {
		return a.customers(ctx, customerID)
	}
	return a.Client.CustomerInstruments(ctx, customerID)
}

// through makes an importer on the state directory of b's with another client.
func (b *bench) through(change func(*altered)) *importer.Importer {
	b.t.Helper()
	config := b.importer.Config
	client := altered{Client: config.Client}
	change(&client)
	config.Client = client
	im := importer.New(config)
	b.t.Cleanup(func() { b.must(im.Close()) })
	return im
}

// undo undoes a job, which must succeed.
func (b *bench) undo(id importer.JobID) *importer.UndoSummary {
	b.t.Helper()
	s, err := b.importer.Undo(b.t.Context(), id, agreed, quiet)
	b.must(err)
	return s
}

// agreed is of whoever agrees to whatever an undo is about to delete.
func agreed(*importer.UndoPreview) error { return nil }

// preview asks an importer what an undo would do, and does not agree to it.
func preview(ctx context.Context, im *importer.Importer, id importer.JobID) (told *importer.UndoPreview, err error) {
	no := errors.New("no")
	s, err := im.Undo(ctx, id, func(p *importer.UndoPreview) error { told = p; return no }, quiet)
	if s == nil && errors.Is(err, no) {
		err = nil
	}
	return told, err
}

func (b *bench) preview(id importer.JobID) *importer.UndoPreview {
	b.t.Helper()
	p, err := preview(b.t.Context(), b.importer, id)
	b.must(err)
	return p
}

// job tells how a job stands; its numbers must add up.
func (b *bench) job(id importer.JobID) *importer.Summary {
	b.t.Helper()
	s, err := b.importer.Job(b.t.Context(), id)
	b.must(err)
	if s.Imported+s.Failed+s.Already+s.Unconfirmed+s.Remaining != s.Total {
		b.t.Errorf("the numbers do not add up: %+v", s)
	}
	return s
}

// put stores a card without the importer.
func (b *bench) put(ctx context.Context, row bcapi.ImportRow) (token string) {
	b.t.Helper()
	answer, err := b.client.ImportInstruments(ctx, []bcapi.ImportRow{row})
	b.must(err)
	return answer.Imported[0].Instrument.Token
}

// tokens are the store's, by vault token; each is there once.
func (b *bench) tokens() map[string]string {
	b.t.Helper()
	all := make(map[string]string)
	for _, s := range b.stored() {
		if all[s.VaultToken] != "" {
			b.t.Errorf("%s is stored twice", s.VaultToken)
		}
		all[s.VaultToken] = s.Token
	}
	return all
}

// report gives a job's report by row number: status, token and message.
func (b *bench) report(s *importer.Summary) map[string][3]string {
	b.t.Helper()
	rows := make(map[string][3]string)
	for _, line := range b.reportLines(s) {
		rows[line[0]] = [3]string{line[2], line[3], line[5]}
	}
	return rows
}

// TestUndoAndImportAgain: after an undo the store holds what it held before, and
// what no answer proved to be the job's. The same file brings all in again, once.
func TestUndoAndImportAgain(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(119)
	rows = append(rows, rows[3]) // repeats a row: no instrument of its own
	rows[100].Instrument.Brand = "mastercard"
	look := card(2, "old")
	look.PaymentMethodID = "stripe.credit_card"
	b.put(t.Context(), look) // what customer 2 imports looks like it
	before := b.tokens()

	id := b.plan(rows).ID
	b.faults(`[{` + importPath + `,"times":1,"action":{"drop":"after"}}]`)
	first := b.run(2)
	if first.Status != importer.Completed || first.Imported != 119 || first.Already != 1 || first.Adopted == 0 {
		t.Fatalf("%+v", first)
	}
	adopted := first.Adopted
	want := maps.Clone(before)
	for number, line := range b.report(first) {
		if line[0] == "imported (adopted)" {
			var row int
			_, err := fmt.Sscan(number, &row)
			b.must(err)
			want[rows[row-1].Instrument.VaultToken] = line[1]
		}
	}

	preview := b.preview(id)
	if preview.Instruments != 119-adopted || preview.Adopted != adopted || preview.Begun || len(preview.CustomerIDs) != 3 || preview.Customers > 89 || preview.Customers < 70 {
		t.Errorf("%+v", preview)
	}
	s := b.undo(id)
	if s.Removed != 119-adopted ||
		s.Adopted != adopted || s.Refused+s.Unsettled+s.Remaining != 0 || s.Reason != "" {
		t.Errorf("%+v", s)
	}
	if got := b.tokens(); !maps.Equal(got, want) {
		t.Errorf("the store holds %d instruments, want %d", len(got), len(want))
	}
	b.onlyCollectionDeletes()
	b.undoneJobIsTold(id, adopted)

	if s := b.plan(rows); s.ID == id || s.Already < adopted || s.Already > adopted+1 {
		t.Fatalf("planned again: %+v", s)
	} else if w := s.Warnings; len(w) != 3 || w[0].Message != ledger.RemovedWarning || w[0].Count != 119-adopted || w[1].Message != ledger.LookalikeWarning || w[2].Field != "instrument.brand" {
		t.Errorf("what comes back is not warned of: %+v", w)
	}
	if s := b.run(2); s.Status != importer.Completed || s.Imported != 119-adopted || s.Imported+s.Already != 120 {
		t.Errorf("imported again: %+v", s)
	}
	if got := b.tokens(); len(got) != 120 || got["old"] != before["old"] {
		t.Errorf("the store holds %d instruments", len(got))
	}
}

// undoneJobIsTold holds what is told of an undone job of 120 rows, the last of
// which repeats another.
func (b *bench) undoneJobIsTold(id importer.JobID, adopted int) {
	b.t.Helper()
	job := b.job(id)
	if job.Status != importer.CompletedWithFailures || job.Imported != adopted || job.Adopted != adopted || job.Already+job.Failed != 120-adopted ||
		job.Reason != ledger.UndoReason {
		b.t.Errorf("%+v", job)
	}
	if len(job.FailureSummary) != 1 || job.FailureSummary[0].Message != ledger.RemovedMessage || job.FailureSummary[0].Count != job.Failed {
		b.t.Errorf("failures %+v", job.FailureSummary)
	}
	statuses := make(map[string]int)
	lines := b.report(job)
	for _, line := range lines {
		statuses[line[0]]++
		if line[0] == "removed" && !strings.HasPrefix(line[2], ledger.RemovedMessage) {
			b.t.Errorf("report line %q", line)
		}
	}
	if statuses["imported (adopted)"] != adopted || statuses["removed"] != job.Failed || lines["120"][0] != lines["4"][0] && lines["4"][0] == "removed" {
		b.t.Errorf("report: %v, row 4 %q, row 120 %q", statuses, lines["4"], lines["120"])
	}
	verified, err := b.importer.Verify(b.t.Context(), id, quiet)
	b.must(err)
	if verified.Missing != 0 || verified.Deleted != 0 || verified.Present != adopted+job.Already {
		b.t.Errorf("verified %+v", verified)
	}
}

// onlyCollectionDeletes holds the log of the store to what an undo may ask for:
// the other form deletes at the gateway, for ever.
func (b *bench) onlyCollectionDeletes() {
	b.t.Helper()
	deletes := 0
	for _, r := range b.store.Requests() {
		if r.Method != http.MethodDelete {
			continue
		}
		deletes++
		if !strings.HasSuffix(r.Path, "/payments/stored-instruments") || strings.Count(r.Query, "%2C")+strings.Count(r.Query, ",") >= 50 {
			b.t.Errorf("deleted by %s?%s", r.Path, r.Query)
		}
	}
	if deletes == 0 {
		b.t.Error("nothing was deleted")
	}
}

// TestUndoFaults: whatever goes wrong with a delete, what is gone is recorded,
// nothing else is, and calling again brings it to its end.
func TestUndoFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		faults string
		calls  int // that end with an error
	}{
		"none":               {},
		"dropped after":      {faults: `{"times":1,"action":{"drop":"after"}}`},
		"dropped before":     {faults: `{"times":1,"action":{"drop":"before"}}`},
		"dropped many times": {faults: `{"times":4,"action":{"drop":"after"}}`, calls: 1},
		"500":                {faults: `{"times":1,"action":{"status":500}}`},
		"429":                {faults: `{"times":1,"action":{"status":429,"headers":{"X-Retry-After":"1"}}}`},
		"401":                {faults: `{"times":1,"action":{"status":401}}`, calls: 1},
		"403 later":          {faults: `{"times":1,"action":{}},{"times":2,"action":{"status":403}}`, calls: 2},
		"HTML":               {faults: `{"times":1,"action":{"status":200,"body":"<html>oops</html>"}}`, calls: 1},
		"partly refused":     {faults: `{"times":1,"action":{"status":422}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sandbox.Options{})
			id := b.plan(cards(120)).ID
			b.run(1)
			all := b.stored()
			shopper := []string{all[0].Token, all[60].Token} // who deletes two, so that answers are 404s
			_, err := b.client.DeleteStoredInstruments(t.Context(), shopper)
			b.must(err)
			if tt.faults != "" {
				b.faults("[" + strings.ReplaceAll(tt.faults, `{"times"`, `{`+deletePath+`,"times"`) + "]")
			}
			removed := 0
			for range tt.calls {
				s, err := b.importer.Undo(t.Context(), id, agreed, quiet)
				if err == nil || s == nil || s.Reason == "" || s.Remaining == 0 || s.Removed+s.Remaining+removed != 120 {
					t.Fatalf("%+v, %v", s, err)
				}
				removed += s.Removed
				b.undoIsHalfDone(id, removed)
			}
			if s := b.undo(id); s.Removed != 120-removed || s.Remaining+s.Refused+s.Adopted != 0 || s.Reason != "" {
				t.Errorf("%+v", s)
			}
			if n := len(b.stored()); n != 0 {
				t.Errorf("%d instruments are left", n)
			}
			if s := b.undo(id); s.Removed != 0 {
				t.Errorf("undone twice: %+v", s)
			}
			b.plan(cards(120))
			if s := b.run(1); s.Status != importer.Completed || s.Imported != 120 || b.distinct() != 120 {
				t.Errorf("imported again: %+v", s)
			}
		})
	}
}

// undoIsHalfDone holds what is told of a job of 120 rows between two calls: what
// is not recorded as removed may be gone, never the other way round.
func (b *bench) undoIsHalfDone(id importer.JobID, removed int) {
	b.t.Helper()
	if preview := b.preview(id); !preview.Begun || preview.Instruments != 120-removed {
		b.t.Errorf("%d were removed, %+v", removed, preview)
	}
	lines, left := b.report(b.job(id)), b.tokens()
	for number, line := range lines {
		if line[0] == "removed" && slices.Contains(slices.Collect(maps.Values(left)), line[1]) {
			b.t.Errorf("row %s is told as removed, and it is there", number)
		}
	}
}

// The errors of an undo are the client's own.
func TestUndoTellsASystemicRefusal(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	id := b.plan(cards(60)).ID
	b.run(1)
	b.faults(`[{` + deletePath + `,"times":1,"action":{"status":403}}]`)
	s, err := b.importer.Undo(t.Context(), id, agreed, quiet)
	if refused := new(bcapi.RefusedError); !errors.As(err, &refused) || refused.Kind != bcapi.RefusedSystemic {
		t.Errorf("error %v", err)
	}
	if s.Removed != 0 || s.Remaining != 60 || !strings.Contains(s.Reason, "403") || len(b.stored()) != 60 {
		t.Errorf("%+v", s)
	}
}

// An instrument that the API will not delete is told, and the others go.
func TestUndoOfWhatIsRefused(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	id := b.plan(cards(60)).ID
	b.run(1)
	keep := b.stored()[7].Token
	picky := b.through(func(a *altered) {
		a.deletes = func(ctx context.Context, tokens []string) (bcapi.DeleteResult, error) {
			others := slices.DeleteFunc(slices.Clone(tokens), func(token string) bool { return token == keep })
			result, err := b.client.DeleteStoredInstruments(ctx, others)
			if len(others) < len(tokens) {
				result.Refused = append(result.Refused, bcapi.RefusedToken{Token: keep, API: &bcapi.Error{Status: 422}})
			}
			return result, err
		}
	})
	s, err := picky.Undo(t.Context(), id, agreed, quiet)
	b.must(err)
	if s.Removed != 59 || s.Refused != 1 || s.Remaining != 0 || s.Reason == "" {
		t.Errorf("%+v", s)
	}
	if left := b.stored(); len(left) != 1 || left[0].Token != keep || b.job(id).Imported != 1 {
		t.Errorf("left %+v, job %+v", left, b.job(id))
	}
	if s := b.undo(id); s.Removed != 1 || s.Remaining+s.Refused != 0 {
		t.Errorf("tried again: %+v", s)
	}
}

// An undo stops when somebody cancels its job, though that job has long finished.
func TestAnUndoIsCancelled(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	id := b.plan(cards(200)).ID
	if s := b.run(1); s.Status != importer.Completed {
		t.Fatalf("%+v", s)
	}
	other := b.another()
	s, err := b.importer.Undo(t.Context(), id, agreed, func(int, int, string) { b.must(other.Cancel(t.Context(), id)) })
	if !errors.Is(err, importer.ErrCancelled) || s.Removed != 50 || s.Remaining != 150 || len(b.stored()) != 150 {
		t.Fatalf("%+v, %v", s, err)
	}
	b.must(other.Cancel(t.Context(), id)) // nothing runs: nothing changes
	if s := b.undo(id); s.Removed != 150 || s.Remaining != 0 || s.Reason != "" {
		t.Errorf("%+v", s)
	}
}

// TestUndoGoesOn ends an undo again and again, in every way, and goes on with it
// from another process.
func TestUndoGoesOn(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(400)
	id := b.plan(rows).ID
	b.run(1)
	removed := 0
	for range 3 { // between two chunks
		ctx, stop := context.WithCancelCause(t.Context())
		s, err := b.importer.Undo(ctx, id, agreed, func(int, int, string) { stop(importer.ErrStopping) })
		stop(nil)
		if !errors.Is(err, importer.ErrStopping) || s.Removed != 50 || s.Reason != importer.ErrStopping.Error() {
			t.Fatalf("%+v, %v", s, err)
		}
		removed += s.Removed
		if s.Remaining != 400-removed || len(b.stored()) != 400-removed {
			t.Fatalf("%+v, %d removed, %d stored", s, removed, len(b.stored()))
		}
		b.importer = b.another()
	}
	// The caller has gone when the answer comes: it counts all the same.
	ctx, leave := context.WithCancelCause(t.Context())
	left := b.through(func(a *altered) {
		a.deletes = func(ctx context.Context, tokens []string) (bcapi.DeleteResult, error) {
			leave(importer.ErrStopping)
			return b.client.DeleteStoredInstruments(context.WithoutCancel(ctx), tokens)
		}
	})
	if s, err := left.Undo(ctx, id, agreed, quiet); !errors.Is(err, importer.ErrStopping) || s.Removed != 50 || s.Remaining != 200 {
		t.Fatalf("%+v, %v", s, err)
	}
	// Killed with the answer under way: the ledger is told nothing.
	killed := errors.New("killed")
	dying := b.through(func(a *altered) {
		a.deletes = func(ctx context.Context, tokens []string) (bcapi.DeleteResult, error) {
			_, err := b.client.DeleteStoredInstruments(ctx, tokens)
			return bcapi.DeleteResult{}, errors.Join(killed, err)
		}
	})
	if s, err := dying.Undo(t.Context(), id, agreed, quiet); !errors.Is(err, killed) || s.Removed != 0 || s.Remaining != 200 || len(b.stored()) != 150 {
		t.Fatalf("%+v, %v", s, err)
	}
	if s := b.undo(id); s.Removed != 200 || s.Remaining != 0 || len(b.stored()) != 0 {
		t.Errorf("%+v, %d stored", s, len(b.stored()))
	}
}

// Only what an answer proves to be new is the job's own.
func TestUndoLeavesWhatWasThereBefore(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	known := b.put(t.Context(), card(1, "a"))
	has := map[string]string{"a": known}
	// A store that takes the same card again for the one it has.
	upserting := b.through(func(a *altered) {
		a.imports = func(ctx context.Context, rows []bcapi.ImportRow) (bcapi.ImportResult, error) {
			var result bcapi.ImportResult
			for _, row := range rows {
				vaultToken := row.Instrument.VaultToken
				if has[vaultToken] == "" {
					has[vaultToken] = b.put(ctx, row)
				}
				result.Imported = append(result.Imported, bcapi.Imported{
					CustomerID: row.CustomerID, VaultToken: vaultToken, Instrument: bcapi.StoredInstrument{Token: has[vaultToken]},
				})
			}
			return result, nil
		}
	})
	apply := func(rows ...bcapi.ImportRow) importer.JobID {
		t.Helper()
		s, err := upserting.Inline(t.Context(), rows, importer.Options{}, quiet)
		b.must(err)
		if s.Imported != len(rows) {
			t.Fatalf("%+v", s)
		}
		return s.ID
	}
	first := apply(card(1, "a"), card(2, "b"), card(3, "c"))
	has["the same as b"] = has["b"]
	second := apply(card(2, "the same as b"))

	if s := b.undo(second); s.Removed != 0 || s.Adopted != 1 {
		t.Errorf("another job's: %+v", s)
	}
	if s := b.undo(first); s.Removed != 1 || s.Adopted != 2 {
		t.Errorf("what was there before: %+v", s)
	}
	if got := slices.Sorted(maps.Keys(b.tokens())); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("the store holds %v", got)
	}
}

func TestUndoOfAJobThatIsNotThere(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	nobody := func(im *importer.Importer, id importer.JobID) {
		t.Helper()
		if _, err := im.Undo(t.Context(), id, agreed, quiet); !errors.Is(err, importer.ErrNoJob) {
			t.Errorf("undo: %v", err)
		}
	}
	nobody(b.importer, "imp_none")
	if rows, err := b.importer.RecordDeletion(t.Context(), 1, []string{"t"}); rows != 0 || err != nil {
		t.Errorf("forgot %d rows, %v", rows, err)
	}
	if _, err := os.Stat(b.importer.StateDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a state directory was made: %v", err)
	}

	id := b.plan(cards(10)).ID
	b.run(1)
	nobody(b.importer, "imp_none")
	config := b.importer.Config
	config.Scope.StoreHash = "another"
	other := importer.New(config)
	t.Cleanup(func() { b.must(other.Close()) })
	nobody(other, id)
	if _, err := os.ReadDir(config.StateDir); err != nil || len(b.stored()) != 10 {
		t.Errorf("%v, %d stored", err, len(b.stored()))
	}
	if others, err := filepath.Glob(filepath.Join(config.StateDir, "another-*")); err != nil || len(others) > 0 {
		t.Errorf("made %v, %v", others, err)
	}
}

// Neither runs beside the other, whichever process and job it is.
func TestUndoAndImportsExcludeEachOther(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	done := b.plan(cards(60)).ID
	b.run(1)
	running := b.plan(importer.Inline{card(500, "late")}).ID
	first, _, ended := b.startHeld()
	second := b.another()
	for _, id := range []importer.JobID{done, running} {
		_, err := second.Undo(t.Context(), id, agreed, quiet)
		if locked := new(ledger.LockedError); !errors.As(err, &locked) || locked.JobID != string(running) {
			t.Errorf("undo of %s: %v", id, err)
		}
		if told, err := preview(t.Context(), second, id); told != nil || !errors.As(err, new(*ledger.LockedError)) {
			t.Errorf("somebody was asked about what may change: %+v, %v", told, err)
		}
	}
	close(first.letGo)
	b.must((<-ended).err)
	if n := len(b.stored()); n != 61 {
		t.Errorf("%d stored", n)
	}

	tried := false
	s, err := second.Undo(t.Context(), done, agreed, func(int, int, string) {
		tried = true
		_, err := b.importer.Inline(t.Context(), importer.Inline{card(900, "x")}, importer.Options{}, quiet)
		if locked := new(ledger.LockedError); !errors.As(err, &locked) || locked.JobID != string(done) {
			t.Errorf("import during an undo: %v", err)
		}
	})
	b.must(err)
	if !tried || s.Removed != 60 || len(b.stored()) != 1 {
		t.Errorf("%+v", s)
	}
}

// A job that was not done yet keeps its remaining rows, and waits to be asked
// for by name; its file makes a new job.
func TestUndoOfAnUnfinishedJob(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(200)
	id := b.plan(rows).ID
	ctx, stop := context.WithCancelCause(t.Context())
	s, err := b.importer.Apply(ctx, id, importer.Leave, func(done, _ int, _ string) {
		if done > 0 {
			stop(importer.ErrStopping)
		}
	})
	stop(nil)
	b.must(err)
	imported, remaining := s.Imported, s.Remaining
	if imported == 0 || remaining == 0 {
		t.Fatalf("%+v", s)
	}
	if u := b.undo(id); u.Removed != imported || u.Remaining != 0 || u.Reason != "" || len(b.stored()) != 0 {
		t.Errorf("%+v", u)
	}
	if s := b.job(id); s.Status != importer.Cancelled || s.Reason != ledger.UndoReason || s.Remaining != remaining || s.Failed != imported {
		t.Errorf("%+v", s)
	}

	if s := b.plan(rows); s.ID == id || s.Remaining != 200 {
		t.Fatalf("planned again: %+v", s)
	}
	again := b.last.ID
	if s := b.run(1); s.Status != importer.Completed || s.Imported != 200 || b.distinct() != 200 {
		t.Errorf("imported again: %+v", s)
	}
	if s, err := b.importer.Apply(t.Context(), id, importer.Leave, quiet); err != nil || s.Already != remaining || b.distinct() != 200 {
		t.Errorf("the undone job goes on: %+v, %v", s, err)
	}
	if preview := b.preview(id); preview.Begun || preview.Instruments != 0 {
		t.Errorf("it would be undone again without asking: %+v", preview)
	}
	if u := b.undo(again); u.Removed != 200 || len(b.stored()) != 0 {
		t.Errorf("%+v", u)
	}
}

// What may be in the store without our knowing is told, and nothing guessed.
func TestUndoTellsOfUnsettledRows(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(200)
	id := b.plan(rows).ID
	b.faults(`[{` + importPath + `,"times":2,"action":{}},{` + importPath + `,"times":8,"action":{"drop":"after"}}]`)
	s := b.run(1)
	if s.Unconfirmed == 0 || s.Imported == 0 {
		t.Fatalf("%+v", s)
	}
	u := b.undo(id)
	if u.Removed+u.Adopted != s.Imported || u.Unsettled != s.Unconfirmed || !strings.Contains(u.Reason, fmt.Sprint(s.Unconfirmed)) {
		t.Errorf("%+v, job %+v", u, s)
	}

	b.plan(rows)
	if s := b.run(5); s.Status != importer.Completed || b.distinct() != 200 {
		t.Fatalf("the next import: %+v, %d stored", s, b.distinct())
	}
	if u := b.undo(id); u.Removed != 0 || u.Unsettled != 0 || u.Adopted == 0 || u.Reason != "" {
		t.Errorf("undone again, with nothing unsettled: %+v", u)
	}
	if n := b.distinct(); n != 200 {
		t.Errorf("%d stored", n)
	}
}

// Importing an undone job's rows under a corrected mapping is what an undo is for.
func TestTheCorrectedFileAfterAnUndo(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	wrong := importer.Inline{card(1, "a"), card(2, "b")}
	b.plan(wrong)
	id := b.run(1).ID
	right := importer.Inline{card(2, "a"), card(1, "b")}
	for i := range right {
		right[i].Instrument.ProviderCustomerID = wrong[i].Instrument.ProviderCustomerID
	}
	if s := b.plan(right); s.Failed != 2 {
		t.Fatalf("before the undo: %+v", s)
	}
	b.undo(id)
	b.plan(right)
	if s := b.run(1); s.Status != importer.Completed || s.Imported != 2 {
		t.Errorf("%+v", s)
	}
	if all := b.stored(); len(all) != 2 || all[0].CustomerID == 1 && all[0].VaultToken == "a" {
		t.Errorf("stored %+v", all)
	}
}

// A plan that was made before an undo, when all of it was in, does not take its
// rows for done. A job that has ended keeps what it told.
func TestAPlanOfBeforeTheUndo(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(30)
	rows = append(rows, rows[4])
	later := slices.Clone(rows)
	later[7].BillingAddress.City = "Dallas"
	first := b.plan(rows).ID
	b.run(1)
	b.plan(rows[:20])
	ended := b.run(1).ID
	if s := b.plan(later); s.Already != 31 || len(s.Warnings) != 1 {
		t.Fatalf("%+v", s)
	}
	b.undo(first)
	if s := b.job(ended); s.Already != 20 || s.Status != importer.Completed {
		t.Errorf("the job that has ended: %+v", s)
	}
	if s := b.run(1); s.Status != importer.Completed || s.Imported != 30 || s.Already != 1 || len(s.Warnings) != 1 || s.Warnings[0].Message != ledger.RemovedWarning {
		t.Errorf("%+v", s)
	}
	lines, tokens := b.report(b.last), b.tokens()
	for i, row := range later {
		if token := tokens[row.Instrument.VaultToken]; token == "" || lines[fmt.Sprint(i+1)][1] != token {
			t.Errorf("row %d: report %q, the store has %q", i+1, lines[fmt.Sprint(i+1)], token)
		}
	}
}
