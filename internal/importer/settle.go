package importer

import (
	"context"
	"errors"
	"net/http"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/ledger"
)

const (
	// lateFactor is how much longer a request may still take effect after a
	// time-out or a 5xx: the store may still be working on it.
	lateFactor = 6
	// enoughAbsences is how many looks have to miss a row before it is sent
	// again, and maxAttempts how often it is sent in all.
	enoughAbsences = 2
	maxAttempts    = 3
)

// unsettledRow is a row whose outcome is looked up.
type unsettledRow struct {
	ledger.UnsettledRow
	row  pendingRow    // what is needed to send it again
	wait time.Duration // between looks
	due  time.Time
}

// look is one customer's instruments, as the store has them now.
type look struct {
	of          *unsettledRow
	instruments []bcapi.StoredInstrument
	err         error
}

// lookPlan says when looks at a batch's rows count.
type lookPlan struct {
	wait   time.Duration // between looks
	absent int           // looks that need not be made
	halved bool          // they are sent again in a smaller batch, which is no further attempt
	within int           // the largest batch that they are sent again in
}

// refusedLook is for rows of a batch that was refused or counted as not taken:
// the store says that it is done with them, so that one look tells.
func refusedLook(rows int) lookPlan {
	return lookPlan{absent: enoughAbsences - 1, halved: rows > 1, within: half(rows)}
}

// lookUp records rows as unconfirmed and looks at once; a later look comes for
// those that are not found.
func (r *run) lookUp(ctx context.Context, rows []pendingRow, plan lookPlan) {
	now := time.Now()
	outcomes := make([]ledger.Outcome, len(rows))
	for i, row := range rows {
		outcomes[i] = ledger.Outcome{Row: row.Row, To: ledger.Unconfirmed, UnknownUntil: now.Add(plan.wait), Absent: plan.absent, NotCounted: plan.halved}
	}
	if r.record(ctx, r.job, outcomes) {
		if err := r.adoptUnsettled(ctx, plan); err != nil {
			r.stop(err)
		}
	}
}

// loadUnsettled takes over what earlier runs of the scope left open, whichever
// job's it is: their customers' rows wait for it.
func (r *run) loadUnsettled(ctx context.Context) error {
	r.heldFor = make(map[int64]bool)
	return r.adoptUnsettled(ctx, lookPlan{wait: lateFactor * r.Settle})
}

// adoptUnsettled brings the list of open rows up to the ledger's; the plan is
// for those that are new.
func (r *run) adoptUnsettled(ctx context.Context, plan lookPlan) error {
	open, err := r.ledger.Unsettled(ctx)
	if err != nil {
		return err
	}
	type key struct {
		job int64
		row int
	}
	known := make(map[key]bool, len(r.unsettled))
	for _, u := range r.unsettled {
		known[key{u.Job, u.Row}] = true
	}
	for _, o := range open {
		switch {
		case o.State == ledger.Held:
			r.heldFor[o.CustomerID] = true
		case o.State == ledger.Unconfirmed && !known[key{o.Job, o.Row}]:
			r.busy[o.CustomerID] = true
			r.unsettled = append(r.unsettled, &unsettledRow{
				UnsettledRow: o, wait: plan.wait, due: r.dueOf(o),
				row: pendingRow{within: plan.within, PendingRow: ledger.PendingRow{
					Row: o.Row, Place: o.Place, CustomerID: o.CustomerID, Attempts: o.Attempts, Content: o.Content,
				}},
			})
		}
	}
	return nil
}

// dueOf is when the next look at a row counts: at once for the first, and for
// a later one when it was to be, whichever run planned it. A clock that was set
// back delays it no longer than a wait.
func (r *run) dueOf(o ledger.UnsettledRow) time.Time {
	now := time.Now()
	if o.Absent == 0 || o.UnknownUntil.Before(now) {
		return now
	}
	return now.Add(min(time.Until(o.UnknownUntil), lateFactor*r.Settle))
}

// startLook looks for the first row that is due, one at a time.
func (r *run) startLook(ctx context.Context) {
	if r.looking {
		return
	}
	now := time.Now()
	for _, u := range r.unsettled {
		if now.Before(u.due) {
			continue
		}
		r.looking = true
		go func() {
			instruments, err := r.Client.CustomerInstruments(ctx, u.CustomerID)
			r.looks <- look{of: u, instruments: instruments, err: err}
		}()
		return
	}
}

