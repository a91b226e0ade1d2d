package importer_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// stopAfterFirst runs the planned job until some rows are in.
func (b *bench) stopAfterFirst() *importer.Summary {
	b.t.Helper()
	ctx, stop := context.WithCancelCause(b.t.Context())
	defer stop(nil)
	first := -1
	s, err := b.importer.Apply(ctx, b.last.ID, importer.Leave, func(done, _ int, _ string) {
		if first < 0 {
			first = done
		}
		if done > first {
			stop(importer.ErrStopping)
		}
	})
	b.must(err)
	if s.Status != importer.Interrupted || s.Remaining == 0 {
		b.t.Fatalf("%+v", s)
	}
	return s
}

// warns reports whether a job's summary warns of its report.
func warns(s *importer.Summary) bool {
	for _, w := range s.Warnings {
		if strings.Contains(w.Message, "report") && w.Count == s.Total {
			return true
		}
	}
	return false
}

// A report that could not be written is not named, nor is an older one in its
// place; it is written when the job is asked for again.
func TestAReportThatCannotBeWritten(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(150)
	if s := b.plan(rows); s.Report == "" || warns(s) {
		t.Errorf("a plan has a report: %+v", s)
	}
	if s := b.stopAfterFirst(); s.Report == "" || warns(s) {
		t.Fatalf("%+v", s)
	}
	reports := filepath.Join(b.importer.StateDir, scopeDir(b), "reports")
	b.must(os.Rename(reports, reports+".away"))
	b.must(os.WriteFile(reports, nil, 0o600)) // no folder
	s := b.stopAfterFirst()
	if s.Report != "" || !warns(s) {
		t.Errorf("nothing can be written: %+v", s)
	}
	b.must(os.Remove(reports))
	b.must(os.Rename(reports+".away", reports))
	if s, err := b.importer.Job(t.Context(), s.ID); err != nil || s.Report != "" || !warns(s) {
		t.Errorf("the older report: %+v, %v", s, err)
	}

	b.must(os.Rename(reports, reports+".away"))
	b.must(os.WriteFile(reports, nil, 0o600))
	if s := b.run(1); s.Status != importer.Completed || s.Report != "" || !warns(s) {
		t.Fatalf("%+v", s)
	}
	b.must(os.Remove(reports))
	b.must(os.Rename(reports+".away", reports))
	if s := b.run(1); s.Report == "" || warns(s) {
		t.Fatalf("%+v", s)
	}
	b.eachOnce(rows)
}

// scopeDir is the folder of the store's ledger below the state directory.
func scopeDir(b *bench) string {
	b.t.Helper()
	found, err := filepath.Glob(filepath.Join(b.importer.StateDir, "*", "ledger.db"))
	b.must(err)
	if len(found) != 1 {
		b.t.Fatalf("ledgers %v", found)
	}
	return filepath.Base(filepath.Dir(found[0]))
}

// A job runs until its lock is free: before that its report is not written.
func TestAJobRunsUntilItsLockIsFree(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.plan(cards(5))
	b.run(1)
	l, err := ledger.Open(t.Context(), b.importer.StateDir, b.importer.Scope)
	b.must(err)
	defer l.Close()
	lock, err := l.TryLock(string(b.last.ID))
	b.must(err)
	if s, err := b.importer.Job(t.Context(), b.last.ID); err != nil || s.Status != importer.Running || s.Report != "" {
		t.Errorf("%+v, %v", s, err)
	}
	b.must(lock.Unlock())
	if s, err := b.importer.Job(t.Context(), b.last.ID); err != nil || s.Status != importer.Completed || s.Report == "" {
		t.Errorf("%+v, %v", s, err)
	}
}

// The list of jobs tells of each what it tells of itself, its rows apart.
func TestJobsInOutline(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(5)
	rows[0].CurrencyCode = "?"
	b.plan(rows)
	b.run(1)
	b.plan(rows[:4])
	for i, listed := range b.jobs(b.importer) {
		whole, err := b.importer.Job(t.Context(), listed.ID)
		b.must(err)
		if len(whole.Failures) != 1 || len(whole.FailureSummary) != 1 || len(whole.Instruments) == 0 {
			t.Errorf("%+v", whole)
		}
		*whole = importer.Summary{
			ID: whole.ID, Status: whole.Status, Reason: whole.Reason, File: whole.File, Report: whole.Report, Requests: whole.Requests,
			Total: whole.Total, Imported: whole.Imported, Failed: whole.Failed, Refused: whole.Refused, Already: whole.Already, Unconfirmed: whole.Unconfirmed, Remaining: whole.Remaining,
		}
		if diff := cmp.Diff(whole, listed); diff != "" {
			t.Errorf("job %d (- itself, + in the list): %s", i, diff)
		}
	}
}

// What is deleted from the store afterwards is in the report.
func TestAReportAfterAnUndo(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.plan(cards(5))
	b.run(1)
	_, err := b.importer.RecordDeletion(t.Context(), b.last.Instruments[0].CustomerID, []string{b.last.Instruments[0].Token})
	b.must(err)
	for _, undone := range []bool{false, true} {
		if undone {
			_, err := b.importer.Undo(t.Context(), b.last.ID, agreed, quiet)
			b.must(err)
		}
		s, err := b.importer.Job(t.Context(), b.last.ID)
		if err != nil || s.Report == "" || warns(s) || undone == (s.Imported > 0) {
			t.Errorf("undone %v: %+v, %v", undone, s, err)
		}
	}
}

// What was killed while it ran has no report, although there is one of before.
func TestAReportOfBeforeAKill(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.plan(cards(150))
	b.stopAfterFirst()
	killed := b.another()
	if s, err := killed.Apply(t.Context(), b.last.ID, importer.Leave, func(int, int, string) {
		if s, err := b.importer.Job(t.Context(), b.last.ID); err != nil || s.Status != importer.Running || s.Report != "" || warns(s) {
			t.Errorf("while it runs: %+v, %v", s, err)
		}
		b.must(killed.Close()) // nothing is recorded any more
	}); err == nil {
		t.Fatalf("%+v", s)
	}
	if s, err := b.importer.Job(t.Context(), b.last.ID); err != nil || s.Status != importer.Interrupted || s.Report != "" || !warns(s) {
		t.Errorf("after a kill: %+v, %v", s, err)
	}
	if s := b.run(1); s.Status != importer.Completed || s.Report == "" || warns(s) {
		t.Errorf("%+v", s)
	}
}
