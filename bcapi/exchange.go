package bcapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"
)

const (
	maxAnswer      = 8 << 20  // bytes of an answer that may hold data
	maxErrorAnswer = 64 << 10 // bytes of one that does not
)

// newTransport speaks HTTP/1.1 only: see the package comment. It keeps few
// idle connections and not for long, since a server that closes one just as a
// write is sent on it makes that write's outcome unknown.
func newTransport() http.RoundTripper {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		Protocols:              protocols,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// exchange makes one attempt: it sends the request, once, and reads the answer.
// It uses the transport without http.Client, which would follow redirects.
func exchange(transport http.RoundTripper, timeout time.Duration, clean cleaner, logger *slog.Logger) handler {
	return func(ctx context.Context, c *call) (answer, error) {
		start := time.Now()
		got, err := attempt(ctx, transport, timeout, clean, c)
		outcome := slog.Int("status", got.status)
		if err != nil {
			outcome = slog.String("reason", reason(err))
		}
		logger.DebugContext(ctx, "attempt", "method", c.method, "path", c.template, "attempt", c.attempt,
			outcome, "duration", time.Since(start), "correlation_id", c.correlationID)
		return got, err
	}
}

func attempt(parent context.Context, transport http.RoundTripper, timeout time.Duration, clean cleaner, c *call) (answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), timeout)
	defer cancel()
	sent := &departure{reads: c.reads(), hasBody: c.body != nil, cancel: cancel}
	defer context.AfterFunc(parent, sent.cut)()
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.connected() }}
	request, err := newRequest(httptrace.WithClientTrace(ctx, trace), c, sent)
	if err != nil {
		return answer{}, notSentFor(NotSentInvalid, err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		if !sent.hasBegun() {
			return answer{}, notSentFor(notSentKind(parent, err), cmp.Or(parent.Err(), plain(err, clean)))
		}
		return answer{}, unknownFor(unknownKind(ctx, parent, err), causeOf(ctx, parent, err, clean))
	}
	defer func() { _ = response.Body.Close() }()
	limit := c.maxBody(response.StatusCode)
	got := answer{status: response.StatusCode, header: response.Header}
	got.body, err = io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		got.broken = &cutError{kind: unknownKind(ctx, parent, err), cause: causeOf(ctx, parent, err, clean)}
	case int64(len(got.body)) > limit:
		got.body, got.broken = got.body[:limit], errTooLong
	}
	return got, nil
}

func newRequest(ctx context.Context, c *call, sent *departure) (*http.Request, error) {
	var body io.Reader
	if c.body != nil {
		body = bytes.NewReader(c.body)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, c.url, body)
	if err != nil {
		return nil, err
	}
	request.Header = c.header.Clone()
	if request.GetBody != nil {
		watch(request, sent)
	}
	return request, nil
}

// cutError is an answer of which only the beginning came.
type cutError struct {
	kind  UnknownKind
	cause error
}

func (e *cutError) Error() string { return e.cause.Error() }
func (e *cutError) Unwrap() error { return e.cause }

// plainError is an error whose text may quote upstream, as those of net/http
// about malformed answers do; upstream may have echoed the access token.
type plainError struct {
	text  string
	cause error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.cause }

func plain(err error, clean cleaner) error {
	return &plainError{text: clean(err.Error(), maxDetail), cause: err}
}

func notSentKind(parent context.Context, err error) NotSentKind {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case parent.Err() != nil:
		return NotSentCancelled
	case errors.As(err, &dns):
		return NotSentDNS
	case errors.As(err, &certificate), errors.As(err, &host), errors.As(err, &authority):
		return NotSentCertificate
	case errors.As(err, &record), errors.As(err, &alert):
		return NotSentTLS
	}
	return NotSentDial
}

// unknownKind tells how an attempt ended: its own context's end is the caller's
// only where attemptContext lets the caller cut it.
func unknownKind(ctx, parent context.Context, err error) UnknownKind {
	var timeout net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled) && errors.Is(parent.Err(), context.Canceled):
		return UnknownCancelled
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return UnknownTimeout
	}
	return UnknownCut
}

func causeOf(ctx, parent context.Context, err error, clean cleaner) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return parent.Err()
	}
	return plain(err, clean)
}
