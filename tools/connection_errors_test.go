package tools_test

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// unreachable are stores that no request gets to, by what is in the way.
func unreachable(t *testing.T) map[string]bcapi.Config {
	t.Helper()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	stranger := httptest.NewUnstartedServer(http.NotFoundHandler())
	stranger.Config.ErrorLog = log.New(new(strings.Builder), "", 0) // it complains of each handshake
	stranger.StartTLS()
	t.Cleanup(stranger.Close)
	nameless := net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server")
	}}
	return map[string]bcapi.Config{
		"could not be resolved": {
			APIURL:    "https://api.bigcommerce.invalid",
			Transport: &http.Transport{DialContext: (&net.Dialer{Resolver: &nameless}).DialContext},
		},
		"no connection could be made":        {APIURL: closed.URL},
		"no secure connection could be made": {APIURL: strings.Replace(plain.URL, "http:", "https:", 1)},
		"certificate is not trusted":         {APIURL: stranger.URL},
	}
}

// TestAnUnreachableStore: nothing was sent, and the settings that may be at
// fault are named.
func TestAnUnreachableStore(t *testing.T) {
	for reason, api := range unreachable(t) {
		t.Run(reason, func(t *testing.T) {
			api.AccessToken = sandbox.Token
			f := newFixtureAt(t, api, allowDeletes)
			f.writeVault(t, "vault.csv", 3)
			token := strings.Repeat("a", 64)
			for tool, arguments := range map[string]string{
				"create_payment_access_token": `{"order_id":7}`,
				"bulk_import_instruments":     `{"instruments":[` + row(7, "v") + `]}`,
				"list_stored_instruments":     `{}`,
				"list_payment_methods":        `{"order_id":7}`,
				"list_import_payment_methods": `{"currency_code":"USD"}`,
				"update_stored_instrument":    `{"customer_id":1,"token":"` + token + `","make_default":true}`,
				remove:                        `{"customer_id":1,"tokens":["` + token + `"]}`,
				unvault:                       `{"customer_id":1,"token":"` + token + `"}`,
			} {
				r := f.call(t, tool, arguments)
				told{"not_connected", !strings.Contains(reason, "certificate"), []string{"BIGCOMMERCE_API_URL"}}.check(t, tool, r)
				if e := r.failure(t); !strings.Contains(e.Message, reason) || !strings.Contains(e.Message, "not sent") {
					t.Errorf("%s: %q", tool, e.Message)
				}
			}
			if len(f.jobs(t)) != 0 {
				t.Error("an import that was not begun has left a job")
			}
		})
	}
}

// TestAStoreThatDoesNotAnswer in time: what is known of a read, of a token and
// of a change is told apart.
func TestAStoreThatDoesNotAnswer(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	f := newFixtureAt(t, bcapi.Config{APIURL: silent.URL, AccessToken: sandbox.Token, AttemptTimeout: 50 * time.Millisecond}, nil)
	told{"outcome_unknown", true, []string{"second token does no harm"}}.check(t, "mint", f.call(t, "create_payment_access_token", `{"order_id":7}`))
	told{"read_failed", true, []string{"in a minute"}}.check(t, "list", f.call(t, "list_stored_instruments", `{}`))
}

// TestEveryToolWhoseAnswerDoesNotCome is the same for the rest of them, whose
// earlier requests are answered.
func TestEveryToolWhoseAnswerDoesNotCome(t *testing.T) {
	for _, c := range apiCalls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			transport := &deafTransport{method: c.method}
			f, store, arguments := c.broken(t, func(api *bcapi.Config) { api.Transport = transport })
			transport.path = "/stores/sandbox/v3" + store.path
			r := f.call(t, c.tool, arguments)
			c.lost.check(t, c.name, r)
			if e := r.failure(t); !strings.Contains(e.Message, "no answer came in time") {
				t.Errorf("%q", e.Message)
			}
		})
	}
}

// TestAnImportWhoseAnswerDoesNotCome is a job that says so, and not that somebody
// has cancelled it.
func TestAnImportWhoseAnswerDoesNotCome(t *testing.T) {
	for _, c := range sendCalls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			transport := &deafTransport{method: c.method}
			f, store, arguments := c.broken(t, func(api *bcapi.Config) { api.Transport = transport })
			transport.path = "/stores/sandbox/v3" + store.path
			j := f.importRows(t, arguments)
			if j.Status != "interrupted" || j.Imported != 0 || j.Remaining+j.Unconfirmed != 1 {
				t.Errorf("%+v", j)
			}
			if c.method == http.MethodGet && !strings.Contains(j.Reason, "no answer came in time") || strings.Contains(j.Reason, "cancelled") {
				t.Errorf("the reason is %q", j.Reason)
			}
		})
	}
}

// deafTransport sends requests, of which those of one path are never answered.
type deafTransport struct{ method, path string }

func (d *deafTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != d.method || r.URL.Path != d.path {
		return http.DefaultTransport.RoundTrip(r)
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	return nil, context.DeadlineExceeded // as a time-out of net/http's own is
}
