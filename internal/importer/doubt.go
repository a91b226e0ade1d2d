package importer

import (
	"context"
	"slices"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer/check"
	"bigcommerce-payments-mcp/internal/importer/ledger"
)

// doubtLimit is how many batches in a row, before the first success, may be
// refused row by row for one reason before that reason is taken for a mistake
// of the set-up.
const doubtLimit = 3

// doubt holds refusals back that may be no fault of the rows. Their rows stay
// as sent in the ledger meanwhile.
type doubt struct {
	reason  []check.Problem
	batches [][]ledger.PendingRow
	whole   int // refusals of whole batches in a row
}

// holdsBack takes a batch over when each of its rows was refused for the same
// reason as those before.
func (d *doubt) holdsBack(rows []ledger.PendingRow, refused map[int][]check.Problem) bool {
	if len(rows) < 2 || len(refused) != len(rows) {
		return false
	}
	reason := d.reason
	for _, problems := range refused {
		if reason == nil {
			reason = problems
		}
		if !slices.Equal(problems, reason) {
			return false
		}
	}
	d.reason = reason
	d.batches = append(d.batches, rows)
	return true
}

// certain reports whether the reason is taken for a mistake of the set-up.
func (d *doubt) certain() bool { return len(d.batches) >= doubtLimit }

// refusedWhole counts refusals of whole batches, and reports the third.
func (d *doubt) refusedWhole(*bcapi.Error) bool {
	d.whole++
	return d.whole >= doubtLimit
}

// acceptDoubt records what was held back as what it looks like: rows refused.
func (r *run) acceptDoubt(ctx context.Context) {
	r.doubtful.whole = 0
	if r.doubtful.certain() {
		return
	}
	for _, rows := range r.doubtful.batches {
		outcomes := make([]ledger.Outcome, len(rows))
		for i, row := range rows {
			outcomes[i] = ledger.Outcome{Row: row.Row, To: ledger.Refused, Problems: r.doubtful.reason}
		}
		if r.record(ctx, r.job, outcomes) {
			r.release(rows)
			r.settled += len(rows)
		}
	}
	r.doubtful.batches, r.doubtful.reason = nil, nil
}

// endDoubt settles what is held back when nothing else is left to do: with a
// mistake of the set-up the rows go back, else they are refused. It reports
// whether the run may go on.
func (r *run) endDoubt(ctx context.Context) bool {
	held := r.doubtful.batches
	if !r.doubtful.certain() {
		r.acceptDoubt(ctx)
		return len(held) > 0 && r.stopped == nil
	}
	r.doubtful.batches = nil
	for _, rows := range held {
		r.again(ctx, rows)
	}
	return false
}
