package doctor

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// clinic is a store, and what the server would work with on it.
type clinic struct {
	t     *testing.T
	store *httptest.Server
	Config
}

func newClinic(t *testing.T) *clinic {
	store := httptest.NewServer(sandbox.New(sandbox.Options{}))
	t.Cleanup(store.Close)
	c := &clinic{t: t, store: store}
	c.API = bcapi.Config{APIURL: store.URL, StoreHash: sandbox.StoreHash, AccessToken: sandbox.Token}
	c.StateDir, c.Explain = filepath.Join(t.TempDir(), "state"), explain
	return c
}

// explain stands for the program's words about a setting.
func explain(err error) error { return fmt.Errorf("VARIABLE: %w", err) }

// on makes a clinic of an API of the test's own.
func on(t *testing.T, handle http.HandlerFunc) *clinic {
	c := newClinic(t)
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	c.API.APIURL = server.URL
	return c
}

// answering gives an API that has one answer for every request.
func answering(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func (c *clinic) fault(faults string) {
	c.t.Helper()
	response, err := http.Post(c.store.URL+"/_sandbox/faults", "application/json", strings.NewReader(faults))
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		c.t.Fatalf("faults: status %d", response.StatusCode)
	}
}

type sent struct {
	Method, Path, Query string
	Body                json.RawMessage
	Status              int
}

// requests lists what the store was sent.
func (c *clinic) requests() []sent {
	c.t.Helper()
	response, err := http.Get(c.store.URL + "/_sandbox/requests")
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	var all []sent
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		c.t.Fatal(err)
	}
	return all
}

// run makes the checks.
func (c *clinic) run() map[string]Check {
	c.t.Helper()
	report := Run(c.t.Context(), c.Config)
	checks := make(map[string]Check)
	for _, check := range report.Checks {
		checks[check.Name] = check
		if (check.Status == Failed || check.Status == Warning) != (check.Advice != "") {
			c.t.Errorf("%s is %s with the advice %q", check.Name, check.Status, check.Advice)
		}
		if check.Message == "" || strings.Contains(check.Message+check.Advice, "%!") {
			c.t.Errorf("%s says: %s %s", check.Name, check.Message, check.Advice)
		}
	}
	if len(checks) != 19 {
		c.t.Errorf("%d checks", len(checks))
	}
	if report.OK != (report.Count(Failed) == 0) {
		c.t.Errorf("ok is %v with %d failed", report.OK, report.Count(Failed))
	}
	return checks
}

// want is what a check is to say; every word has to be in its message or advice.
type want struct {
	status Status
	words  []string
}

// expect holds the checks to what is wanted, and all others to ok.
func expect(t *testing.T, checks map[string]Check, wants map[string]want) {
	t.Helper()
	for name := range wants {
		if _, made := checks[name]; !made {
			t.Errorf("there is no check %s", name)
		}
	}
	for name, check := range checks {
		w := wants[name]
		if w.status == "" {
			w.status = OK
		}
		if check.Status != w.status {
			t.Errorf("%s is %s, want %s: %s", name, check.Status, w.status, check.Message)
		}
		for _, word := range w.words {
			if !strings.Contains(check.Message+"\n"+check.Advice, word) {
				t.Errorf("%s does not say %q: %s -> %s", name, word, check.Message, check.Advice)
			}
		}
	}
}

// skips wants checks to be skipped for the one that failed.
func skips(wants map[string]want, because string, names ...string) map[string]want {
	for _, name := range names {
		wants[name] = want{Skipped, []string{"needs " + because + ","}}
	}
	return wants
}

func afterToken() []string {
	return []string{"quota", "beta", "list-instruments", "customer-instruments", "import-methods", "import-instruments",
		"payment-tokens", "payment-methods", "verify-customers"}
}

func afterConnection() []string { return append([]string{"store", "token", "clock"}, afterToken()...) }
