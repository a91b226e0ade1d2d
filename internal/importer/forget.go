package importer

import (
	"context"
	"errors"

	"bigcommerce-payments-mcp/internal/ledger"
)

// Forget records that a customer's instruments with these tokens were deleted
// from the store by our own doing, and returns how many rows of imports had
// brought one of them. Those rows count as removed from then on, and can be
// imported anew; the reports of their jobs are written again, which takes as
// long as those are. It records even when ctx has ended, since the deletion has
// happened, and needs no lock: an import may run, here or in another process.
func (im *Importer) Forget(ctx context.Context, customerID int64, tokens []string) (rows int, err error) {
	ctx = context.WithoutCancel(ctx)
	l, err := im.knownLedger(ctx)
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
	im.reportAgain(ctx, l, jobs)
	return rows, nil
}

// Imported gives the tokens of a customer's instruments that imports have
// brought and, as far as the ledger knows, are in the store. None when there is no
// ledger.
func (im *Importer) Imported(ctx context.Context, customerID int64) (map[string]bool, error) {
	l, err := im.knownLedger(ctx)
	if errors.Is(err, ledger.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return l.Imported(ctx, customerID)
}

// reportAgain writes the reports of jobs whose rows have changed after they
// stopped. One that runs writes its own when it ends.
func (im *Importer) reportAgain(ctx context.Context, l *ledger.Ledger, jobs []ledger.Job) {
	running, err := l.RunningJob()
	if err != nil {
		im.Logger.Error("the reports could not be written", "error", err)
		return
	}
	for _, job := range jobs {
		if job.ID != running {
			im.bringReport(ctx, l, job)
		}
	}
}
