package tools_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// brokenStore is a sandbox of which one request fails, from when it is told to.
type brokenStore struct {
	sandbox      http.Handler
	method, path string
	fail         atomic.Pointer[http.HandlerFunc]
}

func (s *brokenStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if fail := s.fail.Load(); fail != nil && r.Method == s.method && strings.TrimPrefix(r.URL.Path, "/stores/sandbox/v3") == s.path {
		(*fail)(w, r)
		return
	}
	s.sandbox.ServeHTTP(w, r)
}

func (s *brokenStore) breakWith(fail http.HandlerFunc) { s.fail.Store(&fail) }

// told is what a model is told of a failure: words that its next_step has to
// have, besides code and retryable.
type told struct {
	code      string
	retryable bool
	nextStep  []string
}

// apiCall is a call of a tool and a request of it that is made to fail.
type apiCall struct {
	name, tool, arguments string // TOKEN stands for an instrument of customer 1, JOB for the import that brought it
	method, path          string

	scope   string // which a 403 names
	missing string // what a 404 says
	invalid string // what a 422 says, where it is about more than fields
	lost    told   // when the answer is lost
	patient bool   // waits for itself when it is put off
	// answers are the failures after which the tool still gives its answer, with
	// what that holds.
	answers map[string]string
}

func apiCalls() []apiCall {
	const (
		instruments = "/payments/stored-instruments"
		customers   = "/customers/1/stored-instruments"
		readScope   = "store_stored_payment_instruments_read_only or store_stored_payment_instruments"
		writeScope  = "store_stored_payment_instruments or store_payments_access_token_create"
		noStore     = "BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_API_URL"
		noCustomer  = "check the customer_id"
		makeDefault = `{"customer_id":1,"token":"TOKEN","make_default":true}`
		one         = `{"customer_id":1,"token":"TOKEN"}`
		tokens      = `{"customer_id":1,"tokens":["TOKEN"]}`
	)
	unread := told{"read_failed", true, []string{"Call again in a minute"}}
	again := func(words string) told { return told{"outcome_unknown", true, []string{"Call again", words}} }
	return []apiCall{
		{name: "mint", tool: "create_payment_access_token", arguments: `{"order_id":7}`, method: "POST", path: "/payments/access_tokens",
			scope: "store_payments_access_token_create", missing: "check the order_id", lost: again("a second token does no harm")},
		{name: "list", tool: "list_stored_instruments", arguments: `{}`, method: "GET", path: instruments, scope: readScope, missing: noStore, lost: unread},
		{name: "list of a customer", tool: "list_stored_instruments", arguments: `{"customer_id":1}`, method: "GET", path: customers, scope: readScope, missing: noCustomer, lost: unread},
		{name: "methods", tool: "list_payment_methods", arguments: `{"order_id":7}`, method: "GET", path: "/payments/methods",
			scope: "store_payments_methods_read", missing: "no such order or checkout", lost: unread},
		{name: "import methods", tool: "list_import_payment_methods", arguments: `{"currency_code":"USD"}`, method: "GET", path: instruments + "/methods", scope: readScope, missing: noStore, lost: unread},
		{name: "check of an import", tool: "bulk_import_instruments", arguments: `{"instruments":[` + row(7, "v") + `]}`, method: "GET", path: instruments + "/methods", scope: readScope, missing: noStore, lost: unread},
		{name: "customers of a plan", tool: "bulk_import_instruments", arguments: `{"file":"vault.csv","verify_customers":true}`, method: "GET", path: "/customers",
			scope: "store_v2_customers_read_only", missing: noStore, lost: unread},
		{name: "verify", tool: "get_import_job", arguments: `{"job_id":"JOB","verify":true}`, method: "GET", path: instruments, scope: readScope, missing: noStore, lost: unread},
		{name: "update, first look", tool: "update_stored_instrument", arguments: makeDefault, method: "GET", path: customers, scope: readScope, missing: noCustomer, lost: unread},
		{name: "update", tool: "update_stored_instrument", arguments: makeDefault, method: "PUT", path: instruments, scope: writeScope,
			missing: "list_stored_instruments with the customer_id", lost: again("twice does no harm"),
			answers: map[string]string{"half of a JSON": `"next_step":"The store took the request and did not make`}}, // the look afterwards tells
		{name: "delete, first look", tool: remove, arguments: tokens, method: "GET", path: customers, scope: readScope, missing: noCustomer, lost: unread},
		{name: "delete", tool: remove, arguments: tokens, method: "DELETE", path: instruments, scope: writeScope, missing: noStore, lost: again("twice does no harm"),
			answers: map[string]string{"400": `"code":"http_400"`, "409": `"code":"http_409"`, "413": `"code":"http_413"`, "422": `"code":"http_422"`}},
		{name: "unvault, first look", tool: unvault, arguments: one, method: "GET", path: customers, scope: readScope, missing: noCustomer, lost: unread},
		{name: "unvault", tool: unvault, arguments: one, method: "DELETE", path: instruments + "/TOKEN", scope: writeScope, missing: "list_stored_instruments with the customer_id", invalid: "check in the gateway",
			lost: told{"outcome_unknown", false, []string{"list_stored_instruments", "gateway's own pages"}}},
		{name: "undo", tool: undo, arguments: `{"job_id":"JOB"}`, method: "DELETE", path: instruments, scope: writeScope, missing: noStore, lost: again("deleting twice does no harm"), patient: true,
			answers: map[string]string{"400": `"refused":2`, "409": `"refused":2`, "413": `"refused":2`, "422": `"refused":2`}},
	}
}

