package importer

import (
	"context"
	"fmt"
	"slices"

	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/ledger"
)

// doubtLimit is how many batches, before the first success, may be refused for
// one reason before that reason is taken for a mistake of the set-up.
const doubtLimit = 3

// refusal is what every row of a batch was refused for.
type refusal struct {
	problems []check.Problem // none when they differ
	// unnamed is set when the API named no row, so that its reason may be about
	// one of them alone.
	unnamed error
}

// doubt is the suspicion that refusals are no fault of the rows. Three batches
// make it certain, halves of refused ones not counted; where no row was named,
// three rows that are then sent alone, and refused too, are wanted besides.
type doubt struct {
	problems []check.Problem // the reason
	why      error           // the reason to stop for
	batches  int             // that were refused for it
	unnamed  bool
	alone    int
	// held are the rows that were refused by name. They stay as sent in the
	// ledger until it is known what they are.
	held [][]pendingRow
}

func (d *doubt) certain() bool {
	return d.batches >= doubtLimit && (!d.unnamed || d.alone >= doubtLimit)
}

// open reports whether other batches have to tell: halves of those that were
// refused would not.
func (d *doubt) open() bool { return d.batches > 0 && d.batches < doubtLimit }

// atMost bounds the next batch, with so many under way.
func (d *doubt) atMost(size, sending int) int {
	switch {
	case d.batches < doubtLimit:
		return size
	case d.certain() || d.alone+sending >= doubtLimit:
		return 0
	}
	return min(size, 1)
}

// suspect weighs a batch that was refused, and reports whether it makes for the
// doubt. Its rows are then held back if they were named.
func (r *run) suspect(ctx context.Context, b sentBatch, why refusal) bool {
	d := &r.doubtful
	same := slices.Equal(why.problems, d.problems)
	if d.batches > 0 && !same && !d.certain() {
		r.dispel(ctx) // it was not for everything
	}
	switch {
	case r.succeeded || len(why.problems) == 0 || d.batches > 0 && !same:
		return false
	case d.batches >= doubtLimit && len(b.rows) == 1:
		d.alone++
	case len(b.rows) == 1 || slices.ContainsFunc(b.rows, func(row pendingRow) bool { return row.within > 0 }):
		return false
	default:
		d.batches++
	}
	if d.problems = why.problems; d.why == nil {
		d.why = fmt.Errorf("%w: %s", ErrRefused, problemsText(why.problems))
	}
	if why.unnamed != nil {
		d.why, d.unnamed = why.unnamed, true
	} else {
		d.held = append(d.held, b.rows)
	}
	return true
}

// commonReason gives the problems of refused rows if all rows of a batch were
// refused for the same.
func commonReason(rows []pendingRow, refused map[int][]check.Problem) []check.Problem {
	if len(refused) < len(rows) {
		return nil
	}
	for _, problems := range refused {
		if !slices.Equal(problems, refused[0]) {
			return nil
		}
	}
	return refused[0]
}

func problemsText(problems []check.Problem) string {
	text := problems[0].Message
	if field := problems[0].Field; field != "" {
		text = field + ": " + text
	}
	return text
}

// succeed notes that the API has taken a row of the job: it does not refuse
// everything.
func (r *run) succeed(ctx context.Context) {
	r.succeeded = true
	r.dispel(ctx)
}

// dispel ends the doubt: what was held back is what it looks like, rows refused.
func (r *run) dispel(ctx context.Context) {
	d := r.doubtful
	r.doubtful = doubt{}
	for _, rows := range d.held {
		outcomes := make([]ledger.Outcome, len(rows))
		for i, row := range rows {
			outcomes[i] = ledger.Outcome{Row: row.Row, To: ledger.Refused, Problems: d.problems}
		}
		r.settle(ctx, rows, outcomes)
	}
}

// endDoubt settles what is held back when nothing else is left to do. With a
// mistake of the set-up the rows go back, and so they do when something else
// ends the run: the next one will tell. It reports whether the run may go on.
func (r *run) endDoubt(ctx context.Context) bool {
	d := r.doubtful
	if d.certain() {
		r.stop(d.why)
	}
	if r.stopped == nil {
		r.dispel(ctx)
		return d.batches > 0 && r.stopped == nil
	}
	r.doubtful = doubt{}
	for _, rows := range d.held {
		r.again(ctx, rows)
	}
	return false
}
