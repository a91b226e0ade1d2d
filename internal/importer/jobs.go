package importer

import (
	"context"
	"errors"
	"time"

	"bigcommerce-payments-mcp/internal/ledger"
)

// Progress is told how far an import is: rows done of a total (0 when it is not
// known yet), and what is being done.
type Progress func(done, total int, doing string)

// Why a job cannot be carried out.
var (
	// ErrStale is a plan whose file is not the one any more that was checked.
	ErrStale = errors.New("the file has changed since it was checked")
	// ErrNoJob is a job id that this store's ledger does not have.
	ErrNoJob = ledger.ErrNoJob
	// ErrInline is a job whose rows came with a call and are not kept.
	ErrInline = errors.New("the rows of this import came with its call and are not kept")
)

// PlanFile checks a file and sends nothing. A file that an unfinished job was
// planned from already, with the same choices, gives that job. What a job shows
// to others, it shows only when the plan is whole.
func (im *Importer) PlanFile(ctx context.Context, request FileRequest, progress Progress) (*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	file, err := im.open(request)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := record{File: &request}
	draft, err := l.NewDraft(ctx, string(newJobID()), r.text())
	if err != nil {
		return nil, err
	}
	defer draft.Discard(context.WithoutCancel(ctx))
	e := im.engine(l, draft.Job, FileRows{file.File}, request.options(Leave))
	if err := e.plan(ctx, func(done int) { progress(done, 0, "rows checked") }); err != nil {
		return nil, err
	}
	if request.Limit > 0 {
		if err = im.limit(ctx, l, draft.Job, &r); err != nil {
			return nil, err
		}
	}
	r.Fingerprint = file.Fingerprint()
	begun, err := draft.Publish(ctx, ledger.Planned, r.text(), request.identity(r.Fingerprint))
	switch {
	case err != nil:
		return nil, err
	case begun != nil:
		return im.Job(ctx, JobID(begun.ID))
	}
	return im.Job(ctx, JobID(draft.ID))
}

// limit makes a pilot of a job, and records what it leaves out.
func (im *Importer) limit(ctx context.Context, l *ledger.Ledger, job ledger.Job, r *record) error {
	var whole Summary
	if err := whole.count(ctx, l, job.Num); err != nil {
		return err
	}
	if err := whole.summarize(ctx, l, job.Num); err != nil {
		return err
	}
	for _, refused := range whole.FailureSummary {
		refused.Message = "refused, and not part of this import: " + refused.Message
		r.Left = append(r.Left, refused)
	}
	if whole.Already > 0 {
		already, err := l.RowsAfter(ctx, job.Num, ledger.Already, ledger.Already, 0, 1)
		if err != nil {
			return err
		}
		r.Left = append(r.Left, Count{Message: "rows are already imported", Count: whole.Already, FirstRow: already[0].Row})
	}
	behind, first, err := l.Keep(ctx, job.Num, r.File.Limit)
	if r.Behind = behind; behind > 0 {
		r.Left = append(r.Left, Count{Message: "good rows are behind the limit and not part of this import", Count: r.Behind, FirstRow: first})
	}
	return err
}

// Apply carries a planned job out, or goes on with one that was stopped, and
// returns when it has ended. A finished job is just told. The first that progress
// is told is that the job has begun: nothing turns it away any more.
func (im *Importer) Apply(ctx context.Context, id JobID, answer Answer, progress Progress) (*Summary, error) {
	err := im.apply(ctx, id, answer, progress)
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

func (im *Importer) apply(ctx context.Context, id JobID, answer Answer, progress Progress) error {
	l, err := im.openLedger(ctx)
	if err != nil {
		return err
	}
	job, err := l.JobByID(ctx, string(id))
	if err != nil {
		return err
	}
	if job.Status == ledger.Finished { // whatever else is running
		im.bringReport(ctx, l, job)
		return nil
	}
	lock, err := l.TryLock(string(id))
	if err != nil {
		return err
	}
	defer lock.Unlock() //nolint:errcheck // the system gives it up with the process
	job, err = l.Take(ctx, string(id))
	if err != nil {
		return err
	}
	if job.Status == ledger.Finished {
		im.bringReport(ctx, l, job)
		return nil
	}
	return im.goOn(ctx, l, job, answer, progress)
}

// goOn carries out a job with the lock held, if its file is what was checked.
func (im *Importer) goOn(ctx context.Context, l *ledger.Ledger, job ledger.Job, answer Answer, progress Progress) error {
	r, err := recordOf(job)
	if err != nil {
		return err
	}
	if r.File == nil {
		return ErrInline
	}
	file, err := im.openAgain(ctx, r)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := l.Begin(ctx, job.Num, r.begun().text()); err != nil {
		return err
	}
	return im.carryOut(ctx, im.engine(l, job, FileRows{file.File}, r.File.options(answer)), progress)
}

// carryOut runs a job that has begun, with the lock held, and writes its report.
func (im *Importer) carryOut(ctx context.Context, e *engine, progress Progress) error {
	var before Summary
	if err := before.count(ctx, e.ledger, e.job); err != nil {
		return err
	}
	done := before.Total - before.Remaining - before.Unconfirmed
	progress(done, before.Total, "rows settled; looking at what the store holds")
	if err := e.carryOut(ctx, func(settled int) { progress(done+settled, before.Total, "rows settled") }); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	job, err := e.ledger.JobByID(ctx, e.id)
	if err != nil {
		return err
	}
	im.bringReport(ctx, e.ledger, job)
	return nil
}

// Job tells how a job stands; ErrNoJob when there is none.
func (im *Importer) Job(ctx context.Context, id JobID) (*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	job, running, err := standing(ctx, l, string(id))
	if err != nil {
		return nil, err
	}
	return im.summary(ctx, l, job, running)
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
		job, running, err := standing(ctx, l, id)
		if errors.Is(err, ErrNoJob) { // forgotten meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		s, _, err := outline(ctx, l, job, running)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Cancel asks a running job, or the undo of one, to stop between two requests, in
// whichever process it runs. A job that is not running is cancelled at once, unless
// it has finished.
func (im *Importer) Cancel(ctx context.Context, id JobID) error {
	l, err := im.openLedger(ctx)
	if err != nil {
		return err
	}
	job, err := l.JobByID(ctx, string(id))
	if err != nil {
		return err
	}
	if running, err := l.RunningJob(); err != nil {
		return err
	} else if running == job.ID { // a finished one: it is being undone
		return l.AskToStop(ctx, job.Num)
	}
	if job.Status == ledger.Finished {
		return nil
	}
	return l.SetStatusIf(ctx, job.Num, job.Status, ledger.CancelledBy, "")
}

// engine makes what checks the rows of a job, and carries it out.
func (im *Importer) engine(l *ledger.Ledger, job ledger.Job, rows Rows, options Options) *engine {
	return &engine{Config: im.Config, ledger: l, id: job.ID, job: job.Num, rows: rows, options: options}
}

// seconds estimates how long so many requests take: at the store's quota, where
// it is known, and else at what a request takes.
func (im *Importer) seconds(requests int) int {
	const perRequest = 250 * time.Millisecond
	takes := time.Duration(requests) * perRequest / inFlight
	if quota, window := im.Client.Quota(); quota > 0 {
		takes = max(takes, window*time.Duration(requests)/time.Duration(quota))
	}
	return int(takes.Seconds()) + 1
}
