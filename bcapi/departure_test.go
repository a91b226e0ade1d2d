package bcapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A write whose caller goes just before it leaves does not leave, and is told as
// not sent, though the transport has a connection by then. One without a body may
// have left all the same.
func TestACallerThatGoesJustBefore(t *testing.T) {
	for name, tt := range map[string]struct {
		write func(context.Context, *Client) error
		sent  bool
	}{
		"with a body": {func(ctx context.Context, c *Client) error {
			_, err := c.ImportInstruments(ctx, []ImportRow{{CustomerID: 1}})
			return err
		}, false},
		"without a body": {func(ctx context.Context, c *Client) error {
			return c.UnvaultStoredInstrument(ctx, strings.Repeat("a", 64))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, leave := context.WithCancel(t.Context())
			err := tt.write(ctx, dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
				leave()
				<-r.Context().Done()
				httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
				if r.Body != nil {
					if text, err := io.ReadAll(r.Body); len(text) > 0 || err == nil {
						t.Errorf("%q leaves, %v", text, err)
					}
				}
				return nil, r.Context().Err()
			}))))
			var notSent *NotSentError
			var unknown *UnknownError
			if errors.As(err, &unknown) != tt.sent || errors.As(err, &notSent) == tt.sent {
				t.Errorf("%T %v", err, err)
			}
		})
	}
}

// A write that has begun is waited for although its caller has gone.
func TestACallerThatGoesJustAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		_, err := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
			leave()
			time.Sleep(time.Second)
			if text, err := io.ReadAll(r.Body); len(text) == 0 || err != nil || r.Context().Err() != nil {
				t.Errorf("cut: %q, %v, %v", text, err, r.Context().Err())
			}
			return &http.Response{
				StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
				Body: io.NopCloser(strings.NewReader(`{"data":[],"errors":[],"meta":{"total":1,"success":0,"failed":1}}`)),
			}, nil
		}))).ImportInstruments(ctx, []ImportRow{{CustomerID: 1}})
		if err != nil {
			t.Errorf("%v", err)
		}
	})
}
