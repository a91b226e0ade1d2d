package bcapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func mint(ctx context.Context, c *Client) error {
	_, err := c.CreatePaymentAccessToken(ctx, PaymentAccessTokenRequest{Order: PaymentAccessTokenOrder{ID: 7}})
	return err
}

func refusedDial(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

func TestNeverConnectedIsTriedFourTimesInThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts, start := 0, time.Now()
		logger, log := logTo()
		client := dial(t, "http://127.0.0.1", func(c *Config) { c.Logger = logger }, withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			attempts++
			return refusedDial(r)
		})))
		err := mint(t.Context(), client)
		var notSent *NotSentError
		if !errors.As(err, &notSent) || notSent.Kind != NotSentDial || notSent.CorrelationID == "" {
			t.Fatalf("got %v", err)
		}
		if attempts != 4 {
			t.Errorf("%d attempts, want 4", attempts)
		}
		if took := time.Since(start); took < 2*time.Second || took > 4*time.Second {
			t.Errorf("took %v, want about 3s", took)
		}
		if n := strings.Count(log.String(), `"WARN"`); n != 3 {
			t.Errorf("%d warnings, want one per repetition: %s", n, log)
		}
	})
}

func TestRetriesStayWithinMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := dial(t, "http://127.0.0.1", func(c *Config) { c.MaxWait = time.Second }, withTransport(roundTripper(refusedDial)))
		start := time.Now()
		if err := mint(t.Context(), client); fateOf(t, err) != "not sent" || time.Since(start) > time.Second {
			t.Errorf("ended after %v with %v", time.Since(start), err)
		}
	})
}

func TestConnectingLaterSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		var ids []string
		client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			attempts++
			ids = append(ids, r.Header.Get("X-Correlation-Id"))
			if attempts < 4 {
				return refusedDial(r)
			}
			readBody(r)
			return respond(201, nil, `{"data":{"id":"tok"}}`), nil
		})))
		if err := mint(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("the attempts have several correlation ids: %v", ids)
			}
		}
	})
}

func TestWriteOfUnknownOutcomeIsNeverRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := map[string]roundTripper{
			"cut": func(r *http.Request) (*http.Response, error) { readBody(r); return nil, errors.New("reset") },
			"500": func(r *http.Request) (*http.Response, error) { readBody(r); return respond(500, nil, ""), nil },
			"503": func(r *http.Request) (*http.Response, error) { readBody(r); return respond(503, nil, ""), nil },
			"html": func(r *http.Request) (*http.Response, error) {
				readBody(r)
				return respond(200, nil, "<html>"), nil
			},
			"slow": func(r *http.Request) (*http.Response, error) {
				readBody(r)
				<-r.Context().Done()
				return nil, r.Context().Err()
			},
		}
		for name, answer := range answers {
			attempts := 0
			client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
				attempts++
				return answer(r)
			})))
			var unknown *UnknownError
			if err := mint(t.Context(), client); !errors.As(err, &unknown) || attempts != 1 {
				t.Errorf("%s: %d attempts, %v", name, attempts, err)
			}
		}
	})
}

func TestReadsAreRepeated(t *testing.T) {
	list := route{method: http.MethodGet, template: "/things"}
	tests := []struct {
		name   string
		status int // 0: the answer is lost
		want   int
	}{{"lost", 0, 4}, {"500", 500, 4}, {"502", 502, 4}, {"503", 503, 4}, {"504", 504, 4}, {"501", 501, 1}, {"404", 404, 1}, {"422", 422, 1}}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(*http.Request) (*http.Response, error) {
				attempts++
				if tt.status == 0 {
					return nil, &net.OpError{Op: "read", Err: errors.New("reset")}
				}
				return respond(tt.status, nil, "{}"), nil
			})))
			call, err := newCall(list, nil, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.do(t.Context(), call); err == nil || attempts != tt.want {
				t.Errorf("%s: %d attempts, want %d (%v)", tt.name, attempts, tt.want, err)
			}
		})
	}
}

func TestBusyIsWaitedOutWithinMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts, start := 0, time.Now()
		client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			readBody(r)
			if attempts++; attempts < 3 {
				return respond(429, rateHeader(150, 0, "12000", "30000", "X-Retry-After", "12"), ""), nil
			}
			return respond(201, nil, `{"data":{"id":"tok"}}`), nil
		})))
		if err := mint(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); attempts != 3 || took < 24*time.Second || took > 25*time.Second {
			t.Errorf("%d attempts in %v, want 3 in 24s", attempts, took)
		}
	})
}

func TestBusyForTooLongIsToldAtOnce(t *testing.T) {
	for _, limit := range []string{"MaxWait", "deadline"} {
		synctest.Test(t, func(t *testing.T) {
			attempts, start := 0, time.Now()
			client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
				readBody(r)
				attempts++
				return respond(429, rateHeader(150, 0, "29000", "30000", "X-Retry-After", "5"), `{"status":429,"title":"Slow down"}`), nil
			})), func(c *Config) {
				if limit == "MaxWait" {
					c.MaxWait = 10 * time.Second
				}
			})
			ctx := t.Context()
			if limit == "deadline" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 10*time.Second)
				defer cancel()
			}
			err := mint(ctx, client)
			var notSent *NotSentError
			if !errors.As(err, &notSent) || notSent.Kind != NotSentBusy || notSent.API == nil || notSent.API.Title != "Slow down" {
				t.Fatalf("%s: got %v", limit, err)
			}
			if notSent.RetryAfter < 28*time.Second || notSent.RetryAfter > 30*time.Second || notSent.API.RetryAfter != 29*time.Second {
				t.Errorf("%s: RetryAfter %v, want 29s", limit, notSent.RetryAfter)
			}
			if attempts != 1 || time.Since(start) != 0 {
				t.Errorf("%s: %d attempts in %v, want 1 and no wait", limit, attempts, time.Since(start))
			}
		})
	}
}

// MCP clients give a call up after a minute.
func TestACallEndsWithinAMinute(t *testing.T) {
	list := route{method: http.MethodGet, template: "/things"}
	for asked := range 60 {
		synctest.Test(t, func(t *testing.T) {
			attempts, start := 0, time.Now()
			client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
				if attempts++; attempts == 1 {
					return respond(429, http.Header{"X-Retry-After": {strconv.Itoa(asked)}}, ""), nil
				}
				<-r.Context().Done()
				return nil, r.Context().Err()
			})))
			call, err := newCall(list, nil, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.do(t.Context(), call); err == nil || time.Since(start) > 56*time.Second {
				t.Errorf("asked to wait %d s: ended after %v with %v", asked, time.Since(start), err)
			}
		})
	}
}

func TestBusyThatTellsTooLittleIsNotHammered(t *testing.T) {
	for _, header := range []http.Header{{"X-Retry-After": {"0"}}, rateHeader(150, 0, "1", "30000")} {
		synctest.Test(t, func(t *testing.T) { testNotHammered(t, header) })
	}
}

func testNotHammered(t *testing.T, header http.Header) {
	attempts, start := 0, time.Now()
	client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
		readBody(r)
		attempts++
		return respond(429, header, ""), nil
	})))
	var notSent *NotSentError
	if err := mint(t.Context(), client); !errors.As(err, &notSent) {
		t.Fatalf("got %v", err)
	}
	if attempts < 4 || attempts > 8 || time.Since(start) > 25*time.Second {
		t.Errorf("%d attempts in %v, want a handful within 25s", attempts, time.Since(start))
	}
}

func TestCancelEndsARetryWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := dial(t, "http://127.0.0.1", withTransport(roundTripper(refusedDial)))
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		time.AfterFunc(100*time.Millisecond, cancel)
		var notSent *NotSentError
		if err := mint(ctx, client); !errors.As(err, &notSent) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("ended after %v with %v", time.Since(start), err)
		}
	})
}
