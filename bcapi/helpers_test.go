package bcapi

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const testToken = "tok_5up3r53cr3t"

// basePath stands before every path, so that an address built from the host
// alone is caught.
const basePath = "/base/path"

// serve runs an API on loopback below basePath and gives a client of it.
func serve(t testing.TB, handle http.HandlerFunc, change ...func(*Config)) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, basePath+"/stores/abc123/v3/") {
			t.Errorf("path %q is outside of the store", r.URL.Path)
		}
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	return dial(t, server.URL+basePath+"/", change...)
}

func dial(t testing.TB, url string, change ...func(*Config)) *Client {
	t.Helper()
	config := Config{APIURL: url, StoreHash: "abc123", AccessToken: testToken, UserAgent: "test/1"}
	for _, c := range change {
		c(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// answerWith gives a handler with one answer for all requests.
func answerWith(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// serveRaw runs a TCP server that handles each connection with handle and then
// closes it, and counts the connections.
func serveRaw(t testing.TB, handle func(net.Conn)) (url string, connections func() int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	count := 0
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			count++
			mu.Unlock()
			done.Go(func() {
				defer conn.Close()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() { listener.Close(); done.Wait() })
	return "http://" + listener.Addr().String(), func() int {
		mu.Lock()
		defer mu.Unlock()
		return count
	}
}

// readRequest reads one whole request from a raw connection.
func readRequest(conn net.Conn) {
	var got []byte
	buffer := make([]byte, 64<<10)
	for !bytes.HasSuffix(got, []byte("]")) && !bytes.HasSuffix(got, []byte("}")) {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		got = append(got, buffer[:n]...)
	}
}

// roundTripper is an API without a network, for tests in which time matters: a
// connection would keep synctest's clock from moving.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = make(http.Header)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

// readBody does what a transport does first: the request goes out.
func readBody(r *http.Request) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

func rateHeader(quota, left int, reset, window string, more ...string) http.Header {
	h := make(http.Header)
	h.Set("X-Rate-Limit-Requests-Quota", strconv.Itoa(quota))
	h.Set("X-Rate-Limit-Requests-Left", strconv.Itoa(left))
	h.Set("X-Rate-Limit-Time-Reset-Ms", reset)
	h.Set("X-Rate-Limit-Time-Window-Ms", window)
	for i := 0; i+1 < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return h
}

// seedRow is the row of the published example.
func seedRow() ImportRow {
	month, year := 11, 26
	return ImportRow{
		PaymentMethodID: "braintree.credit_card", CurrencyCode: "USD", CustomerID: 1,
		Instrument: ImportInstrument{
			Type: CreditCard, VaultToken: "5292sx35", ProviderCustomerID: "321123", Brand: "visa",
			ExpiryMonth: &month, ExpiryYear: &year, Last4: "1111", IIN: "411111",
		},
		BillingAddress: Address{FirstName: "Sam", LastName: "Williams", Email: "sam.williams@email.com", Street1: "1 Sample Street", City: "Austin", CountryCode: "US"},
	}
}

// logTo gives a debug logger and its text so far.
func logTo() (*slog.Logger, *syncBuffer) {
	b := new(syncBuffer)
	return slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})), b
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func withTransport(rt http.RoundTripper) func(*Config) {
	return func(c *Config) { c.Transport = rt }
}

func withTimeout(d time.Duration) func(*Config) {
	return func(c *Config) { c.AttemptTimeout = d }
}

func withoutWaiting(c *Config) { c.MaxWait = time.Nanosecond }