// judge draws from a look what it proves, and no more.
func (r *run) judge(ctx context.Context, l look) {
	if l.err != nil && !isUnknownCustomer(l.err) {
		r.stop(l.err)
		return
	}
	u := l.of
	old, seen, err := r.ledger.OldTokens(ctx, u.CustomerID)
	if err != nil {
		r.stop(err)
		return
	}
	var fits []bcapi.StoredInstrument
	strange := false // a new instrument of the type that is not the row's
	for _, in := range l.instruments {
		switch {
		case old[in.Token]:
		case r.ledger.Shows(in, u.Type, u.Look):
			fits = append(fits, in)
		case in.Type == u.Type:
			strange = true
		}
	}
	switch {
	case !seen:
		r.hold(ctx, u, "the store was not looked at before this row was sent, so what it holds proves nothing")
	case r.heldFor[u.CustomerID] && len(fits) > 0:
		r.hold(ctx, u, "the store holds an instrument like it, which may be that of another unconfirmed row of the customer")
	case len(fits) == 1:
		r.adopt(ctx, u, fits[0].Token)
	case len(fits) > 1:
		r.hold(ctx, u, "the store holds more than one new instrument like it")
	case strange:
		r.hold(ctx, u, "the store holds a new instrument of the customer that nothing explains")
	default:
		r.absent(ctx, u)
	}
}

// isUnknownCustomer reports whether a look failed because the store does not
// have the customer, who then has no instruments. With a wrong store hash
// everything is not found: sending tells that soon enough.
func isUnknownCustomer(err error) bool {
	var refused *bcapi.RefusedError
	return errors.As(err, &refused) && refused.API.Status == http.StatusNotFound
}

// adopt takes a new instrument that fits for the row's own.
func (r *run) adopt(ctx context.Context, u *unsettledRow, token string) {
	if r.recordRow(ctx, u, ledger.Outcome{To: ledger.Imported, Token: token, Adopted: true}) {
		if u.Job == r.job {
			r.succeed(ctx)
		}
		r.settledRow(u)
	}
}

// hold leaves a row to a person.
func (r *run) hold(ctx context.Context, u *unsettledRow, why string) {
	problem := []check.Problem{{Message: "sent, and its outcome cannot be told: " + why}}
	if r.recordRow(ctx, u, ledger.Outcome{To: ledger.Held, Problems: problem}) {
		r.heldFor[u.CustomerID] = true
		r.settledRow(u)
	}
}

// absent counts a look that did not find the row. After enough of them it is
// certain that it was not stored.
func (r *run) absent(ctx context.Context, u *unsettledRow) {
	u.Absent++
	switch {
	case u.Absent < enoughAbsences:
		u.due = time.Now().Add(u.wait)
		if err := r.ledger.MarkAbsent(ctx, u.Job, u.Row, u.due); err != nil {
			r.stop(err)
		}
	case u.Attempts >= maxAttempts:
		r.hold(ctx, u, "it was sent three times and did not show up")
	case r.recordRow(ctx, u, ledger.Outcome{To: ledger.Pending}):
		r.drop(u)
		delete(r.busy, u.CustomerID)
		if u.Job == r.job {
			r.window.put(u.row)
		}
	}
}

// recordRow records what became of an unsettled row, whichever job's it is.
func (r *run) recordRow(ctx context.Context, u *unsettledRow, o ledger.Outcome) bool {
	if u.Job != r.job {
		r.others[u.Job] = u.JobID
	}
	o.Row = u.Row
	return r.record(ctx, u.Job, []ledger.Outcome{o})
}

// settledRow ends a row's wait, and its customer's.
func (r *run) settledRow(u *unsettledRow) {
	r.drop(u)
	delete(r.busy, u.CustomerID)
	if u.Job == r.job {
		r.settled++
	}
}

func (r *run) drop(u *unsettledRow) {
	for i, other := range r.unsettled {
		if other == u {
			r.unsettled = append(r.unsettled[:i], r.unsettled[i+1:]...)
			return
		}
	}
}

// tellOthers brings jobs up to date of which this run has settled rows by the
// way: the rows that repeat those, the status when nothing is left open, and
// the report.
func (r *run) tellOthers(ctx context.Context) error {
	for num, id := range r.others {
		if err := r.ledger.SettleFollowers(ctx, num); err != nil {
			return err
		}
		counts, err := r.ledger.Counts(ctx, num)
		if err != nil {
			return err
		}
		job, err := r.ledger.JobByID(ctx, id)
		if err != nil {
			return err
		}
		if unfinished(counts) == 0 {
			if err := r.ledger.SetStatusIf(ctx, num, job.Status, ledger.Finished, ""); err != nil {
				return err
			}
		}
		if err := report(ctx, r.ledger, job); err != nil {
			r.Logger.Error("the report could not be written", "job_id", id, "error", err)
		}
	}
	return nil
}

func unfinished(counts map[ledger.State]int) int {
	return counts[ledger.Pending] + counts[ledger.Follower] + counts[ledger.Sent] + counts[ledger.Unconfirmed] + counts[ledger.Held]
}
