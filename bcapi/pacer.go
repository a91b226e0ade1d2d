package bcapi

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// The quota is shared by all apps of a store, so a part of it is left to the
// others: one request in five.
const (
	usableParts, allParts = 4, 5

	defaultWindow = 30 * time.Second
	firstBackoff  = time.Second
	maxBackoff    = 30 * time.Second
)

// pacer decides when a request may go, for all calls of a client, first come
// first served.
//
// The server counts requests in fixed windows and tells in each answer how many
// are left and how long the window lasts. The pacer keeps the lowest count that
// an answer of this window has told, less the requests that are under way, of
// which it cannot know whether that count holds them.
type pacer struct {
	mu sync.Mutex // guards all below; never held while waiting

	quota    int // requests per window; 0: not known, no limit
	left     int // of the quota, in the current window
	window   span
	guessed  bool      // the window's end was not told
	previous time.Time // end of the window before
	length   time.Duration
	inFlight int

	// blocked is until when nobody may go, blockedSince when the server last said
	// so; strikes counts such answers in a row.
	blocked, blockedSince time.Time
	strikes               int
	// probing lets one request go alone, until its answer shows that the rest
	// may follow: at the start and after a block.
	probing, probeOut bool

	queue []*waiter // in order of arrival
	timer *time.Timer
}

// span is when the current window ends, as far as it is known: a server's clock
// is read some time between a request and its answer.
type span struct{ earliest, latest time.Time }

// waiter is a call in the queue. ready gets its ticket, or how long it would
// have to wait if that is more than it can.
type waiter struct {
	limit time.Time
	ready chan leave
}

type leave struct {
	ticket *ticket
	wait   time.Duration
}

func newPacer() *pacer {
	return &pacer{probing: true, length: defaultWindow}
}

// acquire waits for the leave to send one request. It fails at once with a
// *NotSentError when the wait would end after limit.
func (p *pacer) acquire(ctx context.Context, limit time.Time) (*ticket, error) {
	if err := ctx.Err(); err != nil {
		return nil, notSentFor(NotSentCancelled, err)
	}
	w := &waiter{limit: limit, ready: make(chan leave, 1)}
	p.mu.Lock()
	p.queue = append(p.queue, w)
	p.pump()
	p.mu.Unlock()

	select {
	case l := <-w.ready:
		return l.take()
	default:
	}
	tooLong := time.NewTimer(time.Until(limit))
	defer tooLong.Stop()
	select {
	case l := <-w.ready:
		return l.take()
	case <-ctx.Done():
		return nil, p.leaveQueue(w, notSentFor(NotSentCancelled, ctx.Err()))
	case <-tooLong.C: // behind a probe whose answer has not come
		return nil, p.leaveQueue(w, &NotSentError{Kind: NotSentQuota, RetryAfter: time.Second})
	}
}

func (l leave) take() (*ticket, error) {
	if l.ticket != nil {
		return l.ticket, nil
	}
	return nil, &NotSentError{Kind: NotSentQuota, RetryAfter: l.wait}
}

// leaveQueue takes a waiter out of the queue; a ticket that it got meanwhile
// goes to the next.
func (p *pacer) leaveQueue(w *waiter, err *NotSentError) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.queue, w); i >= 0 {
		p.queue = slices.Delete(p.queue, i, i+1)
	}
	select {
	case l := <-w.ready:
		if l.ticket != nil {
			p.inFlight--
			p.probeOut = p.probeOut && !l.ticket.probe
		}
	default:
	}
	p.pump()
	return err
}

// release takes a ticket back with what its answer has told.
func (p *pacer) release(t *ticket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	if t.probe {
		p.probeOut = false
	}
	switch {
	case t.answered.IsZero():
		p.left = max(0, p.left-1) // the server may have counted it
		p.probing = p.probing && p.strikes > 0
	case t.busy:
		p.count(t)
		p.block(t)
	default:
		p.count(t)
		if t.probe && !t.sent.Before(p.blockedSince) {
			p.probing, p.strikes = false, 0
		}
	}
	p.pump()
}

