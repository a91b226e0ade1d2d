package doctor

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// TestAllHolds: a store in order passes, and neither it nor the disk has changed.
func TestAllHolds(t *testing.T) {
	c := newClinic(t)
	expect(t, c.run(), map[string]want{
		"store":              {words: []string{"sandbox store", `"sandbox"`}},
		"import-dir":         {words: []string{"none", "--import-dir"}},
		"import-methods":     {words: []string{"USD", "braintree.credit_card"}},
		"list-instruments":   {words: []string{"store_stored_payment_instruments_read_only"}},
		"import-instruments": {words: []string{"(store_stored_payment_instruments)"}},
		"payment-tokens":     {words: []string{"store_payments_access_token_create"}},
		"payment-methods":    {words: []string{"store_payments_methods_read"}},
	})
	for _, r := range c.requests() {
		if r.Method != http.MethodGet && r.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s %s %s was answered with %d", r.Method, r.Path, r.Body, r.Status)
		}
	}
	if _, err := os.Stat(c.StateDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the state directory: %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(c.StateDir)); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestAnswersOfTheStore goes through what can be wrong with hash, token, scopes,
// beta and the like, as a store tells it.
func TestAnswersOfTheStore(t *testing.T) {
	const fault = `{"path": "PATH", "times": 9, "action": {"status": STATUS}}`
	faults := func(status string, paths ...string) func(*clinic) {
		return func(c *clinic) {
			for _, path := range paths {
				c.fault("[" + strings.NewReplacer("PATH", path, "STATUS", status).Replace(fault) + "]")
			}
		}
	}
	const instruments, methods = "/payments/stored-instruments", "/payments/stored-instruments/methods"
	bothPages := []string{"store_payments_access_token_create", "store_payments_methods_read"}
	for name, tt := range map[string]struct {
		change func(*clinic)
		wants  map[string]want
	}{
		"wrong hash": {func(c *clinic) { c.API.StoreHash = "other" }, skips(map[string]want{
			"store": {Failed, []string{`"other"`, "BIGCOMMERCE_STORE_HASH"}},
		}, "store", append(afterToken(), "token")...)},
		"wrong token": {func(c *clinic) { c.API.AccessToken = "other" }, skips(map[string]want{
			"token": {Failed, []string{"401", "BIGCOMMERCE_ACCESS_TOKEN", "BIGCOMMERCE_ACCESS_TOKEN_FILE"}},
		}, "token", append(afterToken(), "store")...)},
		"token that only reads": {func(c *clinic) { c.API.AccessToken = sandbox.ReadOnlyToken }, map[string]want{
			"import-instruments": {Failed, append(bothPages, "403", "store_stored_payment_instruments or", "--read-only")},
			"payment-tokens":     {Failed, []string{"403", "store_payments_access_token_create", "--read-only"}},
		}},
		"no scope that reads": {faults("403", instruments, methods, "/customers/1/stored-instruments"), skips(map[string]want{
			"list-instruments":     {Failed, append(bothPages, "403", "store_stored_payment_instruments_read_only")},
			"customer-instruments": {Failed, []string{"store_stored_payment_instruments_read_only"}},
			"import-methods":       {Failed, []string{"store_stored_payment_instruments_read_only"}},
			"import-instruments":   {Failed, []string{"store_stored_payment_instruments"}},
		}, "list-instruments", "beta")},
		"no scope for payment methods": {faults("403", "/payments/methods"), map[string]want{
			"payment-methods": {Failed, []string{"store_payments_methods_read"}},
		}},
		"no scope for customers": {faults("403", "/customers"), map[string]want{
			"verify-customers": {Warning, []string{"store_v2_customers_read_only", "Only verify_customers"}},
		}},
		"no beta": {faults("404", instruments, methods), skips(map[string]want{
			"beta": {Failed, []string{"404", "beta", "support", "Plus"}},
		}, "beta", "list-instruments", "import-methods", "import-instruments")},
		"list gone": {faults("405", instruments), map[string]want{ // the methods are there
			"list-instruments":   {Failed, []string{"405"}},
			"import-instruments": {Warning, []string{"could not be told", "405", "store_stored_payment_instruments"}},
		}},
		"nobody has anything": {faults("404", "/customers/1/stored-instruments", "/payments/methods", "/payments/access_tokens"), nil},
		"write probes fail": {func(c *clinic) {
			c.fault(`[{"method": "POST", "path": "` + instruments + `", "action": {"status": 500}}, {"path": "/payments/access_tokens", "action": {"status": 201, "body": {"data": {"id": "a.b.c"}}}}]`)
		}, map[string]want{
			"import-instruments": {Warning, []string{"could not be told", "500"}},
			"payment-tokens":     {Warning, []string{"could not be told", "order 0"}},
		}},
		"write probes are refused for the token": {func(c *clinic) { c.fault(`[{"path": "/payments/access_tokens", "action": {"status": 401}}]`) },
			map[string]want{"payment-tokens": {Failed, []string{"401"}}}},
		"an empty import is taken": {func(c *clinic) {
			c.fault(`[{"method": "POST", "path": "` + instruments + `", "action": {"status": 200, "body": {"data": [], "errors": [], "meta": {}}}}]`)
		}, nil},
		"no methods": {func(c *clinic) {
			c.fault(`[{"path": "` + methods + `", "action": {"body": {"data": [], "meta": {}}}}]`)
		}, map[string]want{"import-methods": {Warning, []string{"USD", "payment settings"}}}},
		"a call behind a log-in page": {func(c *clinic) {
			c.fault(`[{"path": "/payments/methods", "action": {"status": 403, "body": "<html>"}}]`)
		}, map[string]want{"payment-methods": {Failed, []string{"something else", "403", "proxy"}}}},
		"clock behind": {func(c *clinic) {
			c.fault(`[{"path": "/customers", "action": {"headers": {"Date": "Fri, 01 Jan 2100 00:00:00 GMT"}}}]`)
		}, map[string]want{"clock": {Warning, []string{"behind", "NTP"}}}},
		"clock ahead": {func(c *clinic) {
			c.fault(`[{"path": "/customers", "action": {"headers": {"Date": "Fri, 01 Jan 2010 00:00:00 GMT"}}}]`)
		}, map[string]want{"clock": {Warning, []string{"ahead of", "NTP"}}}},
		"a Pro plan": {withQuota("450", "449", "30000"), map[string]want{
			"quota": {OK, []string{"450 requests per 30s", "(a Pro plan)", "449 left", "360", "43200 requests an hour"}}}},
		"the smallest plan": {withQuota("150", "149", "30000"), map[string]want{
			"quota": {OK, []string{"Standard or Plus", "14400 requests an hour"}}}},
		"another plan": {withQuota("600", "599", "60000"), map[string]want{
			"quota": {OK, []string{"600 requests per 1m0s for all apps of the store, 599 left", "28800 requests an hour"}}}},
		"a quota by the minute": {withQuota("450", "449", "60000"), map[string]want{
			"quota": {OK, []string{"450 requests per 1m0s for all apps of the store, 449 left"}}}},
		"a quota used up by others": {withQuota("450", "89", "30000"), map[string]want{
			"quota": {Warning, []string{"89 left", "Other apps"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClinic(t)
			tt.change(c)
			expect(t, c.run(), tt.wants)
		})
	}
}

// withQuota has the first answer tell a quota whose window is over at once, so
// that no other call waits for it.
func withQuota(quota, left, windowMS string) func(*clinic) {
	return func(c *clinic) {
		c.fault(`[{"path": "/customers", "action": {"headers": {"X-Rate-Limit-Requests-Quota": ` + quota + `, "X-Rate-Limit-Requests-Left": ` + left +
			`, "X-Rate-Limit-Time-Reset-Ms": 1, "X-Rate-Limit-Time-Window-Ms": ` + windowMS + `}}}]`)
	}
}

// TestReadOnlyUse: nothing is sent that could write, and the account needs no
// scope for it.
func TestReadOnlyUse(t *testing.T) {
	c := newClinic(t)
	c.API.AccessToken, c.ReadOnly = sandbox.ReadOnlyToken, true
	expect(t, c.run(), map[string]want{
		"import-instruments": {Skipped, []string{"--read-only"}},
		"payment-tokens":     {Skipped, []string{"--read-only"}},
	})
	for _, r := range c.requests() {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s was sent", r.Method, r.Path)
		}
	}
}

func TestWhatIsNotTheAPI(t *testing.T) {
	for name, tt := range map[string]struct {
		handle http.HandlerFunc
		words  []string
	}{
		"log-in page":     {answering(200, "text/html", "<html>"), []string{"something else than the API", "BIGCOMMERCE_API_URL", "HTTPS_PROXY"}},
		"proxy's refusal": {answering(403, "text/html", "<html>"), []string{"something else than the API", "403"}},
		"another server":  {answering(200, "text/plain", "It works!"), []string{"something else than the API"}},
		"redirect":        {answering(301, "text/plain", "", "Location", "https://elsewhere.example/stores"), []string{"301", "https://elsewhere.example", "API URL"}},
		"busy":            {answering(429, "application/json", "{}", "X-Retry-After", "60"), []string{"wait", "60 seconds"}},
		"maintenance":     {answering(501, "application/json", `{"title":"Down"}`), []string{"501", "Down"}},
		"odd":             {answering(418, "application/json", `{"title":"Teapot"}`), []string{"418", "Teapot"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, on(t, tt.handle).run(), skips(map[string]want{"connection": {Failed, tt.words}}, "connection", afterConnection()...))
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestWhatCannotBeReached: each way of not reaching the API has its advice, and
// shows no text that may hold a setting's secret.
func TestWhatCannotBeReached(t *testing.T) {
	for name, tt := range map[string]struct {
		err   error
		words []string
	}{
		"no such host": {&net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true}, []string{"could not be resolved", "api.example.com", "DNS"}},
		"refused":      {&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}, []string{"connection refused", "firewall", "HTTPS_PROXY"}},
		"bad proxy":    {errors.New(`invalid proxy address "http://me:s3cret@proxy"`), []string{"no connection could be made"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &clinic{t: t}
				c.API.APIURL, c.API.StoreHash, c.API.AccessToken = "https://api.example.com", "abc123", "t0ken"
				c.StateDir, c.Explain = filepath.Join(t.TempDir(), "state"), explain
				c.API.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, tt.err })
				checks := c.run()
				expect(t, checks, skips(map[string]want{"connection": {Failed, tt.words}}, "connection", afterConnection()...))
				if said := checks["connection"]; strings.Contains(said.Message+said.Advice, "s3cret") {
					t.Errorf("it says %s", said.Message)
				}
			})
		})
	}
}

