package sandbox_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"bigcommerce-payments-mcp/internal/sandbox"
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// rate is an answer's status, and its rate headers: quota, left, window, reset, retry after.
func rate(r reply) string {
	const prefix = "X-Rate-Limit-"
	return fmt.Sprintf("%d: %s %s %s %s %s", r.status, r.header.Get(prefix+"Requests-Quota"), r.header.Get(prefix+"Requests-Left"),
		r.header.Get(prefix+"Time-Window-Ms"), r.header.Get(prefix+"Time-Reset-Ms"), r.header.Get("X-Retry-After"))
}

func TestQuota(t *testing.T) {
	c := &clock{now: time.Unix(1_800_000_000, 0)}
	s := newStore(t, sandbox.Options{Quota: sandbox.Quota{Requests: 3, Window: 30 * time.Second}, Now: c.Now})
	get := func(want string) {
		t.Helper()
		if got := rate(s.do("GET", instrumentsPath, "")); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	get("200: 3 2 30000 30000 ")
	c.advance(10 * time.Second)
	r := s.do("GET", instrumentsPath, "", malformed, header("X-Auth-Token", ""))
	if got := rate(r); got != "401: 3 1 30000 20000 " {
		t.Errorf("every answer counts and has the headers: %s", got)
	}
	c.advance(1500*time.Millisecond + time.Microsecond)
	get("200: 3 0 30000 18500 ")
	get("429: 3 0 30000 18500 19")
	c.advance(18498 * time.Millisecond)
	get("429: 3 0 30000 2 1")
	c.advance(2*time.Millisecond - time.Microsecond)
	get("200: 3 2 30000 30000 ")

	for range 5 {
		s.stored()
		s.requests()
	}
	get("200: 3 1 30000 30000 ")
	get("200: 3 0 30000 30000 ")
	s.do("POST", accessTokenPath, `{"order":{"id":1}}`).want(429)
	s.test("POST", "reset", "").want(200)
	get("200: 3 2 30000 30000 ")
}

func TestNoQuotaNoHeaders(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	if got := rate(s.do("GET", instrumentsPath, "")); got != "200:     " {
		t.Error(got)
	}
}

func TestLatency(t *testing.T) {
	const latency = 20 * time.Millisecond
	s := newStore(t, sandbox.Options{Latency: latency})
	started := time.Now()
	s.do("GET", instrumentsPath, "")
	if took := time.Since(started); took < latency {
		t.Errorf("answered after %s", took)
	}
}
