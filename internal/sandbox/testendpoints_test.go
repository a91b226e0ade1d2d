package sandbox_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/internal/sandbox"
)

func TestRequestLog(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	if r := s.test("GET", "requests", ""); strings.TrimSpace(string(r.body)) != "[]" {
		t.Errorf("empty log: %s", r.body)
	}
	s.do("GET", instrumentsPath+"?limit=5&after=MQ%3D%3D", "", header("Authorization", "Bearer secret"), header("X-Correlation-Id", "abc"))
	s.do("POST", accessTokenPath, ` { "order": {"id": 5, "is_recurring": false} } `)
	s.do("POST", accessTokenPath, `{"order":`, malformed)
	s.do("GET", "/customers/a%2Fb/stored-instruments", "", malformed)
	if _, err := s.sendTo("/elsewhere", "GET", "", malformed); err != nil {
		t.Fatal(err)
	}

	got := s.requests()
	for _, entry := range got {
		for name, value := range entry.Headers {
			if strings.EqualFold(name, "X-Auth-Token") || strings.EqualFold(name, "Authorization") || strings.Contains(value, "secret") {
				t.Errorf("logged: %s: %s", name, value)
			}
		}
	}
	if h := got[0].Headers; h["X-Correlation-Id"] != "abc" || h["Accept"] != "application/json" {
		t.Errorf("headers: %v", h)
	}
	for i := range got {
		got[i].Headers = nil
	}
	const base = "/stores/sandbox/v3"
	want := []logged{
		{Method: "GET", Path: base + instrumentsPath, Query: "limit=5&after=MQ%3D%3D", Body: []byte("null"), Status: 200},
		{Method: "POST", Path: base + accessTokenPath, Body: []byte(`{"order":{"id":5,"is_recurring":false}}`), Status: 201},
		{Method: "POST", Path: base + accessTokenPath, Body: []byte(`"{\"order\":"`), Status: 400},
		{Method: "GET", Path: base + "/customers/a%2Fb/stored-instruments", Body: []byte("null"), Status: 404},
		{Method: "GET", Path: "/elsewhere", Body: []byte("null"), Status: 404},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReset(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(2)
	s.faults(`[{"path":"/payments/methods","action":{"status":500}}]`)
	s.test("POST", "reset", "").want(200)
	if r, l := s.stored(), s.requests(); len(r) != 0 || len(l) != 0 {
		t.Errorf("left: %v %v", r, l)
	}
	s.do("GET", "/payments/methods?order_id=1", "").want(200)
	if a := s.list(""); len(a.Data) != 0 {
		t.Errorf("listed: %+v", a)
	}
}

func TestTestEndpointsRefuse(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.test("GET", "nothing", "").want(404)
	s.test("GET", "", "").want(404)
	for method, endpoint := range map[string]string{"POST": "instruments", "PUT": "requests", "GET": "faults", "DELETE": "reset"} {
		if r := s.test(method, endpoint, "").want(405); r.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", method, endpoint)
		}
	}
}
