// Package jobs runs imports that outlive the call that started them: calls
// attach to a job, wait for it a while, and leave it running.
package jobs

import (
	"context"
	"errors"
	"sync"
	"time"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importer/ledger"
)

// Manager owns the goroutines of running jobs. It is safe for concurrent use.
type Manager struct {
	importer *importer.Importer
	base     context.Context
	stop     context.CancelCauseFunc
	running  sync.WaitGroup

	mu   sync.Mutex                  // guards jobs: those that run in this process
	jobs map[importer.JobID]*running // a job is here from Start until it has ended
}

// running is a job of this process.
type running struct {
	cancel context.CancelCauseFunc
	ended  chan struct{} // closed when the job has; err and last are set then
	last   *importer.Summary
	err    error

	mu          sync.Mutex // guards what follows
	done, total int
	doing       string
}

// New makes a Manager.
func New(im *importer.Importer) *Manager {
	base, stop := context.WithCancelCause(context.Background())
	return &Manager{importer: im, base: base, stop: stop, jobs: make(map[importer.JobID]*running)}
}

// start begins to carry a job out, or goes on with it; a job that runs already
// is attached to. nil when the manager is shutting down.
func (m *Manager) start(id importer.JobID, options importer.Options) *running {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.jobs[id]; r != nil || m.base.Err() != nil {
		return r
	}
	ctx, cancel := context.WithCancelCause(m.base)
	r := &running{cancel: cancel, ended: make(chan struct{})}
	m.jobs[id] = r
	m.running.Go(func() {
		defer cancel(nil)
		r.last, r.err = m.importer.Apply(ctx, id, options, r.progress)
		m.mu.Lock()
		delete(m.jobs, id)
		m.mu.Unlock()
		close(r.ended)
	})
	return r
}

func (r *running) progress(done, total int, doing string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done, r.total, r.doing = done, total, doing
}

func (r *running) report(progress importer.Progress) {
	r.mu.Lock()
	done, total, doing := r.done, r.total, r.doing
	r.mu.Unlock()
	if total > 0 {
		progress(done, total, doing)
	}
}

// tick is how often a waiting call is told of progress.
const tick = 500 * time.Millisecond

// Wait waits for a job to end, at most so long, and tells how it stands then.
// A job that another process runs is waited for as well.
func (m *Manager) Wait(ctx context.Context, id importer.JobID, atMost time.Duration, progress importer.Progress) (*importer.Summary, error) {
	m.mu.Lock()
	r := m.jobs[id]
	m.mu.Unlock()
	if r == nil {
		return m.waitForOther(ctx, id, atMost, progress)
	}
	return m.waitFor(ctx, id, r, atMost, progress)
}

// Run carries a job out in the background, or goes on with it, and waits for it
// as Wait does.
func (m *Manager) Run(ctx context.Context, id importer.JobID, options importer.Options, atMost time.Duration, progress importer.Progress) (*importer.Summary, error) {
	r := m.start(id, options) //nolint:contextcheck // the job outlives the call
	if r == nil {
		return nil, importer.ErrStopping
	}
	s, err := m.waitFor(ctx, id, r, atMost, progress)
	var locked *ledger.LockedError
	if errors.As(err, &locked) && locked.JobID == string(id) { // another process runs it
		return m.waitForOther(ctx, id, atMost, progress)
	}
	return s, err
}

func (m *Manager) waitFor(ctx context.Context, id importer.JobID, r *running, atMost time.Duration, progress importer.Progress) (*importer.Summary, error) {
	deadline := time.NewTimer(atMost)
	defer deadline.Stop()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-r.ended:
			return r.last, r.err
		case <-ticker.C:
			r.report(progress)
		case <-deadline.C:
			s, err := m.importer.Job(ctx, id)
			if s != nil && s.Status != importer.Completed && s.Status != importer.CompletedWithFailures {
				s.Status = importer.Running // perhaps it has only not come to saying so
			}
			return s, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
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

func (m *Manager) waitForOther(ctx context.Context, id importer.JobID, atMost time.Duration, progress importer.Progress) (*importer.Summary, error) {
	until := time.Now().Add(atMost)
	for {
		s, err := m.importer.Job(ctx, id)
		if err != nil || s.Status != importer.Running || !time.Now().Before(until) {
			return s, err
		}
		progress(s.Total-s.Remaining, s.Total, "rows settled")
		select {
		case <-time.After(min(2*tick, time.Until(until))):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
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
