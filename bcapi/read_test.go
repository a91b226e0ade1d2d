package bcapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// reads are all calls that change nothing, each with an answer that it takes.
func reads() map[string]struct {
	call func(context.Context, *Client) error
	body string
} {
	type read = struct {
		call func(context.Context, *Client) error
		body string
	}
	const list = `{"data":[],"meta":{"pagination":{"total":0}}}`
	return map[string]read{
		"ListStoredInstruments": {func(ctx context.Context, c *Client) error {
			_, err := c.ListStoredInstruments(ctx, StoredInstrumentsPage{})
			return err
		}, list},
		"AllStoredInstruments": {func(ctx context.Context, c *Client) error {
			_, err := all(ctx, c)
			return err
		}, list},
		"CustomerInstruments": {func(ctx context.Context, c *Client) error {
			_, err := c.CustomerInstruments(ctx, 7)
			return err
		}, `[]`},
		"ImportMethods": {func(ctx context.Context, c *Client) error {
			_, err := c.ImportMethods(ctx, "USD")
			return err
		}, list},
		"PaymentMethods": {func(ctx context.Context, c *Client) error {
			_, err := c.PaymentMethods(ctx, PaymentMethodsQuery{OrderID: 7})
			return err
		}, list},
		"Customers": {func(ctx context.Context, c *Client) error {
			_, err := c.Customers(ctx, []int64{7})
			return err
		}, list},
	}
}

// A read that fails for a moment is mended behind the caller's back, and one
// that goes on failing is no unknown outcome.
func TestFailedReads(t *testing.T) {
	cut := func(_ *http.Request, body string) (*http.Response, error) {
		response := respond(200, nil, "")
		response.Body = io.NopCloser(io.MultiReader(strings.NewReader(body[:len(body)-1]), cutReader{}))
		return response, nil
	}
	status := func(status int, contentType, text string) func(*http.Request, string) (*http.Response, error) {
		return func(*http.Request, string) (*http.Response, error) {
			return respond(status, http.Header{"Content-Type": {contentType}}, text), nil
		}
	}
	tests := map[string]struct {
		answer   func(r *http.Request, body string) (*http.Response, error)
		want     ReadKind
		attempts int
	}{
		"lost": {func(*http.Request, string) (*http.Response, error) {
			return nil, &net.OpError{Op: "read", Err: errors.New("reset")}
		}, ReadCut, 4},
		"half a body": {cut, ReadCut, 4},
		"slow": {func(r *http.Request, _ string) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, ReadTimeout, 4},
		"500":       {status(500, "application/json", `{"status":500,"title":"no"}`), ReadFailed, 4},
		"503":       {status(503, "text/html", "<html>"), ReadFailed, 4},
		"501":       {status(501, "", ""), ReadFailed, 1},
		"408":       {status(408, "", ""), ReadFailed, 1},
		"HTML":      {status(200, "text/html", "<html>"), ReadUnreadable, 1},
		"half JSON": {status(200, "application/json", `{"data":[`), ReadUnreadable, 1},
		"text":      {status(200, "application/json", `"a"`), ReadUnreadable, 1},
		"null":      {status(200, "application/json", `null`), ReadUnreadable, 1},
		"object":    {status(200, "application/json", `{}`), ReadUnreadable, 1},
		"error":     {status(200, "application/json", `{"code":500,"message":"no"}`), ReadUnreadable, 1},
		"empty":     {status(200, "", ""), ReadUnreadable, 1},
		"204":       {status(204, "", ""), ReadUnreadable, 1},
		"odd items": {status(200, "application/json", `{"data":[null],"meta":{"pagination":{"total":1}}}`), ReadUnreadable, 1},
		"odd data":  {status(200, "application/json", `{"data":{"0":{}},"meta":{"pagination":{"total":1}}}`), ReadUnreadable, 1},
		"too long":  {status(200, "application/json", strings.Repeat(" ", maxAnswer+1)), ReadUnreadable, 1},
	}
	for name, read := range reads() {
		for failure, tt := range tests {
			synctest.Test(t, func(t *testing.T) {
				attempts, mended := 0, time.Now().Add(time.Hour)
				client := dial(t, "http://127.0.0.1", withTimeout(time.Second), withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
					connected(r)
					if attempts++; time.Now().Before(mended) {
						return tt.answer(r, read.body)
					}
					return respond(200, nil, read.body), nil
				})))
				err := read.call(t.Context(), client)
				var failed *ReadError
				if !errors.As(err, &failed) || failed.Kind != tt.want || failed.CorrelationID == "" {
					t.Errorf("%s, %s: got %v, want %s", name, failure, err, tt.want)
				}
				var unknown *UnknownError
				if errors.As(err, &unknown) || strings.Contains(err.Error(), "unknown") {
					t.Errorf("%s, %s: a read has an unknown outcome: %v", name, failure, err)
				}
				if attempts != tt.attempts {
					t.Errorf("%s, %s: %d attempts, want %d", name, failure, attempts, tt.attempts)
				}
				mended = time.Now()
				if tt.attempts > 1 { // then in the midst of the next call
					mended = mended.Add(500 * time.Millisecond)
				}
				if err := read.call(t.Context(), client); err != nil {
					t.Errorf("%s, %s: not mended: %v", name, failure, err)
				}
			})
		}
	}
}

