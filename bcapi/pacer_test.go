package bcapi

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// windowServer counts requests in fixed windows, as the platform does.
type windowServer struct {
	quota   int
	window  time.Duration
	latency func() time.Duration // one way
	lazy    bool                 // a window begins with its first request, not with the end of the last

	mu       sync.Mutex
	start    time.Time
	used     int // in the current window, by everyone
	ours     []int
	others   int // requests of other apps at the start of each window
	refusals int
}

func (s *windowServer) RoundTrip(r *http.Request) (*http.Response, error) {
	readBody(r)
	time.Sleep(s.latency())
	status, header := s.count()
	time.Sleep(s.latency())
	return respond(status, header, `{"data":{"id":"x"}}`), nil
}

func (s *windowServer) count() (int, http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.start.IsZero() {
		s.start = now.Add(-s.window / 3)
		s.begin()
	}
	for now.Sub(s.start) >= s.window {
		s.start = s.start.Add(s.window)
		if s.lazy {
			s.start = now
		}
		s.begin()
	}
	status := http.StatusCreated
	if s.used >= s.quota {
		status = http.StatusTooManyRequests
		s.refusals++
	} else {
		s.used++
		s.ours[len(s.ours)-1]++
	}
	reset := s.start.Add(s.window).Sub(now).Milliseconds()
	return status, rateHeader(s.quota, s.quota-s.used, strconv.FormatInt(reset, 10), strconv.FormatInt(s.window.Milliseconds(), 10))
}

func (s *windowServer) begin() {
	s.used = s.others
	s.ours = append(s.ours, 0)
}

func TestPaceUsesFourFifthsOfTheQuotaAndNoMore(t *testing.T) {
	tests := []struct {
		name            string
		quota, callers  int
		window, latency time.Duration
		others          int
	}{
		{"standard plan", 150, 8, 30 * time.Second, 40 * time.Millisecond, 0},
		{"pro plan", 450, 32, 30 * time.Second, 150 * time.Millisecond, 0},
		{"short window", 40, 8, 200 * time.Millisecond, 500 * time.Microsecond, 0},
		{"one caller", 20, 1, 2 * time.Second, 10 * time.Millisecond, 0},
		{"more callers than quota", 10, 64, 5 * time.Second, 20 * time.Millisecond, 0},
		{"smallest quota", 1, 4, 3 * time.Second, 10 * time.Millisecond, 0},
		{"busy neighbours", 100, 8, 10 * time.Second, 20 * time.Millisecond, 50},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, lazy := range []bool{false, true} {
				server := &windowServer{quota: tt.quota, window: tt.window, others: tt.others, lazy: lazy, latency: func() time.Duration {
					return tt.latency/2 + rand.N(tt.latency)
				}}
				synctest.Test(t, func(t *testing.T) { testThroughput(t, server, tt.callers) })
			}
		})
	}
}

func testThroughput(t *testing.T, server *windowServer, callers int) {
	const windows = 12
	client := dial(t, "http://127.0.0.1", withTransport(server), func(c *Config) { c.MaxWait = time.Hour })
	ctx, cancel := context.WithTimeout(t.Context(), windows*server.window)
	defer cancel()
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for err := error(nil); err == nil; { // until the next window is out of reach
				_, err = client.CreatePaymentAccessToken(ctx, PaymentAccessTokenRequest{Order: PaymentAccessTokenOrder{ID: 1}})
			}
		})
	}
	all.Wait()

	usable := max(1, server.quota*4/5) - server.others
	sum := 0
	for i, n := range server.ours {
		if n > usable {
			t.Errorf("window %d has %d requests, more than %d", i, n, usable)
		}
		if i > 0 && i < len(server.ours)-1 { // the first and the last are cut short
			sum += n
		}
	}
	full := len(server.ours) - 2
	if want := float64(usable*full) * 0.95; float64(sum) < want {
		t.Errorf("%d requests in %d windows of %d, want at least %.0f: %v", sum, full, usable, want, server.ours)
	}
	if server.refusals > 0 {
		t.Errorf("%d requests were refused with 429", server.refusals)
	}
}

