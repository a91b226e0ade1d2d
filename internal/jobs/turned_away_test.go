package jobs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
)

// A job that is turned away says so at once, however short the wait, and who
// asks later is told why.
func TestTurnedAway(t *testing.T) {
	b := newBench(t)
	first, second, stale := b.plan("a.csv"), b.plan("b.csv"), b.plan("c.csv")
	b.must(os.WriteFile(filepath.Join(b.files, "c.csv"), []byte("customer_id\n1\n"), 0o600))
	if _, err := b.Run(b.ctx, stale, importer.Leave, 0, quiet); !errors.Is(err, importer.ErrStale) {
		t.Errorf("a stale plan: error %v", err)
	}
	if s := b.status(importer.Planned)(b.Wait(b.ctx, stale, 0, quiet)); !strings.Contains(s.Reason, importer.ErrStale.Error()) {
		t.Errorf("a stale plan: %+v", s)
	}

	elsewhere, err := ledger.Open(b.ctx, b.importer.StateDir, b.importer.Scope)
	b.must(err)
	defer elsewhere.Close()
	lock, err := elsewhere.TryLock("imp_elsewhere")
	b.must(err)
	var locked *ledger.LockedError
	if _, err := b.Run(b.ctx, first, importer.Leave, 0, quiet); !errors.As(err, &locked) || locked.JobID != "imp_elsewhere" {
		t.Errorf("another process's runs: error %v", err)
	}
	if s := b.status(importer.Planned)(b.Wait(b.ctx, first, 0, quiet)); !strings.Contains(s.Reason, "imp_elsewhere") {
		t.Errorf("another process's runs: %+v", s)
	}
	b.must(lock.Unlock())
	b.startHeld(first)
	if _, err := b.Run(b.ctx, second, importer.Leave, 0, quiet); !errors.As(err, &locked) || locked.JobID != string(first) {
		t.Errorf("another runs: error %v", err)
	}
	if s := b.status(importer.Planned)(b.Wait(b.ctx, second, 0, quiet)); !strings.Contains(s.Reason, string(first)) {
		t.Errorf("another runs: %+v", s)
	}
	if s := b.status(importer.Running)(b.Wait(b.ctx, first, 0, quiet)); s.Reason != "" {
		t.Errorf("%+v", s)
	}
	b.must(b.Cancel(b.ctx, first))
	b.gate.open()
	b.status(importer.Cancelled)(b.Wait(b.ctx, first, patience, quiet))
	if s := b.status(importer.Cancelled)(b.Wait(b.ctx, first, 0, quiet)); s.Reason != "" {
		t.Errorf("it was run since: %+v", s)
	}
	b.status(importer.Completed)(b.Run(b.ctx, second, importer.Leave, patience, quiet))
	if s := b.status(importer.Completed)(b.Wait(b.ctx, second, 0, quiet)); s.Reason != "" {
		t.Errorf("it went well since: %+v", s)
	}
}

// A ledger that fails under a job leaves no record of why it stopped; the process
// that ran it knows.
func TestAJobThatBreaksOff(t *testing.T) {
	b := newBench(t)
	id := b.plan("a.csv")
	b.startHeld(id)
	b.must(b.importer.Close()) // nothing is recorded any more
	b.gate.open()
	s, err := b.Run(b.ctx, id, importer.Leave, patience, quiet)
	if err == nil {
		t.Fatalf("%+v", s)
	}
	if s := b.status(importer.Interrupted)(b.Wait(b.ctx, id, 0, quiet)); !strings.Contains(s.Reason, "failed: ") || !strings.Contains(s.Reason, err.Error()) {
		t.Errorf("%v: %+v", err, s)
	}
}
