// Package run carries a planned job out: batches leave, responses come in, rows
// whose outcome is unknown are looked up. It is a shell: what a response, a lookup
// or a series of refusals means is decided by packages reconcile, breaker and
// sizer; run sends, waits and records.
//
// What makes it safe: a row is recorded as sent before its request leaves, and
// never sent again while its outcome is unknown (ledger); a batch holds at most
// one row per customer (queue.go); what the customers hold is recorded before
// anything is sent for them (snapshot.go).
package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Client is what a run needs of the API.
type Client interface {
	ImportInstruments(ctx context.Context, rows []bcapi.ImportRow) (bcapi.ImportResult, error)
	CustomerInstruments(ctx context.Context, customerID int64) ([]bcapi.StoredInstrument, error)
	ListStoredInstruments(ctx context.Context, page bcapi.StoredInstrumentsPage) (bcapi.StoredInstruments, error)
	AllStoredInstruments(ctx context.Context) iter.Seq2[bcapi.CustomerInstrument, error]
}

// Config is what a run works with.
type Config struct {
	Client Client
	Ledger *ledger.Ledger
	Logger *slog.Logger
	// Settle is how long a write whose outcome is unknown is given to show up.
	Settle time.Duration
	// Explain says in words why a run stopped, for the job's record.
	Explain func(error) string

	ID      job.ID
	Num     int64 // the ledger's number of the job
	Rows    job.Rows
	Options job.Options
}

// Why a run stops although rows are left. Failures of the API and of the ledger
// stop it too.
var (
	ErrUnknowns    = errors.New("the outcome of three consecutive requests is unknown: the connection was lost, or the API failed")
	ErrLeft        = errors.New("internal error: some rows were never processed")
	errNeedsReview = errors.New("rows are left whose outcome a person has to tell")
)

// cancelPoll is how often a run looks whether somebody has asked it to stop.
const cancelPoll = 300 * time.Millisecond

// Execute carries out a job that has begun, and returns when every row is
// resolved or what is left has to wait for a later call. It records how the job
// stands then, and why. When ctx ends it stops between batches. The caller holds
// the scope's lock. progress is told of rows resolved since the start.
//
// touched are other jobs of which rows were resolved by the way: their reports
// are out of date. The error is one of recording alone.
func Execute(ctx context.Context, c Config, progress func(resolved int)) (touched []job.ID, err error) {
	recorded := context.WithoutCancel(ctx)
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go c.pollCancel(running, stop)
	touched, why := c.execute(running, progress)
	if errors.Is(why, context.Canceled) && running.Err() != nil {
		why = context.Cause(running) // who ended it, and not where it was then
	}
	status, reason, err := c.ended(recorded, why)
	if err != nil {
		return touched, err
	}
	c.Logger.Info("import stopped", "job_id", c.ID, "status", status, "reason", reason)
	return touched, c.Ledger.SetStatus(recorded, c.Num, status, reason)
}

// pollCancel stops a run when another call, in whichever process, has asked so.
func (c *Config) pollCancel(ctx context.Context, stop context.CancelCauseFunc) {
	ticker := time.NewTicker(cancelPoll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if asked, err := c.Ledger.AskedToStop(ctx, c.Num); err == nil && asked {
				stop(job.ErrCancelled)
			}
		}
	}
}

func (c *Config) execute(ctx context.Context, progress func(resolved int)) (touched []job.ID, why error) {
	if err := c.prepare(ctx); err != nil {
		return nil, err
	}
	if err := c.snapshot(ctx); err != nil {
		return nil, cmp.Or(context.Cause(ctx), err) // who ended it, and not what it waited for then
	}
	counts, err := c.Ledger.Counts(ctx, c.Num)
	if err != nil {
		return nil, err
	}
	l := newLoop(c, progress)
	if counts[ledger.Imported] > 0 {
		l.breaker.Disable()
	}
	// Rows that earlier runs of the scope left open, whichever job's they are:
	// their customers' rows wait for them.
	if err := l.loadUnresolved(ctx, lateLookup(c.Settle)); err != nil {
		return nil, err
	}
	l.run(ctx)
	recorded := context.WithoutCancel(ctx) // what happened, although the caller may have gone
	if err := c.Ledger.SettleFollowers(recorded, c.Num); err != nil {
		l.stop(err)
	}
	if touched, err = l.finalizeOtherJobs(recorded); err != nil {
		l.stop(err)
	}
	return touched, l.stopped
}

// prepare brings the job's rows up to date with what happened since they were
// checked, and takes in what a person says of unconfirmed ones.
func (c *Config) prepare(ctx context.Context) error {
	if c.Options.Unconfirmed != job.Leave {
		if err := c.Ledger.Answer(ctx, c.Num, c.Options.Unconfirmed == job.Resend); err != nil {
			return err
		}
	}
	if err := c.Ledger.Recover(ctx, time.Now()); err != nil {
		return err
	}
	if err := c.Ledger.Reopen(ctx, c.Num); err != nil { // before the snapshot of its customers
		return err
	}
	return c.Ledger.RelateAgain(ctx, c.Num, c.Options.SharedProviderCustomers)
}

// ended tells how a job stands after a run that ended for a reason, or for
// none.
func (c *Config) ended(ctx context.Context, why error) (ledger.Status, string, error) {
	counts, err := c.Ledger.Counts(ctx, c.Num)
	if err != nil {
		return "", "", err
	}
	switch {
	case why != nil:
	case counts[ledger.Held] > 0:
		why = errNeedsReview
	case unfinished(counts) > 0:
		why = ErrLeft
	}
	switch {
	case why == nil:
		return ledger.Finished, "", nil
	case errors.Is(why, job.ErrCancelled):
		return ledger.CancelledBy, "", nil
	case errors.Is(why, errNeedsReview):
		return ledger.Interrupted, fmt.Sprintf("%d rows were sent and their outcome cannot be told", counts[ledger.Held]), nil
	}
	return ledger.Interrupted, c.Explain(why), nil
}

func unfinished(counts map[ledger.State]int) int {
	return counts[ledger.Pending] + counts[ledger.Follower] + counts[ledger.Sent] + counts[ledger.Unconfirmed] + counts[ledger.Held]
}
