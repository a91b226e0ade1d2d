package sandbox_test

import (
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
)

// operations are all that the store offers, each with a request that it would grant.
var operations = []struct {
	method, path, body, scope string
	writes                    bool
}{
	{"POST", accessTokenPath, `{"order":{"id":1}}`, "store_payments_access_token_create", true},
	{"GET", "/payments/methods?order_id=1", "", "", false},
	{"POST", instrumentsPath + "/access-tokens", "", "store_stored_payment_instruments", true},
	{"GET", instrumentsPath, "", "", false},
	{"POST", instrumentsPath, batch(card(1, "v1")), "store_stored_payment_instruments", true},
	{"PUT", instrumentsPath, `{"token":"` + zeroToken + `"}`, "store_stored_payment_instruments", true},
	{"DELETE", instrumentsPath + "?token:in=" + zeroToken, "", "store_stored_payment_instruments", true},
	{"DELETE", instrumentsPath + "/" + zeroToken, "", "store_stored_payment_instruments", true},
	{"GET", instrumentsPath + "/methods?currency_code=USD", "", "", false},
	{"GET", "/customers/1/stored-instruments", "", "", false},
	{"GET", "/customers?id:in=1", "", "", false},
}

const zeroToken = "0000000000000000000000000000000000000000000000000000000000000000"

func TestCredentials(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for _, op := range operations {
		for _, token := range []string{"", "wrong", sandbox.Token + "x"} {
			r := s.do(op.method, op.path, op.body, malformed, header("X-Auth-Token", token)).want(401)
			f := into[failure](r)
			if customers := strings.HasPrefix(op.path, "/customers"); customers && f.Message != "Unauthorized" || !customers && f.Title != "Unauthorized" {
				t.Errorf("%s %s: %s", op.method, op.path, r.body)
			}
		}
		r := s.do(op.method, op.path, op.body, header("X-Auth-Token", sandbox.ReadOnlyToken))
		if !op.writes {
			r.want(200)
			continue
		}
		if f := into[failure](r.want(403)); f.Errors["scope"] != op.scope {
			t.Errorf("%s %s: %s", op.method, op.path, r.body)
		}
	}
	if got := s.stored(); len(got) != 0 {
		t.Errorf("stored in spite of all: %+v", got)
	}
}

func TestMediaTypes(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for _, op := range operations {
		for _, accept := range []string{"text/html", "application/xml, text/*", "application/json;q=0", "nonsense/"} {
			s.do(op.method, op.path, op.body, header("Accept", accept)).want(406)
		}
		granted := s.do(op.method, op.path, op.body).status
		for _, accept := range []string{"*/*", "application/*;q=0.5", "text/html, application/json;q=0.9", "Application/JSON; charset=utf-8"} {
			s.do(op.method, op.path, op.body, header("Accept", accept)).want(granted)
		}
		s.do(op.method, op.path, op.body, malformed, header("Accept", "")).want(granted)
		if op.body == "" {
			continue
		}
		for _, content := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "json"} {
			s.do(op.method, op.path, op.body, malformed, header("Content-Type", content)).want(415)
		}
		s.do(op.method, op.path, op.body, header("Content-Type", "application/json; charset=UTF-8")).want(granted)
	}
}

func TestUnknownPlacesAndMethods(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for _, path := range []string{
		"/payments", "/payments/", "/payments/access_tokens/", "/payments/access_tokens/1", "/nothing",
		instrumentsPath + "/a/b", "/customers/1", "/customers/1/2/stored-instruments", "/customers/../customers",
	} {
		s.do("GET", path, "", malformed).want(404)
		s.do("GET", path, "", malformed, header("X-Auth-Token", "")).want(401)
	}
	for _, path := range []string{
		"/", "/stores", "/stores/sandbox", "/stores/sandbox/v2/payments/access_tokens", "/stores/sandbox/v3", "/stores/sandbox/v3payments/methods",
	} {
		r, err := s.sendTo(path, "GET", "", malformed)
		if err != nil {
			t.Fatal(err)
		}
		r.want(404)
	}
	for _, op := range operations {
		r, err := s.sendTo("/stores/another/v3"+op.path, op.method, op.body)
		if err != nil {
			t.Fatal(err)
		}
		r.want(404)
	}
	for _, tt := range []struct{ method, path, allow string }{
		{"GET", accessTokenPath, "POST"},
		{"DELETE", "/payments/methods", "GET"},
		{"HEAD", instrumentsPath + "/methods", "GET"},
		{"OPTIONS", instrumentsPath, "GET, POST, PUT, DELETE"},
		{"POST", instrumentsPath + "/" + zeroToken, "DELETE, PUT"},
		{"POST", "/customers", "GET"},
	} {
		r := s.do(tt.method, tt.path, "", malformed, noBodyCheck(tt.method)).want(405)
		if allow := r.header.Get("Allow"); allow != tt.allow {
			t.Errorf("%s %s: Allow is %q, want %q", tt.method, tt.path, allow, tt.allow)
		}
	}
	s.do("PATCH", instrumentsPath, "{}", malformed).want(501)
	s.do("TRACE", instrumentsPath, "", malformed).want(501)
}

// noBodyCheck leaves the answer to a HEAD request unchecked, since it has no body.
func noBodyCheck(method string) option {
	if method == "HEAD" {
		return foreign
	}
	return header("Accept", "application/json")
}
