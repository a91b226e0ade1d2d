package importer

import (
	"context"
	"errors"

	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/importer/report"
	"bigcommerce-payments-mcp/internal/importer/run"
	"bigcommerce-payments-mcp/internal/importer/sizer"
	"bigcommerce-payments-mcp/internal/ledger"
)

// execute runs a job that has begun, with the lock held, and writes its report
// and those of the jobs that it touched.
func (im *Importer) execute(ctx context.Context, l *ledger.Ledger, j ledger.Job, rows job.Rows, options Options, progress Progress) error {
	var before report.Summary
	if err := before.Count(ctx, l, j.Num); err != nil {
		return err
	}
	done := before.Total - before.Remaining - before.Unconfirmed
	progress(done, before.Total, "rows done; looking at what the store holds")
	config := run.Config{
		Client: im.Client, Ledger: l, Logger: im.Logger, Settle: im.Settle, Explain: im.Explain,
		ID: JobID(j.ID), Num: j.Num, Rows: rows, Options: options,
	}
	touched, err := run.Execute(ctx, config, func(resolved int) { progress(done+resolved, before.Total, "rows done") })
	ctx = context.WithoutCancel(ctx)
	for _, id := range append(touched, JobID(j.ID)) {
		if other, err := l.JobByID(ctx, string(id)); err == nil {
			im.ensureReport(ctx, l, other)
		}
	}
	return err
}

// ensureReport brings the report of a job that has stopped up to date. A report
// that cannot be written fails nothing: the job's summary warns of it.
func (im *Importer) ensureReport(ctx context.Context, l *ledger.Ledger, j ledger.Job) {
	if err := report.Ensure(ctx, l, j); err != nil {
		im.Logger.Error("the report could not be written", "job_id", j.ID, "error", err)
	}
}

// Job tells how a job stands; ErrNoJob when there is none.
func (im *Importer) Job(ctx context.Context, id JobID) (*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	j, running, err := report.State(ctx, l, string(id))
	if err != nil {
		return nil, err
	}
	return im.summary(ctx, l, j, running)
}

func (im *Importer) summary(ctx context.Context, l *ledger.Ledger, j ledger.Job, running bool) (*Summary, error) {
	s, err := report.Of(ctx, l, j, running)
	if err != nil {
		return nil, err
	}
	quota, window := im.Client.Quota()
	s.Seconds = sizer.Seconds(s.Requests, quota, window)
	return s, nil
}

// Jobs tells how the store's latest jobs stand, so many at most, newest first, in
// outline: numbers, status and report, without what counts or lists rows by what
// they hold.
func (im *Importer) Jobs(ctx context.Context, atMost int) ([]*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := l.JobIDs(ctx, atMost)
	if err != nil {
		return nil, err
	}
	all := make([]*Summary, 0, len(ids))
	for _, id := range ids {
		j, running, err := report.State(ctx, l, id)
		if errors.Is(err, ErrNoJob) { // deleted meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		s, err := report.Outline(ctx, l, j, running)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// ListAfter has a job's summary list the rows behind a row, and not the first
// ones.
func (im *Importer) ListAfter(ctx context.Context, s *Summary, row int) error {
	l, err := im.openLedger(ctx)
	if err != nil {
		return err
	}
	j, err := l.JobByID(ctx, string(s.ID))
	if err != nil {
		return err
	}
	return s.ListAfter(ctx, l, j.Num, row)
}

// Cancel asks a running job, or the undo of one, to stop between two requests, in
// whichever process it runs. A job that is not running is cancelled at once, unless
// it has finished.
func (im *Importer) Cancel(ctx context.Context, id JobID) error {
	l, err := im.openLedger(ctx)
	if err != nil {
		return err
	}
	j, err := l.JobByID(ctx, string(id))
	if err != nil {
		return err
	}
	if running, err := l.RunningJob(); err != nil {
		return err
	} else if running == j.ID { // a finished one: it is being undone
		return l.AskToStop(ctx, j.Num)
	}
	if j.Status == ledger.Finished {
		return nil
	}
	return l.SetStatusIf(ctx, j.Num, j.Status, ledger.CancelledBy, "")
}
