package jobs

import (
	"context"
	"sync"
	"time"

	"bigcommerce-payments-mcp/internal/importer"
)

// running is a job of this process.
type running struct {
	cancel context.CancelCauseFunc
	begun  chan struct{} // closed when nothing turns the job away any more
	begin  func()        // closes begun
	ended  chan struct{} // closed when the job has; last and err are set then
	last   *importer.Summary
	err    error

	mu          sync.Mutex // guards what follows
	done, total int
	doing       string
}

func newRunning(cancel context.CancelCauseFunc) *running {
	r := &running{cancel: cancel, begun: make(chan struct{}), ended: make(chan struct{})}
	r.begin = sync.OnceFunc(func() { close(r.begun) })
	return r
}

// progress is what the import tells its progress to, from its beginning on.
func (r *running) progress(done, total int, doing string) {
	r.mu.Lock()
	r.done, r.total, r.doing = done, total, doing
	r.mu.Unlock()
	r.begin()
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

// waitEnd waits for the job's end, until the time is up or ctx ends, and reports
// whether it has come.
func (r *running) waitEnd(ctx context.Context, until time.Time, progress importer.Progress) bool {
	deadline := time.NewTimer(time.Until(until))
	defer deadline.Stop()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-r.ended:
			return true
		case <-ticker.C:
			r.report(progress)
			continue
		case <-deadline.C:
		case <-ctx.Done():
		}
		select { // both may have come at once
		case <-r.ended:
			return true
		default:
			return false
		}
	}
}