// connected tells what a transport tells when a request is about to go out.
func connected(r *http.Request) {
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
}

type cutReader struct{}

func (cutReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestRefusedReads(t *testing.T) {
	for name, read := range reads() {
		for _, tt := range []struct {
			status int
			body   string
			kind   RefusalKind
		}{
			{401, `{"code":401,"message":"Unauthorized"}`, RefusedSystemic},
			{403, `{"status":403,"title":"Unauthorized","type":"t"}`, RefusedSystemic},
			{404, `{"status":404,"title":"Unauthorized","type":"t","instance":"/x","errors":{}}`, RefusedSystemic},
			{400, `[{"status":400,"message":"Unauthorized"}]`, RefusedRow},
		} {
			err := read.call(t.Context(), serve(t, answerWith(tt.status, "application/json", tt.body)))
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.Kind != tt.kind || refused.API.Status != tt.status || refused.API.Title != "Unauthorized" || refused.API.Code != "" {
				t.Errorf("%s, %d: %v", name, tt.status, err)
			} else if scopes := refused.API.Scopes; (tt.status == 401 || tt.status == 403) != (len(scopes) > 0) {
				t.Errorf("%s, %d: scopes %q", name, tt.status, scopes)
			}
		}
	}
}

func TestReadsThatAreNotSent(t *testing.T) {
	for name, read := range reads() {
		synctest.Test(t, func(t *testing.T) {
			var notSent *NotSentError
			client := dial(t, "http://127.0.0.1", withTransport(roundTripper(refusedDial)))
			if err := read.call(t.Context(), client); !errors.As(err, &notSent) || notSent.Kind != NotSentDial {
				t.Errorf("%s, never connected: %v", name, err)
			}
			client = dial(t, "http://127.0.0.1", withTransport(roundTripper(func(*http.Request) (*http.Response, error) {
				return respond(429, http.Header{"X-Retry-After": {"60"}}, ""), nil
			})))
			if err := read.call(t.Context(), client); !errors.As(err, &notSent) || notSent.Kind != NotSentBusy || notSent.RetryAfter < 59*time.Second {
				t.Errorf("%s, busy: %v", name, err)
			}
		})
	}
}

func TestCancelledRead(t *testing.T) {
	for name, read := range reads() {
		synctest.Test(t, func(t *testing.T) {
			client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
				connected(r)
				<-r.Context().Done()
				return nil, r.Context().Err()
			})))
			ctx, cancel := context.WithCancel(t.Context())
			start := time.Now()
			time.AfterFunc(time.Second, cancel)
			err := read.call(ctx, client)
			var failed *ReadError
			if !errors.As(err, &failed) || failed.Kind != ReadCancelled || !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
				t.Errorf("%s: ended after %v with %v", name, time.Since(start), err)
			}
		})
	}
}

func TestReadErrorSaysWhatFailed(t *testing.T) {
	for _, e := range []*ReadError{
		{Kind: ReadFailed, API: &Error{Status: 502, Method: "GET", Path: "/things"}},
		{Kind: ReadIncomplete, Cause: errors.New("502")},
	} {
		if text := e.Error(); !strings.HasPrefix(text, "could not be read: "+e.Reason()) || !strings.Contains(text, "502") {
			t.Errorf("%s: %s", e.Kind, text)
		}
	}
}
