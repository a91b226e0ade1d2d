package bcapi

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const created = `{"data":{"id":"tok"},"meta":{}}`

func TestFateOfLostConnections(t *testing.T) {
	reply := func(format string, args ...any) func(net.Conn) {
		return func(conn net.Conn) {
			readRequest(conn)
			_, _ = fmt.Fprintf(conn, format, args...)
		}
	}
	reset := func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }
	tests := []struct {
		name   string
		handle func(net.Conn)
		want   UnknownKind
	}{
		{"closed before reading", func(net.Conn) {}, UnknownCut},
		{"reset while reading", func(c net.Conn) { _, _ = c.Read(make([]byte, 1)); reset(c) }, UnknownCut},
		{"reset after reading", func(c net.Conn) { readRequest(c); reset(c) }, UnknownCut},
		{"closed after reading", readRequest, UnknownCut},
		{"half a status line", reply("HTTP/1.1 20"), UnknownCut},
		{"half the headers", reply("HTTP/1.1 201 Created\r\nContent-Ty"), UnknownCut},
		{"not HTTP", reply("SSH-2.0-OpenSSH_9.7\r\n\r\n"), UnknownCut},
		{"no body", reply("HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n"), UnknownCut},
		{"half a body", reply("HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n%s", created[:20]), UnknownCut},
		{"half a chunked body", reply("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n%s", created[:10]), UnknownCut},
		{"half a body without a length", reply("HTTP/1.1 201 Created\r\n\r\n%s", created[:20]), UnknownUnreadable},
		{"no answer", func(c net.Conn) { readRequest(c); _, _ = c.Read(make([]byte, 1)) }, UnknownTimeout},
		{"body without end", func(c net.Conn) {
			reply("HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{")(c)
			_, _ = c.Read(make([]byte, 1))
		}, UnknownTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url, connections := serveRaw(t, tt.handle)
			err := mint(t.Context(), dial(t, url, withTimeout(300*time.Millisecond)))
			var unknown *UnknownError
			if !errors.As(err, &unknown) || unknown.Kind != tt.want {
				t.Fatalf("got %v, want unknown: %s", err, tt.want)
			}
			if n := connections(); n != 1 {
				t.Errorf("%d connections, want 1: the request was sent again", n)
			}
		})
	}
}

// A connection that was kept alive and breaks under a POST is where net/http
// would replay a request that has an Idempotency-Key.
func TestPostOnAKeptConnectionIsNotReplayed(t *testing.T) {
	var requests atomic.Int32
	url, _ := serveRaw(t, func(conn net.Conn) {
		readRequest(conn)
		requests.Add(1)
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s", len(created), created)
		readRequest(conn)
		requests.Add(1)
	})
	client := dial(t, url)
	if err := mint(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	var unknown *UnknownError
	if err := mint(t.Context(), client); !errors.As(err, &unknown) {
		t.Fatalf("got %v, want it unknown", err)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("the server saw %d requests, want 2", n)
	}
}

func TestRefusalsStandWithoutTheirBody(t *testing.T) {
	for status, want := range map[int]string{401: string(RefusedSystemic), 413: string(RefusedTooLarge), 404: string(RefusedSystemic), 500: "unknown"} {
		url, _ := serveRaw(t, func(conn net.Conn) {
			readRequest(conn)
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nContent-Length: 500\r\n\r\n{\"title\"", status)
		})
		if err := mint(t.Context(), dial(t, url)); fateOf(t, err) != want {
			t.Errorf("status %d with half a body: %v, want %s", status, err, want)
		}
	}
}

func TestNotConnected(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closedPort := "http://" + listener.Addr().String()
	listener.Close()
	plainServer, _ := serveRaw(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 10))
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad\r\n\r\n")
	})
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = silent()
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)

	tests := []struct {
		name, url string
		transport http.RoundTripper
		want      NotSentKind
	}{
		{"nobody listens", closedPort, nil, NotSentDial},
		{"no TLS there", strings.Replace(plainServer, "http:", "https:", 1), nil, NotSentTLS},
		{"untrusted certificate", untrusted.URL, nil, NotSentCertificate},
		{"unknown name", "https://api.example.invalid", roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "api.example.invalid", IsNotFound: true}}
		}), NotSentDNS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := mint(t.Context(), dial(t, tt.url, func(c *Config) { c.MaxWait = time.Millisecond }, withTransport(tt.transport)))
			var notSent *NotSentError
			if !errors.As(err, &notSent) || notSent.Kind != tt.want || notSent.Cause == nil {
				t.Errorf("got %v, want not sent: %s", err, tt.want)
			}
		})
	}
}

