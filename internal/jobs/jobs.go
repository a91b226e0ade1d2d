// Package jobs runs imports that outlive the call that started them: calls
// attach to a job, wait for it a while, and leave it running.
package jobs

import (
	"context"
	"errors"
	"sync"
	"time"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Manager owns the goroutines of running jobs. It is safe for concurrent use.
type Manager struct {
	importer *importer.Importer
	base     context.Context
	stop     context.CancelCauseFunc
	running  sync.WaitGroup

	mu     sync.Mutex                  // guards what follows
	jobs   map[importer.JobID]*running // those that run in this process, from start until they have ended
	failed map[importer.JobID]error    // why the last run here was turned away or broke off; not for those in jobs
}

// New makes a Manager.
func New(im *importer.Importer) *Manager {
	base, stop := context.WithCancelCause(context.Background())
	return &Manager{
		importer: im, base: base, stop: stop,
		jobs: make(map[importer.JobID]*running), failed: make(map[importer.JobID]error),
	}
}

// run carries a job out and returns when it has ended.
type run func(ctx context.Context, progress importer.Progress) (*importer.Summary, error)

// start carries a job out in the background; one that runs already is attached
// to. nil when the manager is shutting down.
func (m *Manager) start(id importer.JobID, run run) *running {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.jobs[id]; r != nil || m.base.Err() != nil {
		return r
	}
	ctx, cancel := context.WithCancelCause(m.base)
	r := newRunning(cancel)
	m.jobs[id] = r
	delete(m.failed, id)
	m.running.Go(func() {
		defer cancel(nil)
		r.last, r.err = run(ctx, r.progress)
		m.ended(context.WithoutCancel(ctx), id, r.err)
		close(r.ended)
	})
	return r
}

// ended takes a job out of those that run, and remembers why it failed for those
// who ask how it stands. A job that left nothing behind is not asked for.
func (m *Manager) ended(ctx context.Context, id importer.JobID, err error) {
	if err != nil {
		if _, gone := m.importer.Job(ctx, id); gone != nil {
			err = nil
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.jobs, id)
	if err != nil {
		m.failed[id] = err
	}
}

// Run carries a job out in the background, or goes on with it, and waits for it
// as Wait does. A job that is turned away is waited for, however short the wait:
// the answer says why.
func (m *Manager) Run(ctx context.Context, id importer.JobID, answer importer.UnconfirmedPolicy, atMost time.Duration, progress importer.Progress) (*importer.Summary, error) {
	apply := func(ctx context.Context, progress importer.Progress) (*importer.Summary, error) {
		return m.importer.Apply(ctx, id, answer, progress)
	}
	r := m.start(id, apply) //nolint:contextcheck // the job outlives the call
	if r == nil {
		return nil, importer.ErrStopping
	}
	return m.waitFor(ctx, id, r, time.Now().Add(atMost), progress)
}

// RunInline checks rows, carries them out in the background and waits for that
// as Wait does. The check is part of the call, and ends with it.
func (m *Manager) RunInline(ctx context.Context, rows importer.Inline, options importer.Options, atMost time.Duration, progress importer.Progress) (*importer.Summary, error) {
	until := time.Now().Add(atMost)
	job, err := m.importer.PlanInline(ctx, rows, options)
	if err != nil {
		return nil, err
	}
	if job.Ended != nil {
		return job.Ended, nil
	}
	r := m.start(job.ID(), job.Apply) //nolint:contextcheck // the job outlives the call
	if r == nil {
		job.Discard(ctx)
		return nil, importer.ErrStopping
	}
	return m.waitFor(ctx, job.ID(), r, until, progress)
}

// Wait waits for a job to end, at most so long, and tells how it stands then.
// A job that another process runs is waited for as well.
func (m *Manager) Wait(ctx context.Context, id importer.JobID, atMost time.Duration, progress importer.Progress) (*importer.Summary, error) {
	m.mu.Lock()
	r := m.jobs[id]
	m.mu.Unlock()
	until := time.Now().Add(atMost)
	if r == nil {
		return m.waitForOther(ctx, id, until, progress)
	}
	return m.waitFor(ctx, id, r, until, progress)
}

// waitFor waits for a job of this process: until it has begun or was turned
// away, and then for its end, until the time is up.
func (m *Manager) waitFor(ctx context.Context, id importer.JobID, r *running, until time.Time, progress importer.Progress) (*importer.Summary, error) {
	select {
	case <-r.begun:
	case <-r.ended:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if r.waitEnd(ctx, until, progress) {
		var locked *ledger.LockedError
		if errors.As(r.err, &locked) && locked.JobID == string(id) { // another process runs it
			return m.waitForOther(ctx, id, until, progress)
		}
		return r.last, r.err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s, err := m.importer.Job(ctx, id)
	if err != nil {
		return nil, err
	}
	return m.why(s), nil
}

func (m *Manager) waitForOther(ctx context.Context, id importer.JobID, until time.Time, progress importer.Progress) (*importer.Summary, error) {
	for {
		s, err := m.importer.Job(ctx, id)
		if err != nil {
			return nil, err
		}
		if s.Status != importer.Running || !time.Now().Before(until) {
			return m.why(s), nil
		}
		progress(s.Total-s.Remaining, s.Total, "rows settled")
		select {
		case <-time.After(min(2*tick, time.Until(until))):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// why adds to a job that has stopped why it was not carried out here: its record
// does not say, when it was turned away or the ledger failed.
func (m *Manager) why(s *importer.Summary) *importer.Summary {
	m.mu.Lock()
	err := m.failed[s.ID]
	m.mu.Unlock()
	switch s.Status {
	case importer.Running, importer.Completed, importer.CompletedWithFailures:
		return s
	}
	if err != nil {
		s.Reason = "the last attempt to run it failed: " + m.importer.Explain(err)
	}
	return s
}

// Cancel asks a job to stop between batches, in whichever process it runs.
func (m *Manager) Cancel(ctx context.Context, id importer.JobID) error {
	m.mu.Lock()
	r := m.jobs[id]
	m.mu.Unlock()
	if r == nil {
		return m.importer.Cancel(ctx, id)
	}
	r.cancel(importer.ErrCancelled)
	return nil
}

// Shutdown stops the running jobs between batches and waits for them, at most
// so long.
func (m *Manager) Shutdown(atMost time.Duration) {
	m.mu.Lock()
	m.stop(importer.ErrStopping)
	m.mu.Unlock()
	ended := make(chan struct{})
	go func() { m.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(atMost):
	}
}
