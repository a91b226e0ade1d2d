package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bigcommerce-payments-mcp/examples/vaultfile"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// cards are rows of one customer's cards.
func cards(customer, n int) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"payment_method_id":"braintree.credit_card","currency_code":"USD","customer_id":%d,
			"instrument":{"type":"credit_card","vault_token":"t%dx%d","provider_customer_id":"c%d","brand":"visa","expiry_month":%d,"expiry_year":2031,"last_4":"1111","iin":"411111"},
			"billing_address":{"first_name":"Sam","last_name":"Williams","email":"sam@example.com","street_1":"1 Sample Street","city":"Austin","state_or_province_code":"TX","country_code":"US","postal_code":"78701"}}`,
			customer, customer, i, customer, i+1)
	}
	return `{"instruments":[` + strings.Join(rows, ",") + `]}`
}

// importAnswer is what the tests look at of an import's answer.
type importAnswer struct {
	JobID           string `json:"job_id"`
	PlanID          string `json:"plan_id"`
	Status          string `json:"status"`
	Total           int    `json:"total"`
	Imported        int    `json:"imported"`
	Failed          int    `json:"failed"`
	AlreadyImported int    `json:"already_imported"`
	Unconfirmed     int    `json:"unconfirmed"`
	Remaining       int    `json:"remaining"`
	ReportFile      string `json:"report_file"`
	NextStep        string `json:"next_step"`
	Verified        struct {
		Present    int `json:"present"`
		Missing    int `json:"missing"`
		NotDefault int `json:"not_default"`
	} `json:"verified"`
	Failures []struct {
		Row int `json:"row"`
	} `json:"failures"`
	Instruments []struct {
		Token string `json:"token"`
	} `json:"instruments"`
}

// filled puts a job's id and tokens into arguments.
func (a importAnswer) filled(arguments string) string {
	pairs := []string{"JOB", a.JobID}
	for i, in := range a.Instruments {
		pairs = append(pairs, fmt.Sprint("TOKEN", i), in.Token)
	}
	return strings.NewReplacer(pairs...).Replace(arguments)
}

// writeVault makes a file of a gateway's vault and returns its folder.
func writeVault(t *testing.T, name string, options vaultfile.Options) string {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := vaultfile.Write(file, options); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestEveryToolInEveryEra calls each tool once, for a client that cannot ask
// anybody.
func TestEveryToolInEveryEra(t *testing.T) {
	steps := []struct{ tool, arguments, holds string }{
		{"list_import_payment_methods", `{"currency_code":"USD"}`, `"payment_method_id":"braintree.credit_card"`},
		{"bulk_import_instruments", cards(1, 4), `"imported":4`},
		{"get_import_job", `{"job_id":"JOB","verify":true}`, `"verified":{"present":4,"missing":0,"not_default":0}`},
		{"list_import_jobs", `{}`, `"job_id":"JOB"`},
		{"cancel_import_job", `{"job_id":"JOB"}`, `"status":"completed"`}, // it has ended already
		{mint, `{"order_id":7}`, `"token":"ey`},
		{"list_payment_methods", `{"order_id":7}`, `"id":"braintree.card"`},
		{"list_stored_instruments", `{"customer_id":1}`, `"token":"TOKEN3"`},
		{"update_stored_instrument", `{"customer_id":1,"token":"TOKEN2","make_default":true}`, `"is_default":true`},
		{"delete_stored_instruments", `{"customer_id":1,"tokens":["TOKEN0"]}`, `"deleted":["TOKEN0"]`},
		{"unvault_stored_instrument", `{"customer_id":1,"token":"TOKEN1"}`, `"unvaulted":"TOKEN1"`},
		{"undo_import_job", `{"job_id":"JOB"}`, `"deleted":2,`},
	}
	for _, revision := range revisions() {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			c := connect(t, revision, nil, "BIGCOMMERCE_SANDBOX=true", "BIGCOMMERCE_ALLOW_DELETES=true")
			var imported importAnswer
			var called []string
			for _, step := range steps {
				r := c.call(step.tool, imported.filled(step.arguments))
				if step.tool == "bulk_import_instruments" {
					if err := json.Unmarshal(r.Structured, &imported); err != nil {
						t.Fatal(err)
					}
				}
				if text := r.Content[0].Text; r.IsError || !strings.Contains(text, imported.filled(step.holds)) {
					t.Errorf("%s: want %s: %s", step.tool, imported.filled(step.holds), text)
				}
				called = append(called, step.tool)
			}
			if slices.Sort(called); !slices.Equal(called, c.tools()) {
				t.Errorf("called %q of %q", called, c.tools())
			}
		})
	}
}

