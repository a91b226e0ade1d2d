package importer

import (
	"context"

	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/importer/plan"
	"bigcommerce-payments-mcp/internal/importer/report"
	"bigcommerce-payments-mcp/internal/ledger"
)

// InlineJob is an import of rows that came with a call, checked and not yet
// begun. The rows are nowhere but here: a job that ends early is not resumed, but
// completed by the same call again.
type InlineJob struct {
	// Ended is how the job stands if the check left nothing to send: then it has
	// ended already.
	Ended *Summary

	importer *Importer
	ledger   *ledger.Ledger
	draft    *ledger.Draft
	rows     Inline
	options  Options
}

// ID names the job.
func (j *InlineJob) ID() JobID { return JobID(j.draft.ID) }

// Check checks rows as PlanInline does and sends nothing; no job is left behind.
func (im *Importer) Check(ctx context.Context, rows Inline, options Options) (*Summary, error) {
	j, err := im.draftInline(ctx, rows, options)
	if err != nil {
		return nil, err
	}
	defer j.Discard(ctx)
	s, err := im.summary(ctx, j.ledger, j.draft.Job, false)
	if err != nil {
		return nil, err
	}
	s.ID = ""
	return s, nil
}

// PlanInline checks rows and sends nothing. What is left to send, Apply sends;
// a job that is not to be applied has to be discarded.
func (im *Importer) PlanInline(ctx context.Context, rows Inline, options Options) (*InlineJob, error) {
	j, err := im.draftInline(ctx, rows, options)
	if err != nil {
		return nil, err
	}
	var s report.Summary
	err = s.Count(ctx, j.ledger, j.draft.Num)
	if err == nil && s.Remaining == 0 && options.Unconfirmed == Leave {
		err = j.end(ctx)
	}
	if err != nil {
		j.Discard(ctx)
		return nil, err
	}
	return j, nil
}

func (im *Importer) draftInline(ctx context.Context, rows Inline, options Options) (*InlineJob, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	draft, err := l.NewDraft(ctx, string(job.NewID()), job.Record{}.Text())
	if err != nil {
		return nil, err
	}
	j := &InlineJob{importer: im, ledger: l, draft: draft, rows: rows, options: options}
	if err := plan.Check(ctx, im.planConfig(l, options), draft.Num, rows, func(int) {}); err != nil {
		j.Discard(ctx)
		return nil, err
	}
	return j, nil
}

// end makes a finished job of one that has nothing to send.
func (j *InlineJob) end(ctx context.Context) error {
	if _, err := j.draft.Publish(ctx, ledger.Finished, job.Record{}.Begun().Text(), []byte{}); err != nil {
		return err
	}
	j.importer.ensureReport(ctx, j.ledger, j.draft.Job)
	var err error
	j.Ended, err = j.importer.Job(ctx, j.ID())
	return err
}

// Apply carries the job out and returns when it has ended; see Importer.Apply.
// A job that is turned away leaves nothing behind.
func (j *InlineJob) Apply(ctx context.Context, progress Progress) (*Summary, error) {
	defer j.Discard(ctx)
	if err := j.apply(ctx, progress); err != nil {
		return nil, err
	}
	return j.importer.Job(context.WithoutCancel(ctx), j.ID())
}

func (j *InlineJob) apply(ctx context.Context, progress Progress) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	lock, err := j.ledger.TryLock(j.draft.ID)
	if err != nil {
		return err
	}
	defer lock.Unlock() //nolint:errcheck // the system gives it up with the process
	if err := j.draft.Begin(ctx, job.Record{}.Begun().Text()); err != nil {
		return err
	}
	return j.importer.execute(ctx, j.ledger, j.draft.Job, j.rows, j.options, progress)
}

// Discard deletes a job that has not begun; of one that has it does nothing.
func (j *InlineJob) Discard(ctx context.Context) { j.draft.Discard(context.WithoutCancel(ctx)) }
