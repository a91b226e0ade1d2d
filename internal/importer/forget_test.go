package importer_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importertest"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// shopper is whose instrument is deleted, and forgotten, without an undo.
type shopper struct {
	customer   int64
	vaultToken string
}

// deleteAndForget deletes a shopper's instrument as one of our tools would, and
// returns how many rows had brought it.
func (b *bench) deleteAndForget(ctx context.Context, im *importer.Importer, who shopper) (rows int) {
	b.t.Helper()
	token := b.tokens()[who.vaultToken]
	result, err := b.client.DeleteStoredInstruments(ctx, []string{token})
	if err != nil || len(result.Gone) != 1 {
		b.t.Errorf("%+v, %v", result, err)
	}
	gone, leave := context.WithCancel(ctx)
	leave() // the deletion has happened, whether the caller waits or not
	if rows, err = im.RecordDeletion(gone, who.customer, []string{token}); err != nil {
		b.t.Error(err) // not Fatal: an import may wait for this goroutine
	}
	return rows
}

// What our own tools delete can be imported anew, adopted or not; the jobs tell
// that it was deleted.
func TestForgetALoneInstrument(t *testing.T) {
	for name, fault := range map[string]string{"answered": `{}`, "adopted": `{"drop":"after"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sandbox.Options{})
			rows := importer.Inline{card(1, "a"), card(2, "b"), card(2, "b")}
			id := b.plan(rows).ID
			b.faults(`[{` + importPath + `,"times":1,"action":` + fault + `}]`)
			b.run(1)
			token := b.tokens()["b"]
			if n, err := b.importer.RecordDeletion(t.Context(), 1, []string{token, "nobody's"}); n != 0 || err != nil {
				t.Errorf("as another customer's: %d rows, %v", n, err)
			}
			if n := b.deleteAndForget(t.Context(), b.another(), shopper{2, "b"}); n != 1 {
				t.Errorf("%d rows had brought it", n)
			}
			s := b.job(id)
			if s.Imported != 1 || s.Failed != 2 || s.Already != 0 || s.Adopted > 1 || s.FailureSummary[0].Message != ledger.RemovedMessage {
				t.Errorf("%+v", s)
			}
			if lines := b.report(s); lines["1"][0] == "removed" || lines["2"][0] != "removed" || lines["3"][0] != "removed" {
				t.Errorf("report %q", lines)
			}
			if v, err := b.importer.Verify(t.Context(), id, quiet); err != nil || v.Missing+v.Deleted != 0 || v.Present != 1 {
				t.Errorf("verified %+v, %v", v, err)
			}
			if p := b.preview(id); p.Begun || p.Instruments+p.Adopted != 1 {
				t.Errorf("preview %+v", p)
			}
			b.plan(rows)
			if s := b.run(1); s.Imported != 1 || s.Already != 2 || b.distinct() != 2 {
				t.Errorf("imported again: %+v", s)
			}
			if u := b.undo(id); u.Remaining+u.Refused != 0 {
				t.Errorf("%+v", u)
			}
		})
	}
}

// An import that runs meanwhile, in another process, is told by the ledger, and
// loses nothing else.
func TestForgetWhileAnImportRuns(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(200)
	of := func(row bcapi.ImportRow) shopper { return shopper{row.CustomerID, row.Instrument.VaultToken} }
	b.plan(rows[170:])
	b.run(1)
	id, other := b.plan(append(rows, rows[0])).ID, b.another() // the first row is repeated
	forgotten := false
	s, err := b.importer.Apply(t.Context(), id, importer.Leave, func(int, int, string) {
		running := b.job(id)
		b.must(b.importer.ListAfter(t.Context(), running, 0))
		if in := running.Instruments; !forgotten && len(in) > 0 && in[0].Row == 1 {
			forgotten = true
			// One that this job has just brought, and one that it takes for already in.
			if n := b.deleteAndForget(t.Context(), other, of(rows[0])) + b.deleteAndForget(t.Context(), other, of(rows[180])); n != 2 {
				t.Errorf("%d rows had brought them", n)
			}
		}
	})
	b.must(err)
	if !forgotten || s.Imported != 169 || s.Failed != 2 || s.Already != 30 || s.Status != importer.CompletedWithFailures {
		t.Errorf("%+v", s)
	}
	if n := b.distinct(); n != 198 {
		t.Errorf("%d stored", n)
	}
	b.plan(rows)
	if s := b.run(1); s.Status != importer.Completed || s.Imported != 2 || s.Already != 198 || b.distinct() != 200 {
		t.Errorf("imported again: %+v", s)
	}
}

// A look at the store may be older than a delete, and judged after it: what was
// deleted must not be taken for a row's own, or that row would be lost.
func TestForgetBetweenALookAndItsJudgement(t *testing.T) {
	for name, imported := range map[string]bool{"a row had brought it": true, "nobody had": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sandbox.Options{})
			lost := card(1, "lost") // its request never arrives
			gone := card(1, "gone") // looks like it
			other := b.another()
			var dropped, forgotten atomic.Bool
			watched := b.through(func(a *altered) {
				a.imports = func(ctx context.Context, rows []bcapi.ImportRow) (bcapi.ImportResult, error) {
					if rows[0].Instrument.VaultToken == "lost" && !dropped.Swap(true) {
						if !imported {
							b.put(ctx, gone)
						}
						b.faults(`[{` + importPath + `,"times":1,"action":{"drop":"before"}}]`)
					}
					return b.client.ImportInstruments(ctx, rows)
				}
				a.customers = func(ctx context.Context, customerID int64) ([]bcapi.StoredInstrument, error) {
					found, err := b.client.CustomerInstruments(ctx, customerID)
					if dropped.Load() && !forgotten.Swap(true) {
						b.deleteAndForget(ctx, other, shopper{1, "gone"})
					}
					return found, err
				}
			})
			rows := importer.Inline{lost}
			if imported {
				rows = importer.Inline{gone, lost}
			}
			s, err := watched.Inline(t.Context(), rows, importer.Options{}, quiet)
			b.must(err)
			if s.Remaining+s.Unconfirmed != 0 || s.Adopted != 0 {
				t.Errorf("%+v", s)
			}
			at := slices.IndexFunc(b.stored(), func(in importertest.Stored) bool { return in.VaultToken == "lost" })
			if at < 0 || !forgotten.Load() {
				t.Errorf("the row is lost, or was never looked for: %v", forgotten.Load())
			}
		})
	}
}