func acquireNow(t *testing.T, p *pacer) *ticket {
	t.Helper()
	got, err := p.acquire(t.Context(), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func answered(p *pacer, t *ticket, status int, header http.Header) {
	t.learn(readLimits(header), isBusy(status))
	p.release(t)
}

func TestQuotaIsWhatAnswersHaveTold(t *testing.T) {
	header := http.Header{}
	client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
		readBody(r)
		return respond(201, header, created), nil
	})))
	for _, step := range []struct {
		header   http.Header
		requests int
		window   time.Duration
	}{
		{nil, 0, 0},
		{rateHeader(150, 149, "10000", "30000"), 120, 30 * time.Second},
		{rateHeader(450, 440, "20000", "20000"), 360, 20 * time.Second},
		{rateHeader(1, 1, "30000", "40000"), 1, 40 * time.Second},
		{nil, 1, 40 * time.Second}, // still the best guess
	} {
		header = step.header
		if err := mint(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if requests, window := client.Quota(); requests != step.requests || window != step.window {
			t.Errorf("after %v: %d in %v, want %d in %v", step.header, requests, window, step.requests, step.window)
		}
	}
}

func TestPacerStaysOpenWithoutHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, start := newPacer(), time.Now()
		answered(p, acquireNow(t, p), 200, nil)
		for range 1000 {
			acquireNow(t, p)
		}
		if !time.Now().Equal(start) {
			t.Error("a call waited although no quota is known")
		}
	})
}

func TestPacerTakesNonsenseAsAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, start := newPacer(), time.Now()
		answered(p, acquireNow(t, p), 200, rateHeader(-5, -7, "-1", "x"))
		answered(p, acquireNow(t, p), 200, rateHeader(10, 11, "99999999999", "1"))
		for range 100 {
			acquireNow(t, p)
		}
		if !time.Now().Equal(start) {
			t.Error("nonsense headers made a call wait")
		}
	})
}

func TestPacerLearnsFromOneRequestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		probe := acquireNow(t, p)
		var second *ticket
		go func() { second, _ = p.acquire(t.Context(), time.Now().Add(time.Minute)) }()
		synctest.Wait()
		if second != nil {
			t.Fatal("a second request went before the first was answered")
		}
		answered(p, probe, 200, nil)
		synctest.Wait()
		if second == nil {
			t.Fatal("the second request did not go after the first was answered")
		}
	})
}

func TestBusyBlocksEveryoneThenOneProbe(t *testing.T) {
	for _, status := range []int{423, 429, 509} {
		synctest.Test(t, func(t *testing.T) {
			p, start := newPacer(), time.Now()
			answered(p, acquireNow(t, p), 200, nil)
			// The longer of the two waits counts.
			answered(p, acquireNow(t, p), status, rateHeader(100, 0, "2000", "30000", "X-Retry-After", "7"))
			went := make(chan *ticket, 5)
			for range cap(went) {
				go func() {
					got, err := p.acquire(t.Context(), start.Add(time.Hour))
					if err != nil {
						t.Error(err)
					}
					went <- got
				}()
			}
			time.Sleep(7*time.Second - time.Millisecond)
			synctest.Wait()
			if len(went) != 0 {
				t.Fatalf("status %d: %d requests went during the block", status, len(went))
			}
			time.Sleep(time.Millisecond)
			synctest.Wait()
			if len(went) != 1 {
				t.Fatalf("status %d: %d requests went after the block, want one probe", status, len(went))
			}
			answered(p, <-went, 200, nil)
			synctest.Wait()
			if len(went) != 4 {
				t.Fatalf("status %d: %d requests went after the probe, want the other four", status, len(went))
			}
		})
	}
}