// count takes over the counts of an answer, unless they are of a window before.
func (p *pacer) count(t *ticket) {
	l := t.limits
	if l.quota == 0 {
		p.left = max(0, p.left-1)
		return
	}
	if l.length > 0 {
		p.length = l.length
	}
	told := span{t.sent.Add(l.reset), t.answered.Add(l.reset + time.Millisecond)} // reset may be cut to a millisecond
	switch {
	case !told.earliest.After(p.previous) || told.latest.Before(p.window.earliest):
		// An answer that took long, of a window that is over.
	case p.quota == 0 || p.guessed || told.earliest.After(p.window.latest):
		p.quota, p.left, p.window, p.guessed = l.quota, l.left, told, false
	default:
		p.quota, p.left = l.quota, min(p.left, l.left)
		p.window.earliest = later(p.window.earliest, told.earliest)
		p.window.latest = earlier(p.window.latest, told.latest)
	}
}

// block stops everyone, as an answer has asked. Answers to requests that were
// sent before the block began can make it longer, but are no further strike.
func (p *pacer) block(t *ticket) {
	if t.sent.After(p.blockedSince) || p.strikes == 0 {
		p.strikes++
	}
	p.blockedSince = t.answered
	wait := t.limits.wait()
	if wait == 0 || p.strikes > 1 { // not told, or told too little
		wait = max(wait, backoff(p.strikes))
	}
	p.blocked = later(p.blocked, t.answered.Add(wait))
	p.probing = true
}

// backoff doubles from a second with each strike, less up to half by chance.
func backoff(strikes int) time.Duration {
	wait := min(firstBackoff<<min(strikes-1, 10), maxBackoff)
	return wait - rand.N(wait/2) //nolint:gosec // spreads load; nothing is won by guessing it
}

// pump lets go who may go, turns away who would wait too long, and sets the
// timer for when it makes sense to look again. The caller holds the lock.
func (p *pacer) pump() {
	now := time.Now()
	p.roll(now)
	for len(p.queue) > 0 && p.open(now) {
		t := &ticket{sent: now, probe: p.probing}
		p.probeOut = p.probing
		p.inFlight++
		p.queue[0].ready <- leave{ticket: t}
		p.queue = p.queue[1:]
	}
	kept := p.queue[:0]
	for _, w := range p.queue {
		if at := p.opensAt(now, len(kept)); at.After(w.limit) {
			w.ready <- leave{wait: at.Sub(now)}
			continue
		}
		kept = append(kept, w)
	}
	clear(p.queue[len(kept):])
	p.queue = kept
	p.wake(now)
}

// roll starts a new window when the current one is over for sure. Until an
// answer tells when it ends, that is a guess: some servers begin a window with
// its first request.
func (p *pacer) roll(now time.Time) {
	if p.quota == 0 || !now.After(p.window.latest) {
		return
	}
	p.previous = p.window.latest
	p.left = p.quota
	p.window, p.guessed = span{latest: now.Add(p.length)}, true
}

// known gives the usable requests of a window and its length; zeros when no
// answer has told a quota.
func (p *pacer) known() (requests int, window time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quota == 0 {
		return 0, 0
	}
	return p.usable(), p.length
}

// usable is how many requests of a window are ours to make.
func (p *pacer) usable() int { return max(1, p.quota*usableParts/allParts) }

func (p *pacer) open(now time.Time) bool {
	if now.Before(p.blocked) || p.probeOut {
		return false
	}
	return p.quota == 0 || p.left-p.inFlight > p.quota-p.usable()
}

// opensAt is when the waiter at a place in the queue may go at the earliest.
func (p *pacer) opensAt(now time.Time, place int) time.Time {
	at := later(now, p.blocked)
	if p.quota == 0 {
		return at
	}
	room := max(0, p.left-p.inFlight-p.quota+p.usable())
	if place >= room {
		windows := (place - room) / p.usable()
		at = later(at, p.window.latest.Add(time.Duration(windows)*p.length+1))
	}
	return at
}

// wake sets the timer for the first in the queue. While it waits for an answer
// no timer is needed: the answer's release looks again.
func (p *pacer) wake(now time.Time) {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if len(p.queue) == 0 {
		return
	}
	if wait := p.opensAt(now, 0).Sub(now); wait > 0 {
		p.timer = time.AfterFunc(wait, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.pump()
		})
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