// TestEveryQuestionInBothEras puts those of each tool that asks to its person,
// whose word counts.
func TestEveryQuestionInBothEras(t *testing.T) {
	questions := []struct{ tool, arguments, says string }{
		{"bulk_import_instruments", `{"plan_id":"PLAN"}`, "Import 3 instruments"},
		{"update_stored_instrument", `{"customer_id":1,"token":"TOKEN2","billing_address":{"city":"Boston"}}`, "visa ending in 1111"},
		{"delete_stored_instruments", `{"customer_id":1,"tokens":["TOKEN0"]}`, "visa ending in 1111"},
		{"unvault_stored_instrument", `{"customer_id":1,"token":"TOKEN1"}`, "for ever"},
		{"undo_import_job", `{"job_id":"JOB"}`, "2 instruments"},
	}
	for _, revision := range []string{"2025-06-18", lastHandshake, stateless} {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			p := new(person)
			c := connect(t, revision, p, "BIGCOMMERCE_SANDBOX=true", "BIGCOMMERCE_ALLOW_DELETES=true",
				"BIGCOMMERCE_IMPORT_DIR="+writeVault(t, "vault.csv", vaultfile.Options{Rows: 3, Seed: 1}))
			var imported, plan importAnswer
			c.success("bulk_import_instruments", cards(1, 4), &imported)
			c.success("bulk_import_instruments", `{"file":"vault.csv"}`, &plan)
			for _, q := range questions {
				arguments := strings.ReplaceAll(imported.filled(q.arguments), "PLAN", plan.PlanID)
				for name, answer := range refusals() {
					p.will(answer)
					if code := c.failure(q.tool, arguments); code != "declined" {
						t.Errorf("%s, %s: %s", q.tool, name, code)
					}
				}
				p.will(agrees())
				if r := c.call(q.tool, arguments); r.IsError {
					t.Errorf("%s: %s", q.tool, r.Content[0].Text)
				}
				asked := p.questions()
				if len(asked) != 4 || slices.ContainsFunc(asked, func(s string) bool {
					return !strings.Contains(s, q.says) || !strings.Contains(s, `sandbox store "sandbox"`)
				}) {
					t.Errorf("%s asks %q", q.tool, asked)
				}
			}
		})
	}
}

// heldStore is a sandbox that holds its answers back while it is told to.
type heldStore struct {
	*httptest.Server
	sandbox  http.Handler
	holds    atomic.Bool
	arrived  chan struct{}
	released chan struct{}
}

