package importer

import (
	"context"
	"errors"

	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/importer/plan"
	"bigcommerce-payments-mcp/internal/ledger"
)

// PlanFile checks a file and sends nothing. A file that an unfinished job was
// planned from already, with the same choices, gives that job. What a job shows
// to others, it shows only when the plan is whole.
func (im *Importer) PlanFile(ctx context.Context, request FileRequest, progress Progress) (*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	file, err := plan.Open(im.ImportDir, request)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	record := job.Record{File: &request}
	draft, err := l.NewDraft(ctx, string(job.NewID()), record.Text())
	if err != nil {
		return nil, err
	}
	defer draft.Discard(context.WithoutCancel(ctx))
	checked := func(done int) { progress(done, 0, "rows checked") }
	if err := plan.Check(ctx, im.planConfig(l, request.Options(Leave)), draft.Num, file, checked); err != nil {
		return nil, err
	}
	if request.Limit > 0 {
		if err = plan.Limit(ctx, l, draft.Num, &record); err != nil {
			return nil, err
		}
	}
	record.Fingerprint = file.Fingerprint()
	begun, err := draft.Publish(ctx, ledger.Planned, record.Text(), plan.Identity(request, record.Fingerprint))
	switch {
	case err != nil:
		return nil, err
	case begun != nil:
		return im.Job(ctx, JobID(begun.ID))
	}
	im.ensureReport(ctx, l, draft.Job)
	return im.Job(ctx, JobID(draft.ID))
}

func (im *Importer) planConfig(l *ledger.Ledger, options Options) plan.Config {
	return plan.Config{Client: im.Client, Checker: im.Checker, Ledger: l, Options: options}
}

// Apply carries a planned job out, or goes on with one that was stopped, and
// returns when it has ended. A finished job is just told. The first that progress
// is told is that the job has begun: nothing turns it away any more.
func (im *Importer) Apply(ctx context.Context, id JobID, unconfirmed UnconfirmedPolicy, progress Progress) (*Summary, error) {
	err := im.apply(ctx, id, unconfirmed, progress)
	ended := context.WithoutCancel(ctx)
	switch {
	case err == nil:
	case ctx.Err() == nil:
		return nil, err
	case errors.Is(context.Cause(ctx), ErrCancelled): // before the job had begun
		if err := im.Cancel(ended, id); err != nil {
			return nil, err
		}
	}
	return im.Job(ended, id)
}

func (im *Importer) apply(ctx context.Context, id JobID, unconfirmed UnconfirmedPolicy, progress Progress) error {
	l, err := im.openLedger(ctx)
	if err != nil {
		return err
	}
	j, err := l.JobByID(ctx, string(id))
	if err != nil {
		return err
	}
	if j.Status == ledger.Finished { // whatever else is running
		im.ensureReport(ctx, l, j)
		return nil
	}
	lock, err := l.TryLock(string(id))
	if err != nil {
		return err
	}
	defer lock.Unlock() //nolint:errcheck // the system gives it up with the process
	j, err = l.Take(ctx, string(id))
	if err != nil {
		return err
	}
	if j.Status == ledger.Finished {
		im.ensureReport(ctx, l, j)
		return nil
	}
	return im.resume(ctx, l, j, unconfirmed, progress)
}

// resume carries out a job with the lock held, if its file is what was checked.
func (im *Importer) resume(ctx context.Context, l *ledger.Ledger, j ledger.Job, unconfirmed UnconfirmedPolicy, progress Progress) error {
	record, err := job.RecordOf(j)
	if err != nil {
		return err
	}
	if record.File == nil {
		return ErrInline
	}
	file, err := plan.Reopen(ctx, im.ImportDir, record)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := l.Begin(ctx, j.Num, record.Begun().Text()); err != nil {
		return err
	}
	return im.execute(ctx, l, j, file, record.File.Options(unconfirmed), progress)
}
