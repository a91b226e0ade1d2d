package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importertest"
	"bigcommerce-payments-mcp/internal/ledger"
)

// inline are rows that come with a call.
func (b *bench) inline() importer.Inline {
	all := make(importer.Inline, rows)
	for i := range all {
		all[i] = importertest.Card(int64(i+1), fmt.Sprint("v", i))
	}
	return all
}

// An inline import goes on without its call, as that of a file does.
func TestInline(t *testing.T) {
	for name, start := range map[string]func(*bench, importer.Inline) (*importer.Summary, error){
		"the time is up": func(b *bench, rows importer.Inline) (*importer.Summary, error) {
			return b.RunInline(b.ctx, rows, importer.Options{}, 0, quiet)
		},
		"the call is given up": func(b *bench, rows importer.Inline) (*importer.Summary, error) {
			ctx, giveUp := context.WithCancel(b.ctx)
			run := call(func() (*importer.Summary, error) {
				return b.RunInline(ctx, rows, importer.Options{}, patience, quiet)
			})
			b.receive(b.gate.arrived, "no import is sent")
			giveUp()
			a := <-run
			if !errors.Is(a.err, context.Canceled) {
				t.Errorf("%+v, %v", a.summary, a.err)
			}
			all, err := b.importer.Jobs(b.ctx, 50)
			if err != nil || len(all) != 1 {
				t.Fatalf("%d jobs, %v", len(all), err)
			}
			return all[0], nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			given := b.inline()
			s := b.status(importer.Running)(start(b, given))
			var locked *ledger.LockedError
			if _, err := b.RunInline(b.ctx, given[:1], importer.Options{}, patience, quiet); !errors.As(err, &locked) || locked.JobID != string(s.ID) {
				t.Errorf("a second: error %v", err)
			}
			b.status(importer.Running)(b.Run(b.ctx, s.ID, importer.Leave, 0, quiet)) // attaches
			b.gate.open()
			if end := b.status(importer.Completed)(b.Wait(b.ctx, s.ID, patience, quiet)); end.ID != s.ID || end.Imported != rows {
				t.Errorf("%+v", end)
			}
			b.eachOnce(rows)
			if all, err := b.importer.Jobs(b.ctx, 50); err != nil || len(all) != 1 {
				t.Errorf("%d jobs, %v", len(all), err)
			}
		})
	}
}

func TestAnInlineImportIsCancelled(t *testing.T) {
	b := newBench(t)
	s := b.status(importer.Running)(b.RunInline(b.ctx, b.inline(), importer.Options{}, 0, quiet))
	b.receive(b.gate.arrived, "no import is sent")
	b.must(b.Cancel(b.ctx, s.ID))
	b.gate.open()
	if s := b.status(importer.Cancelled)(b.Wait(b.ctx, s.ID, patience, quiet)); s.Imported == 0 || s.Remaining == 0 {
		t.Errorf("%+v", s)
	}
}

// A check that leaves nothing to send ends the job, and one that fails or comes
// too late leaves none.
func TestAnInlineImportThatDoesNotRun(t *testing.T) {
	b := newBench(t)
	given := b.inline()
	for i := range given {
		given[i].CurrencyCode = "?"
	}
	if s := b.status(importer.CompletedWithFailures)(b.RunInline(b.ctx, given, importer.Options{}, 0, quiet)); s.Failed != rows {
		t.Errorf("%+v", s)
	}
	ctx, giveUp := context.WithCancel(b.ctx)
	giveUp()
	if s, err := b.RunInline(ctx, b.inline(), importer.Options{}, 0, quiet); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", s, err)
	}
	b.Shutdown(patience)
	if s, err := b.RunInline(b.ctx, b.inline(), importer.Options{}, 0, quiet); !errors.Is(err, importer.ErrStopping) {
		t.Errorf("%+v, %v", s, err)
	}
	if all, err := b.importer.Jobs(b.ctx, 50); err != nil || len(all) != 1 {
		t.Errorf("%d jobs, %v", len(all), err)
	}
	if n := b.gate.imports.Load(); n != 0 {
		t.Errorf("%d imports were sent", n)
	}
	b.recorded(1, rows)
}

// recorded holds the ledger to so many jobs and rows, those that nobody sees
// too.
func (b *bench) recorded(jobs, rows int) {
	b.t.Helper()
	if j, r := importertest.Recorded(b.t, b.importer.StateDir); j != jobs || r != rows {
		b.t.Errorf("%d jobs and %d rows are recorded, want %d and %d", j, r, jobs, rows)
	}
}