func newHeldStore(t *testing.T) *heldStore {
	s := &heldStore{sandbox: sandbox.New(sandbox.Options{}), arrived: make(chan struct{}, 100), released: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.holds.Load() {
			s.arrived <- struct{}{}
			<-s.released
		}
		s.sandbox.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *heldStore) wait(t *testing.T) {
	t.Helper()
	select {
	case <-s.arrived:
	case <-time.After(patience):
		t.Fatal("no request arrives")
	}
}

// writes are the requests that change something, once all of them are done.
func (s *heldStore) writes(t *testing.T) []string {
	t.Helper()
	s.Close()
	answer := httptest.NewRecorder()
	s.sandbox.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_sandbox/requests", nil))
	var all []struct{ Method, Path string }
	if err := json.Unmarshal(answer.Body.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	var writes []string
	for _, r := range all {
		if r.Method != http.MethodGet {
			writes = append(writes, r.Method+" "+strings.TrimPrefix(r.Path, "/stores/sandbox/v3"))
		}
	}
	return writes
}

// TestEveryToolIsCancelledInBothEras: nobody is answered, what has not been sent
// by then is not sent any more, and other calls are served.
func TestEveryToolIsCancelledInBothEras(t *testing.T) {
	calls := []struct{ tool, arguments string }{ // those that make requests
		{mint, `{"order_id":7}`},
		{"list_import_payment_methods", `{"currency_code":"EUR"}`},
		{"bulk_import_instruments", cards(2, 1)},
		{"get_import_job", `{"job_id":"JOB","verify":true}`},
		{"list_payment_methods", `{"order_id":7}`},
		{"list_stored_instruments", `{}`},
		{"update_stored_instrument", `{"customer_id":1,"token":"TOKEN2","make_default":true}`},
		{"delete_stored_instruments", `{"customer_id":1,"tokens":["TOKEN0"]}`},
		{"unvault_stored_instrument", `{"customer_id":1,"token":"TOKEN1"}`},
		{"undo_import_job", `{"job_id":"JOB"}`},
	}
	for _, revision := range []string{lastHandshake, stateless} {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			store := newHeldStore(t)
			e := startEra(t, revision, "BIGCOMMERCE_API_URL="+store.URL, "BIGCOMMERCE_STORE_HASH="+sandbox.StoreHash,
				"BIGCOMMERCE_ACCESS_TOKEN="+sandbox.Token, "BIGCOMMERCE_ALLOW_DELETES=true")
			var imported importAnswer
			if err := json.Unmarshal(e.answer(0, "bulk_import_instruments", cards(1, 4)), &imported); err != nil || imported.Imported != 4 {
				t.Fatalf("%+v, %v", imported, err)
			}
			store.holds.Store(true)
			for i, c := range calls {
				e.call(i+1, c.tool, imported.filled(c.arguments))
				store.wait(t)
				e.send(cancelled(i + 1))
			}
			e.answer(100, "list_import_jobs", `{}`)
			store.holds.Store(false)
			close(store.released)
			e.answer(101, "list_payment_methods", `{"order_id":7}`)
			e.stdin.Close()
			if rest := e.rest(); len(rest) > 0 {
				t.Errorf("answered although cancelled: %s", rest[0].raw)
			}
			got := slices.Sorted(slices.Values(store.writes(t)))
			want := []string{"DELETE /payments/stored-instruments", "POST /payments/access_tokens"} // were under way
			want = append(want, slices.Repeat([]string{"POST /payments/stored-instruments"}, 4)...) // before: a customer's rows go one by one
			if !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
		})
	}
}

// eraProcess is a server spoken to line by line, in either era.
type eraProcess struct {
	*process
	meta string // of each request
}

func startEra(t *testing.T, revision string, settings ...string) *eraProcess {
	t.Helper()
	e := &eraProcess{process: start(t, settings)}
	if revision == stateless {
		e.meta = `,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	} else {
		e.initialize()
	}
	return e
}

func (e *eraProcess) call(id int, tool, arguments string) {
	e.t.Helper()
	e.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s%s}}`,
		id, tool, strings.ReplaceAll(arguments, "\n", " "), e.meta))
}

// answer makes a call whose answer has to be the next one, and a success.
func (e *eraProcess) answer(id int, tool, arguments string) json.RawMessage {
	e.t.Helper()
	e.call(id, tool, arguments)
	m := e.receive()
	r := m.tool(e.t)
	if string(m.ID) != fmt.Sprint(id) || r.IsError {
		e.t.Fatalf("the next answer is %s", m.raw)
	}
	return r.Structured
}
