package importer

import (
	"context"
	"errors"

	"bigcommerce-payments-mcp/internal/importer/undo"
	"bigcommerce-payments-mcp/internal/importer/verify"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Verify reads the store's whole list and tells how the rows of a job that are
// in compare with it. progress is told of instruments read.
func (im *Importer) Verify(ctx context.Context, id JobID, progress Progress) (*ledger.Verified, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	j, err := l.JobByID(ctx, string(id))
	if err != nil {
		return nil, err
	}
	im.verifying.Lock()
	defer im.verifying.Unlock()
	return verify.Verify(ctx, im.Client, l, j.Num, progress)
}

// Undo deletes from the store what a job has brought into it; see undo.Undo.
//
// It runs as an import does: *ledger.LockedError when one of the store is
// running, ErrNoJob when the store has no such job. progress is told of
// instruments deleted.
func (im *Importer) Undo(ctx context.Context, id JobID, agree func(*UndoPreview) error, progress Progress) (*UndoSummary, error) {
	l, err := im.openExisting(ctx)
	if errors.Is(err, ledger.ErrNone) {
		err = ErrNoJob
	}
	if err != nil {
		return nil, err
	}
	if _, err := l.JobByID(ctx, string(id)); err != nil {
		return nil, err
	}
	lock, err := l.TryLock(string(id))
	if err != nil {
		return nil, err
	}
	defer lock.Unlock() //nolint:errcheck // the system gives it up with the process
	j, err := l.Take(ctx, string(id))
	if err != nil {
		return nil, err
	}
	config := undo.Config{Client: im.Client, Ledger: l, Logger: im.Logger, Explain: im.Explain, Progress: progress}
	s, err := undo.Undo(ctx, config, j, agree)
	if s != nil {
		im.ensureReport(context.WithoutCancel(ctx), l, j)
	}
	return s, err
}

// RecordDeletion records that a customer's instruments with these tokens were
// deleted from the store by our own doing, and returns how many rows of imports
// had brought one of them. Those rows count as removed from then on, and can be
// imported anew; the reports of their jobs are written again, which takes as
// long as those are. It records even when ctx has ended, since the deletion has
// happened, and needs no lock: an import may run, here or in another process.
func (im *Importer) RecordDeletion(ctx context.Context, customerID int64, tokens []string) (rows int, err error) {
	ctx = context.WithoutCancel(ctx)
	l, err := im.openExisting(ctx)
	if errors.Is(err, ledger.ErrNone) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	rows, jobs, err := l.Forget(ctx, customerID, tokens)
	if err != nil {
		return 0, err
	}
	im.refreshReports(ctx, l, jobs)
	return rows, nil
}

// Imported gives the tokens of a customer's instruments that imports have
// brought and, as far as the ledger knows, are in the store. None when there is no
// ledger.
func (im *Importer) Imported(ctx context.Context, customerID int64) (map[string]bool, error) {
	l, err := im.openExisting(ctx)
	if errors.Is(err, ledger.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return l.Imported(ctx, customerID)
}

// refreshReports writes the reports of jobs whose rows have changed after they
// stopped. One that runs writes its own when it ends.
func (im *Importer) refreshReports(ctx context.Context, l *ledger.Ledger, jobs []ledger.Job) {
	running, err := l.RunningJob()
	if err != nil {
		im.Logger.Error("the reports could not be written", "error", err)
		return
	}
	for _, j := range jobs {
		if j.ID != running {
			im.ensureReport(ctx, l, j)
		}
	}
}
