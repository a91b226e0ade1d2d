package run

import (
	"context"
	"slices"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/importer/reconcile"
	"bigcommerce-payments-mcp/internal/ledger"
)

// unresolved are the rows whose outcome is unknown, of whichever job.
type unresolved struct {
	rows   []*unresolvedRow
	listed map[rowKey]bool // those in rows
	// needsReview are customers with a row that waits for a person.
	needsReview map[int64]bool
}

// unresolvedRow is a row that is looked up.
type unresolvedRow struct {
	ledger.UnsettledRow
	row  queuedRow     // what is needed to send it again
	wait time.Duration // between lookups
	due  time.Time
}

// rowKey tells a row from those of other jobs.
type rowKey struct {
	job int64
	row int
}

func newUnresolved() unresolved {
	return unresolved{listed: make(map[rowKey]bool), needsReview: make(map[int64]bool)}
}

// due gives the first row that is due, or nil.
func (s *unresolved) due(now time.Time) *unresolvedRow {
	for _, u := range s.rows {
		if !now.Before(u.due) {
			return u
		}
	}
	return nil
}

func (s *unresolved) add(u *unresolvedRow) {
	s.listed[rowKey{u.Job, u.Row}] = true
	s.rows = append(s.rows, u)
}

func (s *unresolved) remove(gone *unresolvedRow) {
	delete(s.listed, rowKey{gone.Job, gone.Row})
	s.rows = slices.DeleteFunc(s.rows, func(u *unresolvedRow) bool { return u == gone })
}

// lookup is one customer's instruments, as the store has them now.
type lookup struct {
	of          *unresolvedRow
	instruments []bcapi.StoredInstrument
	err         error
}

// lateLookup is for rows of requests that may still take effect.
func lateLookup(settle time.Duration) reconcile.LookupPolicy {
	return reconcile.LookupPolicy{Wait: reconcile.LateFactor * settle}
}

// lookUp records rows as unconfirmed and looks at once; a later lookup comes for
// those that are not found.
func (l *loop) lookUp(ctx context.Context, rows []queuedRow, policy reconcile.LookupPolicy) {
	if len(rows) == 0 {
		return
	}
	now := time.Now()
	outcomes := make([]ledger.Outcome, len(rows))
	for i, row := range rows {
		outcomes[i] = ledger.Outcome{
			Row: row.Row, To: ledger.Unconfirmed, UnknownUntil: now.Add(policy.Wait), Absent: policy.Absent, NotCounted: policy.Returned,
		}
	}
	if l.record(ctx, l.Num, outcomes) {
		if err := l.loadUnresolved(ctx, policy); err != nil {
			l.stop(err)
		}
	}
}

// loadUnresolved brings the unresolved rows up to the ledger's; the policy is
// for those that are new.
func (l *loop) loadUnresolved(ctx context.Context, policy reconcile.LookupPolicy) error {
	open, err := l.Ledger.Unsettled(ctx)
	if err != nil {
		return err
	}
	for _, o := range open {
		switch {
		case o.State == ledger.Held:
			l.unresolved.needsReview[o.CustomerID] = true
		case o.State == ledger.Unconfirmed && !l.unresolved.listed[rowKey{o.Job, o.Row}]:
			row := queuedRow{maxBatch: policy.MaxBatch, PendingRow: ledger.PendingRow{
				Row: o.Row, Place: o.Place, CustomerID: o.CustomerID, Attempts: o.Attempts, Content: o.Content,
			}}
			l.queue.block([]queuedRow{row})
			l.unresolved.add(&unresolvedRow{UnsettledRow: o, wait: policy.Wait, due: l.dueOf(o), row: row})
		}
	}
	return nil
}

// dueOf is when the next lookup of a row counts: at once for the first, and for
// a later one when it was to be, whichever run planned it. A clock that was set
// back delays it no longer than a wait.
func (l *loop) dueOf(o ledger.UnsettledRow) time.Time {
	now := time.Now()
	if o.Absent == 0 || o.UnknownUntil.Before(now) {
		return now
	}
	return now.Add(min(time.Until(o.UnknownUntil), reconcile.LateFactor*l.Settle))
}

// startLookup looks for the first row that is due, one at a time.
func (l *loop) startLookup(ctx context.Context) {
	if l.looking {
		return
	}
	u := l.unresolved.due(time.Now())
	if u == nil {
		return
	}
	l.looking = true
	go func() {
		instruments, err := l.Client.CustomerInstruments(ctx, u.CustomerID)
		l.lookups <- lookup{of: u, instruments: instruments, err: err}
	}()
}

