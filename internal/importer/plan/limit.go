package plan

import (
	"context"

	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/importer/report"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Limit keeps the first sendable rows of a job that is being planned, as many as
// the request allows, and records in the job's record what it leaves out.
func Limit(ctx context.Context, l *ledger.Ledger, num int64, record *job.Record) error {
	var whole report.Summary
	if err := whole.Count(ctx, l, num); err != nil {
		return err
	}
	if err := whole.Group(ctx, l, num); err != nil {
		return err
	}
	for _, refused := range whole.FailureSummary {
		refused.Message = "refused, and not part of this import: " + refused.Message
		record.Excluded = append(record.Excluded, refused)
	}
	for _, state := range []struct {
		of      ledger.State
		message string
	}{
		{ledger.Already, "rows are already imported"},
		{ledger.Follower, "rows repeat another row and are not part of this import"},
	} {
		if err := exclude(ctx, l, num, record, state.of, state.message); err != nil {
			return err
		}
	}
	beyond, first, err := l.Keep(ctx, num, record.File.Limit)
	if record.BeyondLimit = beyond; beyond > 0 {
		record.Excluded = append(record.Excluded, job.Count{
			Message: "good rows are behind the limit and not part of this import", Count: beyond, FirstRow: first,
		})
	}
	return err
}

// exclude records the rows of a state among those that are left out.
func exclude(ctx context.Context, l *ledger.Ledger, num int64, record *job.Record, state ledger.State, message string) error {
	counts, err := l.Counts(ctx, num)
	if err != nil || counts[state] == 0 {
		return err
	}
	rows, err := l.RowsAfter(ctx, num, state, state, 0, 1)
	if err != nil {
		return err
	}
	record.Excluded = append(record.Excluded, job.Count{Message: message, Count: counts[state], FirstRow: rows[0].Row})
	return nil
}
