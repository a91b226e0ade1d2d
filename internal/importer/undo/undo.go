// Package undo deletes from the store, never from the gateway, what a job has
// brought into it.
package undo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Client is what an undo needs of the API.
type Client interface {
	DeleteStoredInstruments(ctx context.Context, tokens []string) (bcapi.DeleteResult, error)
}

// chunk is how many instruments are deleted with one request, and recorded
// with one transaction.
const chunk = 50

// Preview tells what an undo of a job would do.
type Preview struct {
	JobID       job.ID
	Instruments int     // to be deleted from the store
	Customers   int     // whose they are
	CustomerIDs []int64 // at most three of them
	Adopted     int     // would be left: no answer proves that the job has brought them
	Unsettled   int     // rows whose outcome is not known, and which are left therefore
	// Begun is true when an undo of the job was begun, and the job has not gone
	// on since.
	Begun bool
	// Changed is when the job last began or ended: while it stays the same, so do
	// the instruments, but for those that were deleted meanwhile.
	Changed time.Time
}

// Summary tells what an undo has done.
type Summary struct {
	JobID     job.ID
	Removed   int // by this call: no longer in the store
	Adopted   int // left: no answer proves that the job has brought them
	Refused   int // left: the API refused to delete them
	Unsettled int // rows whose outcome is not known; left
	Remaining int // still to be deleted, by another call
	// Reason says why not everything was deleted; "" when it was.
	Reason string
}

// Config is what an undo works with.
type Config struct {
	Client Client
	Ledger *ledger.Ledger
	Logger *slog.Logger
	// Explain says in words why an undo stopped.
	Explain  func(error) string
	Progress job.Progress // of instruments deleted
}

// Undo deletes the instruments whose tokens a response of the API gave to the
// rows of a job. Adopted ones stay, and so does one that was there before or that
// another row stands for. The caller holds the scope's lock and has claimed the
// job.
//
// agree is told what is about to be deleted; when it fails nothing was changed,
// and its error is returned.
//
// Undo can be called again after whatever has ended it, and goes on where it
// was. What ends it once it has begun is returned with a summary:
// job.ErrCancelled when somebody cancels the job, the cause of ctx, which ends it
// between requests as well, or an error of bcapi.
func Undo(ctx context.Context, c Config, j ledger.Job, agree func(*Preview) error) (*Summary, error) {
	u := &undo{Config: c, job: j}
	preview, err := u.preview(ctx)
	if err != nil {
		return nil, err
	}
	if err := agree(preview); err != nil {
		return nil, err
	}
	if preview.Instruments > 0 {
		if err := c.Ledger.BeginUndo(ctx, j.Num); err != nil {
			return nil, err
		}
	}
	return u.execute(ctx)
}

// undo is one under way, with the scope's lock held.
type undo struct {
	Config
	job ledger.Job
	own int // instruments that it may delete, at its beginning

	gone, refused int
}

func (u *undo) preview(ctx context.Context) (*Preview, error) {
	counts, err := u.Ledger.UndoCounts(ctx, u.job.Num)
	if err != nil {
		return nil, err
	}
	customers, err := u.Ledger.OwnCustomers(ctx, u.job.Num, 3)
	if err != nil {
		return nil, err
	}
	u.own = counts.Own
	return &Preview{
		JobID: job.ID(u.job.ID), Instruments: counts.Own, Customers: counts.OwnCustomers, CustomerIDs: customers,
		Adopted: counts.Left, Unsettled: counts.Unsettled, Begun: u.job.Reason == ledger.UndoReason, Changed: u.job.UpdatedAt,
	}, nil
}

func (u *undo) execute(ctx context.Context) (*Summary, error) {
	why := u.deleteAll(ctx)
	if why != nil && ctx.Err() != nil {
		why = context.Cause(ctx) // who ended it, and not where it was then
	}
	ctx = context.WithoutCancel(ctx)
	if err := u.Ledger.SettleFollowers(ctx, u.job.Num); err != nil {
		why = errors.Join(why, err)
	}
	u.Logger.Info("undo stopped", "job_id", u.job.ID, "removed", u.gone, "refused", u.refused, "error", why)
	summary, err := u.summary(ctx, why)
	return summary, errors.Join(why, err)
}

// deleteAll deletes the job's instruments chunk by chunk, until somebody, in
// whichever process, asks the job to stop.
func (u *undo) deleteAll(ctx context.Context) error {
	for after := 0; ; {
		if asked, err := u.Ledger.AskedToStop(ctx, u.job.Num); err != nil || asked {
			return cmp.Or(err, job.ErrCancelled)
		}
		rows, err := u.Ledger.OwnAfter(ctx, u.job.Num, after, chunk)
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].Row
		if err := u.deleteRows(ctx, rows); err != nil {
			return err
		}
		u.Progress(u.gone, u.own, "instruments deleted from the store")
	}
}

// deleteRows deletes the instruments of some rows and records those that are
// gone, waiting for as long as the API puts it off.
func (u *undo) deleteRows(ctx context.Context, rows []ledger.OwnRow) error {
	_, err := bcapi.RetryThrottled(ctx, func() (struct{}, error) {
		tokens := make([]string, len(rows))
		for i, row := range rows {
			tokens[i] = row.Token
		}
		result, failed := u.Client.DeleteStoredInstruments(ctx, tokens)
		// What happened is recorded although the caller may have gone.
		var err error
		if rows, err = u.record(context.WithoutCancel(ctx), rows, result); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, failed
	})
	return err
}

// record writes down what an answer has proved, and returns the other rows.
func (u *undo) record(ctx context.Context, rows []ledger.OwnRow, result bcapi.DeleteResult) (open []ledger.OwnRow, err error) {
	gone, refused := make(map[string]bool, len(result.Gone)), make(map[string]bool, len(result.Refused))
	for _, token := range result.Gone {
		gone[token] = true
	}
	for _, r := range result.Refused {
		refused[r.Token] = true
		u.Logger.Warn("the API refused to delete an instrument", "job_id", u.job.ID, "error", r.API)
	}
	var removed []int
	for _, row := range rows {
		switch {
		case gone[row.Token]:
			removed = append(removed, row.Row)
		case refused[row.Token]:
			u.refused++
		default:
			open = append(open, row)
		}
	}
	if err := u.Ledger.Remove(ctx, u.job.Num, removed); err != nil {
		return open, err
	}
	u.gone += len(removed)
	return open, nil
}

// summary tells how the undo stands after it was ended by an error, or by none.
func (u *undo) summary(ctx context.Context, why error) (*Summary, error) {
	now, err := u.Ledger.UndoCounts(ctx, u.job.Num)
	if err != nil {
		return nil, err
	}
	s := &Summary{
		JobID: job.ID(u.job.ID), Removed: u.gone,
		Adopted: now.Left, Refused: u.refused, Unsettled: now.Unsettled, Remaining: now.Own - u.refused,
	}
	switch {
	case why != nil:
		s.Reason = u.Explain(why)
	case s.Refused > 0:
		s.Reason = fmt.Sprintf("the API refused to delete %d instruments", s.Refused)
	case s.Unsettled > 0:
		s.Reason = fmt.Sprintf("of %d rows it is not known whether the store has them: what it has of them was left", s.Unsettled)
	}
	return s, nil
}
