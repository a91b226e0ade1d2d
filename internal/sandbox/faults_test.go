package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/internal/sandbox"
)

func (s *store) faults(list string) {
	s.t.Helper()
	s.test("POST", "faults", list).want(200)
}

// lost makes a request whose answer must never come.
func (s *store) lost(method, path, body string) {
	s.t.Helper()
	if r, err := s.send(method, path, body); err == nil {
		s.t.Errorf("%s %s was answered: %d %s", method, path, r.status, r.body)
	}
}

func TestFaultAnswersWithoutActing(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for _, tt := range []struct {
		action, content, body string
		status                int
	}{
		{`{"status":503}`, "application/json", `"title":"Service Unavailable"`, 503},
		{`{"status":429,"headers":{"x-retry-after":"7"}}`, "application/json", `"status":429`, 429},
		{`{"status":500,"body":"<html>oops</html>"}`, "text/html; charset=utf-8", `<html>oops</html>`, 500},
		{`{"status":200,"body":"{\"data\":[{\"cust"}`, "application/json", `{"data":[{"cust`, 200},
		{`{"status":200,"body":""}`, "application/json", ``, 200},
		{`{"status":207,"body":{"data":[],"errors":[]}}`, "application/json", `{"data":[],"errors":[]}`, 207},
		{`{"status":507,"body":[{"status":507}],"headers":{"Content-Type":"text/plain"}}`, "text/plain", `[{"status":507}]`, 507},
		{`{"status":509,"body":null}`, "application/json", `"status":509`, 509},
		{`{"status":204}`, "", ``, 204},
	} {
		s.faults(`[{"path":"` + instrumentsPath + `","action":` + tt.action + `}]`)
		r := s.do("POST", instrumentsPath, batch(card(1, "v1")), foreign).want(tt.status)
		if got := r.header.Get("Content-Type"); got != tt.content || !strings.Contains(string(r.body), tt.body) || (tt.body == "") != (len(r.body) == 0) {
			t.Errorf("%s: %s %s", tt.action, got, r.body)
		}
		if tt.status == 429 && r.header.Get("X-Retry-After") != "7" {
			t.Errorf("headers: %v", r.header)
		}
	}
	if got := s.stored(); len(got) != 0 {
		t.Errorf("stored: %+v", got)
	}
	s.load(card(1, "v1"))
}

func TestFaultsDrop(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.faults(`[{"path":"/payments/stored-instruments","action":{"drop":"before"}},{"path":"/payments/stored-instruments","action":{"drop":"after"}}]`)
	s.lost("POST", instrumentsPath, batch(card(1, "v1")))
	if got := s.stored(); len(got) != 0 {
		t.Errorf("before: stored %+v", got)
	}
	s.lost("POST", instrumentsPath, batch(card(1, "v1")))
	if got := s.stored(); len(got) != 1 {
		t.Errorf("after: stored %+v", got)
	}
	var statuses []int
	for _, r := range s.requests() {
		statuses = append(statuses, r.Status)
	}
	if fmt.Sprint(statuses) != "[0 200]" {
		t.Errorf("logged: %v", statuses)
	}
}

// TestFaultMayChangeARealAnswer: without a status the request is acted on, and only its answer is changed.
func TestFaultMayChangeARealAnswer(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.faults(`[{"path":"/payments/stored-instruments","action":{"body":"{\"data\":[","headers":{"X-Rate-Limit-Requests-Left":0}}}]`)
	r := s.do("POST", instrumentsPath, batch(card(1, "v1")), foreign).want(200)
	if string(r.body) != `{"data":[` || r.header.Get("X-Rate-Limit-Requests-Left") != "0" {
		t.Errorf("%v %s", r.header, r.body)
	}
	if got := s.stored(); len(got) != 1 {
		t.Errorf("stored: %+v", got)
	}
	s.faults(`[{"path":"/payments/stored-instruments","action":{"status":200,"body":"{}","headers":{"Content-Length":"50"}}}]`)
	if _, err := s.send("GET", instrumentsPath, "", foreign); err == nil {
		t.Error("a body shorter than announced was read to its end")
	}
}

