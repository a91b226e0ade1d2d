package bcapi

import (
	"context"
	"net/http"
	"time"
)

// pace lets an attempt go when the store's request quota has room for it, and
// learns from its answer.
func pace(p *pacer, next handler) handler {
	return func(ctx context.Context, c *call) (answer, error) {
		t, err := p.acquire(ctx, c.waitUntil)
		if err != nil {
			return answer{}, err
		}
		defer p.release(t) // also when next panics: a lost ticket would hold up everyone
		got, err := next(ctx, c)
		if err == nil {
			t.learn(readLimits(got.header), isBusy(got.status))
		}
		return got, err
	}
}

// isBusy reports whether a status says "not now" and nothing else.
func isBusy(status int) bool {
	switch status {
	case http.StatusLocked, http.StatusTooManyRequests, statusBandwidthLimit:
		return true
	}
	return false
}

// ticket is the leave to make one attempt.
type ticket struct {
	sent     time.Time
	probe    bool
	answered time.Time // zero: no answer came
	limits   limits
	busy     bool
}

func (t *ticket) learn(l limits, busy bool) {
	t.answered, t.limits, t.busy = time.Now(), l, busy
}