// resolve does what is decided on a row from one lookup.
func (l *loop) resolve(ctx context.Context, found lookup) {
	if found.err != nil && !isUnknownCustomer(found.err) {
		l.stop(found.err)
		return
	}
	u := found.of
	known, snapshot, err := l.Ledger.OldTokens(ctx, u.CustomerID)
	if err != nil {
		l.stop(err)
		return
	}
	matches := func(in bcapi.StoredInstrument) bool { return l.Ledger.Shows(in, u.Type, u.Look) }
	matching, unexplained := reconcile.Compare(found.instruments, u.Type, known, matches)
	verdict := reconcile.DecideLookup(reconcile.Facts{
		Snapshot: snapshot, Matching: matching, Unexplained: unexplained, Blocked: l.unresolved.needsReview[u.CustomerID],
		Absences: u.Absent + 1, Attempts: u.Attempts,
	})
	switch verdict.Action {
	case reconcile.Adopt:
		l.adopt(ctx, u, verdict.Token)
	case reconcile.Review:
		l.review(ctx, u, verdict.Reason)
	case reconcile.Resend:
		l.resend(ctx, u)
	case reconcile.LookAgain:
		l.lookAgain(ctx, u)
	}
}

// adopt records an instrument of the store as the row's own.
func (l *loop) adopt(ctx context.Context, u *unresolvedRow, token string) {
	if l.recordUnresolved(ctx, u, ledger.Outcome{To: ledger.Imported, Token: token, Adopted: true}) {
		if u.Job == l.Num {
			l.refuse(ctx, l.breaker.Disable())
			l.resolved++
		}
		l.drop(u)
	}
}

// review leaves a row to a person.
func (l *loop) review(ctx context.Context, u *unresolvedRow, reason string) {
	problem := []check.Problem{{Message: "sent, and its outcome cannot be told: " + reason}}
	if l.recordUnresolved(ctx, u, ledger.Outcome{To: ledger.Held, Problems: problem}) {
		l.unresolved.needsReview[u.CustomerID] = true
		if u.Job == l.Num {
			l.resolved++
		}
		l.drop(u)
	}
}

// resend puts a row back that was proven absent.
func (l *loop) resend(ctx context.Context, u *unresolvedRow) {
	if l.recordUnresolved(ctx, u, ledger.Outcome{To: ledger.Pending}) {
		l.drop(u)
		if u.Job == l.Num {
			l.queue.put(u.row)
		}
	}
}

// lookAgain waits for the next lookup of a row.
func (l *loop) lookAgain(ctx context.Context, u *unresolvedRow) {
	u.Absent++
	u.due = time.Now().Add(u.wait)
	if err := l.Ledger.MarkAbsent(ctx, u.Job, u.Row, u.due); err != nil {
		l.stop(err)
	}
}

// drop ends a row's wait, and its customer's.
func (l *loop) drop(u *unresolvedRow) {
	l.unresolved.remove(u)
	l.queue.unblock(u.row)
}

// recordUnresolved records what became of an unresolved row, whichever job's it
// is.
func (l *loop) recordUnresolved(ctx context.Context, u *unresolvedRow, o ledger.Outcome) bool {
	if u.Job != l.Num {
		l.others[u.Job] = job.ID(u.JobID)
	}
	o.Row = u.Row
	return l.record(ctx, u.Job, []ledger.Outcome{o})
}

// finalizeOtherJobs brings jobs up to date of which this run has resolved rows
// by the way: the rows that repeat those, and the status when nothing is left
// open. It names them.
func (l *loop) finalizeOtherJobs(ctx context.Context) (touched []job.ID, err error) {
	for num, id := range l.others {
		if err := l.Ledger.SettleFollowers(ctx, num); err != nil {
			return touched, err
		}
		counts, err := l.Ledger.Counts(ctx, num)
		if err != nil {
			return touched, err
		}
		j, err := l.Ledger.JobByID(ctx, string(id))
		if err != nil {
			return touched, err
		}
		if unfinished(counts) == 0 {
			if err := l.Ledger.SetStatusIf(ctx, num, j.Status, ledger.Finished, ""); err != nil {
				return touched, err
			}
		}
		touched = append(touched, id)
	}
	return touched, nil
}
