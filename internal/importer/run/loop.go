package run

import (
	"context"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer/breaker"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/importer/sizer"
)

// loop is one run under way. Its goroutine owns all of it; batches and lookups
// run on goroutines of their own and come back through channels.
type loop struct {
	*Config
	progress func(resolved int)

	size    sizer.Sizer
	breaker breaker.Breaker[[]queuedRow]
	queue   queue
	claimed map[int]bool // rows that were found to be claimed by another
	sending int
	sent    chan sentBatch
	pause   time.Time // nothing is sent before: the store asked to wait

	unresolved unresolved
	looking    bool
	lookups    chan lookup
	others     map[int64]job.ID // jobs of which rows were resolved by the way

	resolved int   // rows of the job
	unknowns int   // consecutive batches whose outcome is unknown
	stopped  error // why nothing more is sent
}

func newLoop(c *Config, progress func(resolved int)) *loop {
	return &loop{
		Config: c, progress: progress,
		size:       sizer.New(),
		queue:      newQueue(c.Ledger, c.Num),
		claimed:    make(map[int]bool),
		sent:       make(chan sentBatch, sizer.InFlight),
		unresolved: newUnresolved(),
		lookups:    make(chan lookup, 1),
		others:     make(map[int64]job.ID),
	}
}

// run sends, records and looks up, until nothing is left to do or something
// stops it; requests under way are waited for.
func (l *loop) run(ctx context.Context) {
	for {
		l.progress(l.resolved)
		if l.stopped == nil && ctx.Err() != nil {
			l.stopped = context.Cause(ctx)
		}
		if l.stopped == nil {
			l.fill(ctx)
		}
		if l.sending == 0 && !l.looking && (l.stopped != nil || len(l.unresolved.rows) == 0 && l.pause.IsZero()) {
			if l.endDeferred(context.WithoutCancel(ctx)) {
				continue // rows waited behind those that were deferred
			}
			return
		}
		l.wait(ctx)
	}
}

// fill starts what can be started: batches, and the lookup that is due.
func (l *loop) fill(ctx context.Context) {
	l.startLookup(ctx)
	for l.sending < sizer.InFlight && l.pause.IsZero() && l.stopped == nil {
		size := l.breaker.Limit(l.size.Next(), l.sending)
		if size == 0 {
			return
		}
		batch, err := l.queue.take(ctx, size, l.breaker.FreshOnly())
		if err == nil && len(batch) == 0 {
			return
		}
		if err == nil {
			err = l.send(ctx, batch)
		}
		if err != nil {
			l.stopped = err
		}
	}
}

// wait waits for the next thing to happen.
func (l *loop) wait(ctx context.Context) {
	timer := time.NewTimer(l.nextWake())
	defer timer.Stop()
	done := ctx.Done()
	if l.stopped != nil {
		done = nil // known already; only what is under way is waited for
	}
	select {
	case b := <-l.sent:
		l.sending--
		l.size.End(b.trial)
		l.apply(context.WithoutCancel(ctx), b)
	case found := <-l.lookups:
		l.looking = false
		if wait, deferred := bcapi.ThrottleWait(found.err); deferred {
			found.of.due = time.Now().Add(wait)
			break
		}
		l.resolve(context.WithoutCancel(ctx), found)
	case <-timer.C:
		if !time.Now().Before(l.pause) {
			l.pause = time.Time{}
		}
	case <-done:
	}
}

// nextWake is how long to wait at most: until the pause is over or the next
// lookup is due.
func (l *loop) nextWake() time.Duration {
	next := time.Hour
	if !l.pause.IsZero() {
		next = min(next, time.Until(l.pause))
	}
	if !l.looking && l.stopped == nil {
		for _, u := range l.unresolved.rows {
			next = min(next, time.Until(u.due))
		}
	}
	return max(next, 0)
}

// stop ends the run; the first reason counts.
func (l *loop) stop(why error) {
	if l.stopped == nil {
		l.stopped = why
	}
}