func TestCancelBeforeSending(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	client := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	var notSent *NotSentError
	if err := mint(ctx, client); !errors.As(err, &notSent) || notSent.Kind != NotSentCancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A write under way is waited for although its caller has gone: its answer is
// what tells its outcome.
func TestCancelDoesNotCutAWrite(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	answered := answerWith(http.StatusCreated, "application/json", `{"data":{"id":"tok"}}`)
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		select {
		case <-r.Context().Done(): // what a cut request would look like, soon
		case <-time.After(100 * time.Millisecond):
		}
		answered(w, r)
	})
	if err := mint(ctx, client); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestAWriteIsBoundedAllTheSame(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}, withTimeout(50*time.Millisecond))
	var unknown *UnknownError
	if err := mint(ctx, client); !errors.As(err, &unknown) || unknown.Kind != UnknownTimeout {
		t.Errorf("got %v", err)
	}
}

func TestCancelWhileConnecting(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	transport := &http.Transport{DialContext: func(dialling context.Context, _, _ string) (net.Conn, error) {
		cancel(errors.New("the person has left"))
		<-dialling.Done()
		return nil, dialling.Err()
	}}
	var notSent *NotSentError
	err := mint(ctx, dial(t, "http://127.0.0.1:9", withTransport(transport)))
	if !errors.As(err, &notSent) || notSent.Kind != NotSentCancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTransportsThatKnowNothingOfTracesAreNotTrusted(t *testing.T) {
	client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
		_, _ = r.Body.Read(make([]byte, 1))
		return nil, &net.OpError{Op: "dial", Err: errors.New("so it says")}
	})))
	if err := mint(t.Context(), client); fateOf(t, err) != "unknown" {
		t.Errorf("got %v, want it unknown: a byte of the body was taken", err)
	}
}

func TestAnswersAreCapped(t *testing.T) {
	zip := func(status, size int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, `{"data":{"id":"tok"},"title":"`)
			_, _ = io.Copy(z, io.LimitReader(letters{}, int64(size)))
			_, _ = io.WriteString(z, `"}`)
			_ = z.Close()
		}
	}
	if err := mint(t.Context(), serve(t, zip(201, 7<<20))); err != nil {
		t.Errorf("7 MiB: %v", err)
	}
	var unknown *UnknownError
	if err := mint(t.Context(), serve(t, zip(201, 9<<20))); !errors.As(err, &unknown) || unknown.Kind != UnknownUnreadable {
		t.Errorf("9 MiB of success: %v, want it unreadable", err)
	}
	err := mint(t.Context(), serve(t, zip(404, 9<<20)))
	if fateOf(t, err) != string(RefusedSystemic) || !strings.Contains(err.Error(), "Not Found: the body cannot be read") {
		t.Errorf("9 MiB of refusal: %.600v", err)
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestLogHoldsNoContent(t *testing.T) {
	logger, log := logTo()
	client := serve(t, answerWith(422, "application/json", `{"title":"upstream words","errors":{"instrument.brand":"upstream words"}}`),
		func(c *Config) { c.Logger = logger })
	_ = importOne(t, client)
	for _, forbidden := range []string{testToken, "5292sx35", "Sample Street", "upstream words", "test/1", "abc123"} {
		if strings.Contains(log.String(), forbidden) {
			t.Errorf("the log holds %q: %s", forbidden, log)
		}
	}
	for _, wanted := range []string{`"path":"/payments/stored-instruments"`, `"method":"POST"`, `"status":422`, `"attempt":1`, `"duration"`, `"correlation_id"`} {
		if !strings.Contains(log.String(), wanted) {
			t.Errorf("the log lacks %s: %s", wanted, log)
		}
	}
}

func TestEchoesInMalformedAnswersAreTakenOut(t *testing.T) {
	for name, answer := range map[string]string{
		"header":         "HTTP/1.1 200 OK\r\nX-Auth-Token " + testToken + "\r\n\r\n",
		"status line":    "HTTP/1.1 " + testToken + "\r\n\r\n",
		"content length": "HTTP/1.1 200 OK\r\nContent-Length: " + testToken + "\r\n\r\n",
	} {
		url, _ := serveRaw(t, func(conn net.Conn) {
			readRequest(conn)
			_, _ = io.WriteString(conn, answer)
		})
		err := mint(t.Context(), dial(t, url))
		if fateOf(t, err) != "unknown" || strings.Contains(err.Error(), testToken) || !strings.Contains(err.Error(), redacted) {
			t.Errorf("%s: got %q", name, err)
		}
	}
}

func TestMalformedAnswersAreNotQuoted(t *testing.T) {
	url, _ := serveRaw(t, func(conn net.Conn) {
		readRequest(conn)
		_, _ = io.WriteString(conn, "HTTP/1.1 4111111111111111 \x1b[31mRed\r\n\r\n")
	})
	err := mint(t.Context(), dial(t, url))
	if fateOf(t, err) != "unknown" || strings.Contains(err.Error(), "4111111111111111") || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("got %q", err)
	}
}
