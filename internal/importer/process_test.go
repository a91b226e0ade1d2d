package importer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// another makes a second importer on the state directory of b's, as another
// process would.
func (b *bench) another() *importer.Importer {
	b.t.Helper()
	im := importer.New(b.importer.Config)
	b.t.Cleanup(func() { b.must(im.Close()) })
	return im
}

// held is a client whose imports wait until they are let go.
type held struct {
	importer.Client
	arrived chan struct{} // one for each import
	letGo   chan struct{}
	imports atomic.Int32
}

func (h *held) ImportInstruments(ctx context.Context, rows []bcapi.ImportRow) (bcapi.ImportResult, error) {
	h.imports.Add(1)
	h.arrived <- struct{}{}
	<-h.letGo
	return h.Client.ImportInstruments(context.WithoutCancel(ctx), rows)
}

// outcome is what an import that ran meanwhile came to.
type outcome struct {
	summary *importer.Summary
	err     error
}

// startHeld starts the planned job of b, whose imports then wait in the client,
// and hands every progress on that it tells from then on.
func (b *bench) startHeld() (h *held, progress <-chan int, ended <-chan outcome) {
	b.t.Helper()
	config := b.importer.Config
	h = &held{Client: config.Client, arrived: make(chan struct{}, 10_000), letGo: make(chan struct{})}
	config.Client = h
	im := importer.New(config)
	b.t.Cleanup(func() { b.must(im.Close()) })
	told, end := make(chan int, 10_000), make(chan outcome, 1)
	go func() {
		s, err := im.Apply(b.t.Context(), b.last.ID, importer.Leave, func(done, _ int, _ string) { told <- done })
		end <- outcome{s, err}
	}()
	select {
	case <-h.arrived:
	case o := <-end:
		b.t.Fatalf("the job does not run: %+v, %v", o.summary, o.err)
	}
	for len(told) > 0 {
		<-told
	}
	return h, told, end
}

// write writes rows to a file of the import folder.
func (b *bench) write(name string, rows importer.Inline) importer.FileRequest {
	b.t.Helper()
	var file bytes.Buffer
	for i := range rows {
		b.must(json.NewEncoder(&file).Encode(rows[i]))
	}
	b.must(os.WriteFile(filepath.Join(b.files, name), file.Bytes(), 0o600))
	return importer.FileRequest{Name: name}
}

// distinct is how many instruments the store holds; none of them may be there
// twice.
func (b *bench) distinct() int {
	b.t.Helper()
	return b.store.Distinct()
}

// One import runs at a time, whichever process asks; the others are told which,
// and send nothing.
func TestASecondImportIsTurnedAway(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(60)
	id := b.plan(rows).ID
	first, _, ended := b.startHeld()
	second := b.another()

	_, inline := second.Inline(t.Context(), importer.Inline{card(900, "other")}, importer.Options{}, quiet)
	_, same := second.Apply(t.Context(), id, importer.Leave, quiet)
	for name, err := range map[string]error{"inline": inline, "the same job": same} {
		if locked := new(ledger.LockedError); !errors.As(err, &locked) || locked.JobID != string(id) {
			t.Errorf("%s: error %v, want the id %s", name, err, id)
		}
	}
	if s, err := second.Job(t.Context(), id); err != nil || s.Status != importer.Running {
		t.Errorf("%+v, %v", s, err)
	}
	close(first.letGo)
	end := <-ended
	b.must(end.err)
	if b.last = end.summary; b.last.Status != importer.Completed {
		t.Fatalf("%+v", b.last)
	}
	b.eachOnce(rows)

	// The lock is free again, and nothing of the refused call is left.
	s, err := second.Inline(t.Context(), importer.Inline{card(900, "other")}, importer.Options{}, quiet)
	b.must(err)
	if s.Status != importer.Completed || s.Imported != 1 {
		t.Errorf("%+v", s)
	}
	b.recorded(2, len(rows)+1)
}

// Cancel reaches a job through the ledger, wherever it runs: what is under way
// ends, nothing more is sent.
func TestCancelFromAnotherProcess(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(200)
	id := b.plan(rows).ID
	first, progress, ended := b.startHeld()
	b.must(b.another().Cancel(t.Context(), id))
	select {
	case <-progress: // nothing has been answered: it is the request to stop that has come
	case <-time.After(30 * time.Second):
		t.Error("the request to stop does not reach the job")
	}
	close(first.letGo)
	end := <-ended
	b.must(end.err)
	s := end.summary
	if s.Status != importer.Cancelled || s.Imported == 0 || s.Imported+s.Remaining != len(rows) || s.Remaining == 0 {
		t.Fatalf("%+v", s)
	}
	if sent, stored := int(first.imports.Load()), b.distinct(); stored != s.Imported || stored > 10*sent {
		t.Errorf("%d stored by %d requests, %+v", stored, sent, s)
	}
	if s := b.run(1); s.Status != importer.Completed || s.Imported != len(rows) {
		t.Fatalf("%+v", s)
	}
	b.eachOnce(rows)
}

// A job that one process had to stop is gone on with by another, which has
// nothing of it but the state directory.
func TestAnotherProcessGoesOn(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(300)
	id := b.plan(rows).ID
	before := 0
	for range 3 {
		ctx, stop := context.WithCancelCause(t.Context())
		s, err := b.importer.Apply(ctx, id, importer.Leave, func(done, _ int, _ string) {
			if done > before {
				stop(importer.ErrStopping)
			}
		})
		stop(nil)
		b.must(err)
		if s.Status != importer.Interrupted || s.Reason != importer.ErrStopping.Error() || s.Imported <= before || s.Remaining == 0 {
			t.Fatalf("%+v, %d rows before", s, before)
		}
		before = s.Imported
		b.importer = b.another()
	}
	if s := b.run(1); s.Status != importer.Completed || s.Imported != len(rows) || s.ID != id {
		t.Fatalf("%+v", s)
	}
	b.eachOnce(rows)
}

// Rows that two jobs have in common are sent once, also when both were planned
// before either was sent.
func TestOverlappingJobs(t *testing.T) {
	for _, plannedBefore := range []bool{true, false} {
		b := newBench(t, sandbox.Options{})
		rows := cards(90)
		late := b.write("late.jsonl", rows[30:])
		second := b.another()
		plan := func() importer.JobID {
			s, err := second.PlanFile(t.Context(), late, quiet)
			b.must(err)
			return s.ID
		}
		var id importer.JobID
		if plannedBefore {
			id = plan()
		}
		b.plan(rows[:60])
		if s := b.run(1); s.Imported != 60 {
			t.Fatalf("%+v", s)
		}
		if !plannedBefore {
			id = plan()
		}
		s, err := second.Apply(t.Context(), id, importer.Leave, quiet)
		b.must(err)
		if s.Status != importer.Completed || s.Already != 30 || s.Imported != 30 {
			t.Errorf("planned before %v: %+v", plannedBefore, s)
		}
		if n := b.distinct(); n != 90 {
			t.Errorf("planned before %v: %d stored", plannedBefore, n)
		}
		inline, err := second.Inline(t.Context(), rows[55:65], importer.Options{}, quiet)
		b.must(err)
		if inline.Already != 10 || b.distinct() != 90 {
			t.Errorf("inline: %+v", inline)
		}
	}
}
