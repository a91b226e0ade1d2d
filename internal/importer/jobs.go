package importer

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"bigcommerce-payments-mcp/internal/importer/check"
	"bigcommerce-payments-mcp/internal/importer/ledger"
	"bigcommerce-payments-mcp/internal/importer/source"
)

// Progress is told how far an import is: rows done of a total (0 when it is not
// known yet), and what is being done.
type Progress func(done, total int, doing string)

// FileRequest asks for the import of a file.
type FileRequest struct {
	Name     string            `json:"name"` // below the import folder
	Columns  map[string]string `json:"columns,omitempty"`
	Defaults map[string]string `json:"defaults,omitempty"`
	Limit    int               `json:"limit,omitempty"` // only so many of its sendable rows; 0: all
	Shared   bool              `json:"shared,omitempty"`
	Verify   bool              `json:"verify,omitempty"` // look the customers up
}

// identity is equal for requests that ask for the same of the same content.
func (r FileRequest) identity(f source.Fingerprint) []byte {
	r.Name = ""
	text, err := json.Marshal(struct {
		FileRequest
		SHA256 string
	}{r, f.SHA256})
	if err != nil { // strings and numbers only
		text = []byte(r.Name)
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// Why a job cannot be carried out.
var (
	// ErrStale is a plan whose file is not the one any more that was checked.
	ErrStale = errors.New("the file has changed since it was checked")
	// ErrNoJob is a job id that this store's ledger does not have.
	ErrNoJob = ledger.ErrNoJob
	// ErrInline is a job whose rows came with a call and are not kept.
	ErrInline = errors.New("the rows of this import came with its call and are not kept")
)

// Check judges rows as Inline would and sends nothing; no job is left behind.
func (im *Importer) Check(ctx context.Context, rows Inline, options Options) (*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	e, job, err := im.newJob(ctx, l, ledger.Planned, rows, options, record{})
	if err != nil {
		return nil, err
	}
	forget := func() error { return l.DeletePlan(context.WithoutCancel(ctx), e.job) }
	if err := e.plan(ctx, func(int) {}); err != nil {
		return nil, errors.Join(err, forget())
	}
	summary, err := im.summary(ctx, l, *job)
	if summary != nil {
		summary.ID = ""
	}
	return summary, errors.Join(err, forget())
}

// Inline checks rows, sends the good ones and tells what became of each.
func (im *Importer) Inline(ctx context.Context, rows Inline, options Options, progress Progress) (*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	id := newJobID()
	lock, err := l.TryLock(string(id))
	if err != nil {
		return nil, err
	}
	defer lock.Unlock() //nolint:errcheck // the system gives it up with the process
	e, job, err := im.newJobAs(ctx, l, id, ledger.Running, rows, options, record{})
	if err != nil {
		return nil, err
	}
	if err := e.plan(ctx, func(int) {}); err != nil {
		return nil, errors.Join(err, l.DeletePlan(context.WithoutCancel(ctx), e.job))
	}
	if err := e.carryOut(ctx, func(settled int) { progress(settled, len(rows), "rows settled") }); err != nil {
		return nil, err
	}
	return im.ended(context.WithoutCancel(ctx), l, job.ID)
}

// PlanFile checks a file and sends nothing. A file that an unfinished job was
// planned from already, with the same choices, gives that job.
func (im *Importer) PlanFile(ctx context.Context, request FileRequest, options Options, progress Progress) (*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	file, err := im.open(request)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	e, job, err := im.newJob(ctx, l, ledger.Planned, FileRows{file.File}, options, record{File: &request})
	if err != nil {
		return nil, err
	}
	forget := func() error { return l.DeletePlan(context.WithoutCancel(ctx), e.job) }
	if err := e.plan(ctx, func(done int) { progress(done, 0, "rows checked") }); err != nil {
		return nil, errors.Join(err, forget())
	}
	r := record{File: &request, Fingerprint: file.Fingerprint()}
	identity := request.identity(r.Fingerprint)
	if like, err := l.UnfinishedLike(ctx, identity, e.job); err == nil {
		// Of a plan what was found now counts, under its name; a job stays.
		if replaced, err := l.ReplacePlan(ctx, like, e.job); err != nil {
			return nil, errors.Join(err, forget())
		} else if !replaced {
			return im.instead(ctx, l, like, forget)
		}
		job.ID = like.ID
	} else if !errors.Is(err, ledger.ErrNoJob) {
		return nil, errors.Join(err, forget())
	}
	if request.Limit > 0 {
		if r.Left, err = im.limit(ctx, l, job, request.Limit); err != nil {
			return nil, errors.Join(err, forget())
		}
	}
	if err := l.SetPlan(ctx, e.job, r.text(), identity); err != nil {
		return nil, errors.Join(err, forget())
	}
	return im.Job(ctx, JobID(job.ID))
}

// instead gives an unfinished job in place of a new one that asks for the same.
func (im *Importer) instead(ctx context.Context, l *ledger.Ledger, like ledger.Job, forget func() error) (*Summary, error) {
	if err := forget(); err != nil {
		return nil, err
	}
	return im.summary(ctx, l, like)
}

// limit makes a pilot of a job, and tells what it leaves out.
func (im *Importer) limit(ctx context.Context, l *ledger.Ledger, job *ledger.Job, rows int) ([]Count, error) {
	whole, err := im.summary(ctx, l, *job)
	if err != nil {
		return nil, err
	}
	left := whole.FailureSummary
	if whole.Already > 0 {
		left = append(left, Count{Message: "rows are already imported", Count: whole.Already, FirstRow: 1})
	}
	if rest := whole.Remaining - rows; rest > 0 {
		left = append(left, Count{Message: "good rows are behind the limit and not part of this import", Count: rest, FirstRow: 1})
	}
	return left, l.Keep(ctx, job.Num, rows)
}

// Apply carries a planned job out, or goes on with one that was stopped, and
// returns when it has ended. A finished job is just told.
func (im *Importer) Apply(ctx context.Context, id JobID, options Options, progress Progress) (*Summary, error) {
	s, err := im.apply(ctx, id, options, progress)
	if err == nil || ctx.Err() == nil {
		return s, err
	}
	ended := context.WithoutCancel(ctx) // before the job had begun
	if errors.Is(context.Cause(ctx), ErrCancelled) {
		if err := im.Cancel(ended, id); err != nil {
			return nil, err
		}
	}
	return im.Job(ended, id)
}

func (im *Importer) apply(ctx context.Context, id JobID, options Options, progress Progress) (*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	lock, err := l.TryLock(string(id))
	if err != nil {
		return nil, err
	}
	defer lock.Unlock() //nolint:errcheck // the system gives it up with the process
	job, err := l.JobByID(ctx, string(id))
	if err != nil {
		return nil, err
	}
	if job.Status == ledger.Finished {
		return im.summary(ctx, l, job)
	}
	if err := l.ForgetStop(ctx, job.Num); err != nil {
		return nil, err
	}
	r, err := recordOf(job)
	if err != nil {
		return nil, err
	}
	if r.File == nil {
		return nil, ErrInline
	}
	file, err := im.open(*r.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	switch changed, err := file.Changed(ctx, r.Fingerprint); {
	case changed:
		return nil, errors.Join(ErrStale, err)
	case err != nil:
		return nil, err
	}
	options.SharedProviderCustomers = options.SharedProviderCustomers || check.SharedProviderCustomers(r.File.Shared)
	return im.carryOut(ctx, l, job, FileRows{file.File}, options, progress)
}

func (im *Importer) carryOut(ctx context.Context, l *ledger.Ledger, job ledger.Job, rows Rows, options Options, progress Progress) (*Summary, error) {
	before, err := im.summary(ctx, l, job)
	if err != nil {
		return nil, err
	}
	e := &engine{Config: im.Config, ledger: l, id: job.ID, job: job.Num, rows: rows, options: options}
	done := before.Total - before.Remaining - before.Unconfirmed
	if err := e.carryOut(ctx, func(settled int) { progress(done+settled, before.Total, "rows settled") }); err != nil {
		return nil, err
	}
	return im.ended(context.WithoutCancel(ctx), l, job.ID)
}

// ended writes the report of a job that has stopped, and tells how it stands.
func (im *Importer) ended(ctx context.Context, l *ledger.Ledger, id string) (*Summary, error) {
	job, err := l.JobByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := writeReport(ctx, l, job); err != nil {
		im.Logger.Error("the report could not be written", "job_id", id, "error", err)
	}
	return im.Job(ctx, JobID(id))
}

// Job tells how a job stands; ErrNoJob when there is none.
func (im *Importer) Job(ctx context.Context, id JobID) (*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	job, err := l.JobByID(ctx, string(id))
	if err != nil {
		return nil, err
	}
	return im.summary(ctx, l, job)
}

// Jobs tells how the store's jobs stand, newest first.
func (im *Importer) Jobs(ctx context.Context) ([]*Summary, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	jobs, err := l.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]*Summary, 0, len(jobs))
	for _, job := range jobs {
		summary, err := im.summary(ctx, l, job)
		if err != nil {
			return nil, err
		}
		all = append(all, summary)
	}
	return all, nil
}

// Cancel asks a running job to stop between batches, in whichever process it
// runs. A job that is not running is cancelled at once.
func (im *Importer) Cancel(ctx context.Context, id JobID) error {
	l, err := im.openLedger(ctx)
	if err != nil {
		return err
	}
	job, err := l.JobByID(ctx, string(id))
	if err != nil || job.Status == ledger.Finished {
		return err
	}
	if running, err := l.RunningJob(); err != nil {
		return err
	} else if running == job.ID {
		return l.AskToStop(ctx, job.Num)
	}
	return l.SetStatusIf(ctx, job.Num, job.Status, ledger.CancelledBy, "")
}

func (im *Importer) newJob(ctx context.Context, l *ledger.Ledger, status ledger.Status, rows Rows, options Options, r record) (*engine, *ledger.Job, error) {
	return im.newJobAs(ctx, l, newJobID(), status, rows, options, r)
}

func (im *Importer) newJobAs(ctx context.Context, l *ledger.Ledger, id JobID, status ledger.Status, rows Rows, options Options, r record) (*engine, *ledger.Job, error) {
	job := &ledger.Job{ID: string(id), Status: status, Plan: r.text(), Identity: []byte{}}
	if err := l.CreateJob(ctx, job); err != nil {
		return nil, nil, err
	}
	return &engine{Config: im.Config, ledger: l, id: job.ID, job: job.Num, rows: rows, options: options}, job, nil
}

// openFile is a file of the import folder, and the folder.
type openFile struct {
	*source.File
	root *os.Root
}

func (f openFile) Close() error { return errors.Join(f.File.Close(), f.root.Close()) }

func (im *Importer) open(request FileRequest) (openFile, error) {
	if im.ImportDir == "" {
		return openFile{}, ErrNoImportDir
	}
	root, err := os.OpenRoot(im.ImportDir)
	if err != nil {
		return openFile{}, fmt.Errorf("the import folder cannot be opened: %w", err)
	}
	file, err := source.Open(root, request.Name, source.Options{Columns: request.Columns, Defaults: request.Defaults})
	if err != nil {
		return openFile{}, errors.Join(err, root.Close())
	}
	return openFile{file, root}, nil
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