func TestFaultsMatch(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	const list = `[
		{"method":"GET","path":"/payments/stored-instruments","times":2,"action":{"status":500}},
		{"path":"/payments/stored-instruments","action":{"status":502}},
		{"method":"post","path":"/payments/access_tokens","times":0,"action":{"status":503}},
		{"path":"/payments/methods","times":2,"action":{}}]`
	s.faults(list)
	s.faults(`[{"path":"/payments/methods","action":{"status":504}}]`)
	for i, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", instrumentsPath + "?limit=5", 500}, // the query does not count
		{"PUT", instrumentsPath, 502},              // any method
		{"GET", instrumentsPath, 500},
		{"GET", instrumentsPath, 200},
		{"GET", instrumentsPath + "/methods?currency_code=USD", 200}, // the path is not a prefix
		{"POST", accessTokenPath, 503},
		{"POST", accessTokenPath, 400},
		{"GET", "/payments/methods?order_id=1", 200}, // let through by the fault that does nothing, twice
		{"GET", "/payments/methods?order_id=1", 200},
		{"GET", "/payments/methods?order_id=1", 504}, // appended later
		{"GET", "/payments/methods?order_id=1", 200},
	} {
		if r := s.do(tt.method, tt.path, "", malformed, foreign); r.status != tt.status {
			t.Errorf("%d: %s %s: status %d, want %d", i, tt.method, tt.path, r.status, tt.status)
		}
	}
}

// TestLateCommit: a delayed request is carried out although its client has gone.
func TestLateCommit(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.faults(`[{"path":"/payments/stored-instruments","action":{"delay_ms":150}}]`)
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	gone := make(chan error, 1)
	go func() {
		_, err := s.send("POST", instrumentsPath, batch(card(1, "v1")), during(ctx)) //nolint:contextcheck // the option brings the context
		gone <- err
	}()
	s.eventually(func(log []logged) bool { return len(log) == 1 })
	if got := s.stored(); len(got) != 0 {
		t.Fatalf("stored too early: %+v", got)
	}
	leave()
	if err := <-gone; err == nil {
		t.Error("the client did not leave")
	}
	s.eventually(func(log []logged) bool { return log[0].Status == 200 })
	if got := s.stored(); len(got) != 1 {
		t.Errorf("stored: %+v", got)
	}
}

// during makes a request in a context of the test's own.
func during(ctx context.Context) option {
	return func(r *http.Request) *http.Request { return r.WithContext(ctx) }
}

func (s *store) eventually(holds func([]logged) bool) {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if holds(s.requests()) {
			return
		}
	}
	s.t.Fatal("it never came about")
}

func TestMalformedFaultsAreRefused(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	const path = `"path":"/payments/methods"`
	for list, want := range map[string]string{
		``:     "must be a JSON array",
		`{}`:   "must be a JSON array",
		`null`: "must be a JSON array",
		`[5]`:  "fault 0: it must be an object",
		`[{"path":"/payments/methods","action":{}},{"action":{}}]`:     "fault 1: path must be what follows",
		`[{"path":"payments/methods","action":{}}]`:                    "path must be what follows",
		`[{"path":"/stores/sandbox/v3/payments/methods","action":{}}]`: "path must be what follows",
		`[{"path":"/payments/methods?order_id=1","action":{}}]`:        "path must be what follows",
		`[{` + path + `,"actions":{}}]`:                                `unknown field "actions"`,
		`[{` + path + `,"times":-1,"action":{}}]`:                      "times must not be negative",
		`[{` + path + `,"times":"2","action":{}}]`:                     "times must be an integer",
		`[{` + path + `,"action":{"status":99}}]`:                      "action.status must be between 200 and 599",
		`[{` + path + `,"action":{"status":"500"}}]`:                   "action.status must be an integer",
		`[{` + path + `,"action":{"drop":"during"}}]`:                  `action.drop must be "before" or "after"`,
		`[{` + path + `,"action":{"drop":"after","status":500}}]`:      "exclude each other",
		`[{` + path + `,"action":{"delay_ms":-1}}]`:                    "action.delay_ms must be between",
		`[{` + path + `,"action":{"delay_ms":86400000}}]`:              "action.delay_ms must be between",
		`[{` + path + `,"action":{"headers":{"X-A":[]}}}]`:             "must be a string",
		`[{` + path + `,"action":{"headers":{"X A":"b"}}}]`:            "action.headers",
		`[{` + path + `}]`: "action is required",
	} {
		r := s.test("POST", "faults", list).want(400)
		if f := into[failure](r); !strings.Contains(f.Title, want) {
			t.Errorf("%s: %q, want %q", list, f.Title, want)
		}
	}
	s.do("GET", "/payments/methods?order_id=1", "").want(200) // nothing of a refused list stays
}
