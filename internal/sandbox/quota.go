package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

// limiter counts requests in fixed windows; a window begins with the first request after the last one ended.
// Server.mu guards it.
type limiter struct {
	quota   Quota
	started time.Time
	used    int
}

// allowance is where a request stood in its window.
type allowance struct {
	quota   Quota
	left    int
	reset   time.Duration // until the window ends
	refused bool
}

func (l *limiter) take(now time.Time) allowance {
	if l.quota.Requests == 0 {
		return allowance{}
	}
	if now.Sub(l.started) >= l.quota.Window {
		l.started, l.used = now, 0
	}
	refused := l.used == l.quota.Requests
	if !refused {
		l.used++
	}
	return allowance{
		quota:   l.quota,
		left:    l.quota.Requests - l.used,
		reset:   l.started.Add(l.quota.Window).Sub(now),
		refused: refused,
	}
}

// setHeaders writes the rate headers (docs/api-facts.md 6). Without a quota there are none.
func (a allowance) setHeaders(h http.Header) {
	if a.quota.Requests == 0 {
		return
	}
	h.Set("X-Rate-Limit-Time-Window-Ms", strconv.FormatInt(a.quota.Window.Milliseconds(), 10))
	h.Set("X-Rate-Limit-Time-Reset-Ms", strconv.FormatInt(roundUp(a.reset, time.Millisecond), 10))
	h.Set("X-Rate-Limit-Requests-Quota", strconv.Itoa(a.quota.Requests))
	h.Set("X-Rate-Limit-Requests-Left", strconv.Itoa(a.left))
	if a.refused {
		h.Set("X-Retry-After", strconv.FormatInt(roundUp(a.reset, time.Second), 10))
	}
}

// roundUp rounds up, so that whoever waits for so long does not come too early.
func roundUp(d, unit time.Duration) int64 {
	return int64((d + unit - 1) / unit)
}