func TestUntrustedCertificate(t *testing.T) {
	c := newClinic(t)
	server := httptest.NewUnstartedServer(answering(200, "application/json", "{}"))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshakes
	server.StartTLS()
	t.Cleanup(server.Close)
	c.API.APIURL = server.URL
	expect(t, c.run(), skips(map[string]want{
		"connection": {Failed, []string{"certificate is not trusted", "SSL_CERT_FILE", "clock"}},
	}, "connection", afterConnection()...))
	c.API.APIURL = strings.Replace(c.store.URL, "http:", "https:", 1)
	expect(t, c.run(), skips(map[string]want{
		"connection": {Failed, []string{"no secure connection", "speaks no TLS"}},
	}, "connection", afterConnection()...))
}

// TestEndsInTime: neither a host nor a single call that never answers holds the
// command up for long, and Ctrl-C none at all.
func TestEndsInTime(t *testing.T) {
	hangs := func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	run := func(t *testing.T, ctx context.Context, transport roundTripper) (Report, time.Duration) {
		config := Config{StateDir: filepath.Join(t.TempDir(), "state"), Explain: explain}
		config.API.StoreHash, config.API.AccessToken, config.API.Transport = "abc123", "t0ken", transport
		start := time.Now()
		return Run(ctx, config), time.Since(start)
	}
	t.Run("host", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			report, took := run(t, t.Context(), hangs)
			if took > 15*time.Second || report.OK || len(report.Checks) != 19 || report.Checks[6].Message != bcapi.DefaultAPIURL+": no connection could be made in time" {
				t.Errorf("took %s: %+v", took, report)
			}
		})
	})
	t.Run("host that fails slowly and then hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			_, took := run(t, t.Context(), func(r *http.Request) (*http.Response, error) {
				if attempts++; attempts > 2 {
					return hangs(r)
				}
				time.Sleep(3 * time.Second)
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
			})
			if attempts != 3 || took > 13*time.Second {
				t.Errorf("took %s for %d attempts", took, attempts)
			}
		})
	})
	t.Run("calls", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var first sync.Once
			report, took := run(t, t.Context(), func(r *http.Request) (*http.Response, error) {
				transport := hangs
				first.Do(func() {
					transport = func(*http.Request) (*http.Response, error) {
						return &http.Response{StatusCode: 403, Header: http.Header{}, Body: http.NoBody}, nil
					}
				})
				return transport(r)
			})
			if took > 30*time.Second || report.OK || len(report.Checks) != 19 {
				t.Errorf("took %s: %+v", took, report)
			}
		})
	})
	t.Run("Ctrl-C", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, interrupt)
			report, took := run(t, ctx, hangs)
			if took > time.Second || report.OK || slices.ContainsFunc(report.Checks, func(c Check) bool { return c.Name == "connection" }) {
				t.Errorf("took %s: %+v", took, report)
			}
		})
	})
}