func TestAProbeSentBeforeABlockDoesNotEndIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		answered(p, acquireNow(t, p), 200, nil)
		first, second := acquireNow(t, p), acquireNow(t, p)
		answered(p, first, 429, http.Header{"X-Retry-After": {"2"}})
		probe := acquireNow(t, p)
		time.Sleep(time.Second)
		answered(p, second, 429, http.Header{"X-Retry-After": {"5"}})
		answered(p, probe, 200, nil)
		acquireNow(t, p)
		var notSent *NotSentError
		if _, err := p.acquire(t.Context(), time.Now().Add(time.Second)); !errors.As(err, &notSent) {
			t.Error("two requests went after a block before either was answered")
		}
	})
}

func TestBlockIsTheLongerOfBothHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, start := newPacer(), time.Now()
		answered(p, acquireNow(t, p), 429, rateHeader(100, 50, "9000", "30000", "X-Retry-After", "3"))
		acquireNow(t, p)
		if waited := time.Since(start); waited != 9*time.Second {
			t.Errorf("waited %v, want 9s", waited)
		}
	})
}

func TestBackoffGrowsWithoutHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		for strike, most := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
			probe := acquireNow(t, p)
			before := time.Now()
			answered(p, probe, 429, nil)
			p.release(acquireNow(t, p)) // lost: no further strike, and still a probe at a time
			if waited := time.Since(before); waited > most*time.Second || waited < most*time.Second/2 {
				t.Errorf("strike %d: waited %v, want %v to %vs", strike+1, waited, most*time.Second/2, int(most))
			}
		}
		answered(p, acquireNow(t, p), 200, nil)
		before := time.Now()
		answered(p, acquireNow(t, p), 429, nil)
		acquireNow(t, p)
		if waited := time.Since(before); waited > time.Second {
			t.Errorf("after an answer the back-off began at %v, want it to begin anew", waited)
		}
	})
}

func TestRequestsRefusedTogetherAreOneStrike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		answered(p, acquireNow(t, p), 200, nil)
		var sent []*ticket
		for range 20 {
			sent = append(sent, acquireNow(t, p))
		}
		time.Sleep(10 * time.Millisecond)
		before := time.Now()
		for _, s := range sent {
			answered(p, s, 429, nil)
		}
		acquireNow(t, p)
		if waited := time.Since(before); waited > time.Second {
			t.Errorf("waited %v, want at most 1s", waited)
		}
	})
}

func TestTooLongAWaitIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		answered(p, acquireNow(t, p), 200, rateHeader(10, 2, "20000", "30000"))
		start := time.Now()
		_, err := p.acquire(t.Context(), start.Add(15*time.Second))
		var notSent *NotSentError
		if !errors.As(err, &notSent) || notSent.Kind != NotSentQuota {
			t.Fatalf("got %v", err)
		}
		if time.Since(start) != 0 {
			t.Errorf("it took %v to be refused", time.Since(start))
		}
		if wait := notSent.RetryAfter; wait < 20*time.Second || wait > 21*time.Second {
			t.Errorf("RetryAfter %v, want 20s", wait)
		}
		if _, err := p.acquire(t.Context(), start.Add(25*time.Second)); err != nil {
			t.Errorf("a wait that fits is refused: %v", err)
		}
	})
}

func TestPlaceInTheQueueCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		answered(p, acquireNow(t, p), 200, rateHeader(10, 2, "20000", "30000"))
		limit := time.Now().Add(45 * time.Second) // the next window, but not the one after
		var mu sync.Mutex
		refused := 0
		var done sync.WaitGroup
		for range 12 {
			done.Go(func() {
				if _, err := p.acquire(t.Context(), limit); err != nil {
					mu.Lock()
					defer mu.Unlock()
					refused++
				}
			})
		}
		synctest.Wait()
		mu.Lock()
		atOnce := refused
		mu.Unlock()
		if atOnce != 4 {
			t.Errorf("%d of 12 were refused at once, want 4: the next window has room for 8", atOnce)
		}
		done.Wait()
		if refused != 4 {
			t.Errorf("%d of 12 were refused in all, want 4", refused)
		}
	})
}

func TestABlockTurnsAwayThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		answered(p, acquireNow(t, p), 200, nil)
		slow := acquireNow(t, p)
		answered(p, acquireNow(t, p), 429, rateHeader(100, 0, "5000", "30000"))
		var err error
		go func() { _, err = p.acquire(t.Context(), time.Now().Add(10*time.Second)) }()
		synctest.Wait()
		if err != nil {
			t.Fatalf("a wait that fits is refused: %v", err)
		}
		answered(p, slow, 429, rateHeader(100, 0, "0", "30000", "X-Retry-After", "60"))
		synctest.Wait()
		if err == nil {
			t.Error("a waiter whose wait has become too long still waits")
		}
	})
}

func TestCancelledWaitGivesItsTurnBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		probe := acquireNow(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		go func() { _, err = p.acquire(ctx, time.Now().Add(time.Minute)) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		var notSent *NotSentError
		if !errors.As(err, &notSent) || notSent.Kind != NotSentCancelled || !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		if _, err := p.acquire(ctx, time.Now().Add(time.Minute)); !errors.Is(err, context.Canceled) {
			t.Errorf("a call that is cancelled already may go: %v", err)
		}
		p.release(probe)
		acquireNow(t, p)
		if len(p.queue) != 0 || p.inFlight != 1 {
			t.Errorf("%d in the queue, %d in flight; want 0 and 1", len(p.queue), p.inFlight)
		}
	})
}

func TestATicketThatComesTooLateGoesBack(t *testing.T) {
	p := newPacer()
	w := &waiter{limit: time.Now().Add(time.Hour), ready: make(chan leave, 1)}
	p.queue = append(p.queue, w)
	p.pump() // grants the ticket while its waiter is about to leave
	_ = p.leaveQueue(w, notSentFor(NotSentCancelled, nil))
	if p.inFlight != 0 || p.probeOut {
		t.Errorf("%d in flight, probe out: %t", p.inFlight, p.probeOut)
	}
}

func TestFirstRequestLostLetsTheRestGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, start := newPacer(), time.Now()
		p.release(acquireNow(t, p))
		acquireNow(t, p)
		if _, err := p.acquire(t.Context(), start.Add(time.Second)); err != nil {
			t.Errorf("with the API out of reach, calls go one at a time: %v", err)
		}
	})
}

func TestAPanicHoldsNobodyUp(t *testing.T) {
	attempts := 0
	client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(*http.Request) (*http.Response, error) {
		if attempts++; attempts == 1 {
			panic("a broken transport")
		}
		return respond(201, nil, created), nil
	})))
	func() {
		defer func() { _ = recover() }()
		_ = mint(t.Context(), client)
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := mint(ctx, client); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}

func TestLateAnswersOfTheWindowBeforeAreIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, start := newPacer(), time.Now()
		answered(p, acquireNow(t, p), 200, rateHeader(10, 4, "1000", "30000"))
		slow := acquireNow(t, p) // its answer is made in this window and comes in the next
		time.Sleep(1100 * time.Millisecond)
		answered(p, acquireNow(t, p), 200, rateHeader(10, 9, "29900", "30000"))
		answered(p, slow, 200, rateHeader(10, 3, "900", "30000"))
		for range 6 {
			answered(p, acquireNow(t, p), 200, nil)
		}
		if waited := time.Since(start); waited > 1200*time.Millisecond {
			t.Errorf("waited %v: a late answer closed the new window", waited)
		}
	})
}

func TestServerThatStopsTellingIsStillPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, start := newPacer(), time.Now()
		answered(p, acquireNow(t, p), 200, rateHeader(10, 9, "10000", "10000"))
		for range 30 {
			answered(p, acquireNow(t, p), 200, nil)
		}
		if waited := time.Since(start); waited < 30*time.Second || waited > 31*time.Second {
			t.Errorf("30 requests at 8 per 10s took %v", waited)
		}
	})
}