// broken is a fixture on a store that will break the request of a call once
// fail is set, and the call's arguments.
func (c apiCall) broken(t testing.TB, change ...func(*bcapi.Config)) (f *fixture, store *brokenStore, arguments string) {
	t.Helper()
	store = &brokenStore{sandbox: sandbox.New(sandbox.Options{}), method: c.method}
	listening := httptest.NewServer(store)
	t.Cleanup(listening.Close)
	api := bcapi.Config{APIURL: listening.URL, AccessToken: sandbox.Token}
	for _, change := range change {
		change(&api)
	}
	f = newFixtureAt(t, api, allowDeletes)
	f.store = listening
	f.writeVault(t, "vault.csv", 3)
	if !strings.Contains(c.arguments, "TOKEN") && !strings.Contains(c.arguments, "JOB") {
		store.path = c.path
		return f, store, c.arguments
	}
	j := f.importRows(t, `{"instruments":[`+row(1, "a")+`,`+row(1, "b")+`]}`)
	fill := strings.NewReplacer("TOKEN", j.Instruments[1].Token, "JOB", j.JobID)
	store.path = fill.Replace(c.path)
	return f, store, fill.Replace(c.arguments)
}

// apiFailure is a way in which a request fails.
type apiFailure struct {
	name  string
	serve http.HandlerFunc
	// want gives what is told of it; nil when the answer is lost.
	want    func(apiCall) told
	putsOff bool
}

func answerWith(status int, title string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		fixedAnswer(status, fmt.Sprintf(`{"status":%d,"title":%q,"type":"t"}`, status, title)).ServeHTTP(w, r)
	}
}

func htmlWith(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		fmt.Fprint(w, "<html><title>Sign in</title></html>")
	}
}

func apiFailures() []apiFailure {
	same := func(code string, retryable bool, nextStep ...string) func(apiCall) told {
		return func(apiCall) told { return told{code, retryable, nextStep} }
	}
	refused := func(status int, nextStep ...string) apiFailure {
		return apiFailure{fmt.Sprint(status), answerWith(status, "No"), same(fmt.Sprint("http_", status), false, nextStep...), false}
	}
	later := func(status int) apiFailure {
		return apiFailure{fmt.Sprint(status), answerWith(status, "Not now", "X-Retry-After", "17"), same(fmt.Sprint("http_", status), true, "Wait 17 seconds"), true}
	}
	return []apiFailure{
		refused(302, "BIGCOMMERCE_API_URL"),
		refused(400, "do not repeat"),
		refused(401, "BIGCOMMERCE_ACCESS_TOKEN", "BIGCOMMERCE_ACCESS_TOKEN_FILE", "BIGCOMMERCE_STORE_HASH", "restart"),
		{"403", answerWith(403, "Forbidden"), func(c apiCall) told {
			return told{"http_403", false, []string{c.scope, "make a new account", "BIGCOMMERCE_ACCESS_TOKEN", "restart"}}
		}, false},
		{"404", answerWith(404, "Not found"), func(c apiCall) told { return told{"http_404", false, []string{c.missing}} }, false},
		refused(405, "BIGCOMMERCE_API_URL"),
		refused(409, "do not repeat"),
		refused(413, "less"),
		{"422", answerWith(422, "No"), func(c apiCall) told {
			return told{"http_422", false, []string{cmp.Or(c.invalid, "correct"), "do not repeat"}}
		}, false},
		{name: "408", serve: answerWith(408, "Request timeout")},
		{name: "499", serve: answerWith(499, "Gone")},
		{name: "500", serve: answerWith(500, "Oops")},
		{name: "502", serve: htmlWith(502)},
		{"501", answerWith(501, "Never"), func(c apiCall) told {
			if c.method == http.MethodGet {
				return told{"read_failed", false, []string{"do not repeat"}}
			}
			return c.lost
		}, false},
		{name: "503", serve: answerWith(503, "Maintenance")},
		{name: "504", serve: answerWith(504, "Too slow")},
		refused(507, "stop"),
		{name: "HTML", serve: htmlWith(200)},
		{name: "half of a JSON", serve: fixedAnswer(200, `{"data":[{"cust`).ServeHTTP},
		{name: "a lost connection", serve: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		later(423), later(429), later(509),
	}
}

// TestEveryFailureOfEveryTool walks what can go wrong with each request of each
// tool, one by one.
func TestEveryFailureOfEveryTool(t *testing.T) {
	for _, c := range apiCalls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, store, arguments := c.broken(t)
			for _, failure := range apiFailures() {
				if failure.putsOff {
					if c.patient {
						continue
					}
					f, store, arguments = c.broken(t) // the last one holds back what follows
				}
				store.breakWith(failure.serve)
				r := f.call(t, c.tool, arguments)
				if answer := c.answers[failure.name]; answer != "" {
					if r.IsError || !strings.Contains(r.Content[0].Text, answer) {
						t.Errorf("%s: %s", failure.name, r.Content[0].Text)
					}
					continue
				}
				want := c.lost
				if failure.want != nil {
					want = failure.want(c)
				}
				want.check(t, failure.name, r)
			}
		})
	}
}

func (want told) check(t *testing.T, name string, r result) {
	t.Helper()
	e := r.failure(t)
	if e.Code != want.code || e.Retryable != want.retryable || e.Message == "" {
		t.Errorf("%s: want %s, retryable %t: %s", name, want.code, want.retryable, r.Content[0].Text)
	}
	for _, words := range want.nextStep {
		if !strings.Contains(e.NextStep, words) {
			t.Errorf("%s: next_step lacks %q: %s", name, words, r.Content[0].Text)
		}
	}
	if e.Retryable && strings.Contains(strings.ToLower(e.NextStep), "do not repeat") {
		t.Errorf("%s: contradicts itself: %s", name, r.Content[0].Text)
	}
}

// TestCodesOfTheAPI: its own codes count for more than the status.
func TestCodesOfTheAPI(t *testing.T) {
	for _, c := range apiCalls() {
		if c.name != "mint" && c.name != "methods" {
			continue
		}
		f, store, arguments := c.broken(t)
		for _, tt := range []struct {
			status int
			title  string
			want   told
		}{
			{404, "Order not found", told{"30003", false, []string{"no such order", "BIGCOMMERCE_STORE_HASH"}}},
			{409, "Order is not in a correct status.", told{"30101", false, []string{"Incomplete", "has not been paid", "PUT /v2/orders/{id}"}}},
			{422, "Something new", told{"30777", false, []string{"correct"}}},
			{400, "Missing", told{"10001", false, []string{"correct the request"}}},
		} {
			store.breakWith(fixedAnswer(tt.status, fmt.Sprintf(`{"status":%d,"title":%q,"code":%s}`, tt.status, tt.title, tt.want.code)).ServeHTTP)
			r := f.call(t, c.tool, arguments)
			tt.want.check(t, c.name, r)
			if e := r.failure(t); !strings.Contains(e.Message, fmt.Sprintf("and said: %q.", tt.title)) {
				t.Errorf("message %q", e.Message)
			}
		}
	}
}

// sendCalls are the requests of an import that come after its check, when it is
// a job already.
func sendCalls() []apiCall {
	arguments := `{"instruments":[` + row(7, "v") + `]}`
	return []apiCall{
		{name: "the look before", tool: "bulk_import_instruments", arguments: arguments, method: "GET", path: "/payments/stored-instruments", scope: "store_stored_payment_instruments_read_only"},
		{name: "the rows", tool: "bulk_import_instruments", arguments: arguments, method: "POST", path: "/payments/stored-instruments", scope: "store_stored_payment_instruments or store_payments_access_token_create"},
	}
}

// TestAnImportThatFailsIsAJob: what stops an import is told by the job's
// answer, never as an error, and its rows are accounted for.
func TestAnImportThatFailsIsAJob(t *testing.T) {
	for _, c := range sendCalls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, failure := range apiFailures() {
				if failure.putsOff {
					continue // is waited for
				}
				f, store, arguments := c.broken(t)
				store.breakWith(failure.serve)
				j := f.importRows(t, arguments)
				if len(f.stored(t)) != 0 || j.Total != 1 || j.JobID == "" {
					t.Errorf("%s: %+v", failure.name, j)
				}
				switch aboutRows := map[string]bool{"400": true, "409": true, "413": true, "422": true}; {
				case c.method == http.MethodPost && aboutRows[failure.name]:
					if j.Status != "completed_with_failures" || j.Failed != 1 || !strings.HasPrefix(j.Failures[0].Problems[0].Message, "the API says: ") {
						t.Errorf("%s: %+v", failure.name, j)
					}
				case c.method == http.MethodPost && failure.want == nil, c.method == http.MethodPost && failure.name == "501":
					if j.Status != "interrupted" || j.Unconfirmed != 1 || j.Reason == "" || !strings.Contains(j.NextStep, "with the same rows") {
						t.Errorf("%s: %+v", failure.name, j)
					}
				default:
					if j.Status != "interrupted" || j.Remaining != 1 || !strings.Contains(j.NextStep, "with the same rows") {
						t.Errorf("%s: %+v", failure.name, j)
					}
					checkReason(t, c, failure, j.Reason)
				}
			}
		})
	}
}

// checkReason holds a job's reason to what an error would have told.
func checkReason(t *testing.T, c apiCall, failure apiFailure, reason string) {
	t.Helper()
	c.missing, c.lost = "BIGCOMMERCE_STORE_HASH", told{nextStep: []string{"A read changes nothing"}}
	want := c.lost
	if failure.want != nil {
		want = failure.want(c)
	}
	for _, words := range want.nextStep {
		if !strings.Contains(reason, words) {
			t.Errorf("%s: the reason lacks %q: %s", failure.name, words, reason)
		}
	}
}

// TestErrorsOfOurOwn are those that no answer of the API has caused.
func TestErrorsOfOurOwn(t *testing.T) {
	f := newFixture(t, nil)
	f.writeVault(t, "vault.csv", 3)
	plan := f.importRows(t, `{"file":"vault.csv"}`)
	f.writeVault(t, "vault.csv", 4)
	call := func(tool, arguments string, want told) {
		t.Helper()
		want.check(t, tool, f.call(t, tool, arguments))
	}
	call("bulk_import_instruments", fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID), told{"plan_stale", false, []string{"Call with file again", "not sent twice"}})
	call("get_import_job", `{"job_id":"imp_none"}`, told{"unknown_job", false, []string{"list_import_jobs"}})
	if err := os.RemoveAll(f.files); err != nil {
		t.Fatal(err)
	}
	call("bulk_import_instruments", `{"file":"vault.csv"}`, told{"no_import_folder", false, []string{"then call again"}})
}

// TestOneImportAtATime: the second is told of the first; and rows that came
// with a call cannot be gone on with by their job's id.
func TestOneImportAtATime(t *testing.T) {
	f, store, arguments := sendCalls()[1].broken(t)
	arrived, letGo := slowly(store)
	done := f.begin(t.Context(), "bulk_import_instruments", arguments)
	<-arrived
	r := f.call(t, "bulk_import_instruments", `{"instruments":[`+row(8, "other")+`]}`)
	told{"import_running", true, []string{"get_import_job", "cancel_import_job"}}.check(t, "a second", r)
	if job := f.jobs(t)[0]; !strings.Contains(r.Content[0].Text, `"details":{"job_id":"`+job+`"}`) {
		t.Errorf("%s is not named: %s", job, r.Content[0].Text)
	}
	close(letGo)
	f.ended(t, done)

	store.breakWith(answerWith(401, "No"))
	j := f.importRows(t, `{"instruments":[`+row(8, "other")+`]}`)
	r = f.call(t, "bulk_import_instruments", fmt.Sprintf(`{"plan_id":%q}`, j.JobID))
	told{"inline_job", false, []string{"same instruments again"}}.check(t, "going on", r)
}
