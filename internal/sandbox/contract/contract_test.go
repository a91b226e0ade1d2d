package contract_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox/contract"
)

// recorder is a test that takes its failures down.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// canned answers every request alike.
type canned struct {
	status  int
	header  http.Header
	content io.Reader
	sent    string
}

func (c *canned) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		c.sent = string(body)
	}
	header := c.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	return &http.Response{StatusCode: c.status, Header: header, Body: io.NopCloser(c.content), Request: req}, nil
}

const (
	base        = "http://127.0.0.1:1/stores/any/v3"
	goodRequest = `{"order":{"id":1}}`
	goodAnswer  = `{"data":{"id":"t"},"meta":{}}`
	goodError   = `{"status":404,"title":"Not Found","type":"https://example.com"}`
)

// exchange sends one request through a Transport and returns what it reported.
func exchange(t *testing.T, ctx context.Context, method, url, body string, answer *canned, changes ...string) []string { //nolint:revive // the context is the subject
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", "t")
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, ":")
		req.Header.Del(name)
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	r := &recorder{TB: t}
	res, err := contract.Transport(r, answer).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if answer.sent != body {
		t.Errorf("sent %q, want %q", answer.sent, body)
	}
	return r.failures
}

func respond(status int, body string, headers ...string) *canned {
	c := &canned{status: status, header: http.Header{}, content: strings.NewReader(body)}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		c.header.Set(name, value)
	}
	return c
}

const (
	tokens      = base + "/payments/access_tokens"
	instruments = base + "/payments/stored-instruments"
	token64     = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	row         = `[{"payment_method_id":"a.b","currency_code":"USD","customer_id":1,"billing_address":{},
		"instrument":{"type":"paypal_account","vault_token":"v"%s}}]`
	nested = `{"data":[{"customer_id":1,"provider_vault_token":"v","instrument":{"type":"paypal_account","token":"` + token64 + `"%s}}],
		"errors":[],"meta":{"total":1,"success":1,"failed":0}}`
)

func TestGoodTrafficPasses(t *testing.T) {
	const quota = "X-Rate-Limit-Time-Window-Ms:1,X-Rate-Limit-Time-Reset-Ms:1,X-Rate-Limit-Requests-Quota:1,X-Rate-Limit-Requests-Left:0"
	for name, failures := range map[string][]string{
		"access token":     exchange(t, t.Context(), "POST", tokens, goodRequest, respond(201, goodAnswer)),
		"error":            exchange(t, t.Context(), "POST", tokens, goodRequest, respond(404, goodError)),
		"import":           exchange(t, t.Context(), "POST", instruments, fmt.Sprintf(row, ""), respond(200, fmt.Sprintf(nested, ""))),
		"delete":           exchange(t, t.Context(), "DELETE", instruments+"?token:in=a,b", "", respond(204, "")),
		"quota":            exchange(t, t.Context(), "POST", tokens, goodRequest, respond(201, goodAnswer, strings.Split(quota, ",")...)),
		"limited":          exchange(t, t.Context(), "POST", tokens, goodRequest, respond(429, strings.ReplaceAll(goodError, "404", "429"), "X-Retry-After:3")),
		"test endpoint":    exchange(t, t.Context(), "PATCH", "http://127.0.0.1:1/_sandbox/x", "nonsense", respond(299, "nonsense"), "Accept:"),
		"marked request":   exchange(t, contract.MalformedRequest(t.Context()), "POST", tokens, "[]", respond(422, strings.ReplaceAll(goodError, "404", "422"))),
		"marked path":      exchange(t, contract.MalformedRequest(t.Context()), "GET", base+"/x", "", respond(404, goodError)),
		"marked answer":    exchange(t, contract.ForeignAnswer(t.Context()), "POST", tokens, goodRequest, respond(502, "<html>", "Content-Type:text/html")),
		"customers' error": exchange(t, t.Context(), "GET", base+"/customers", "", respond(401, `{"code":401,"message":"Unauthorized"}`)),
	} {
		if len(failures) > 0 {
			t.Errorf("%s: %v", name, failures)
		}
	}
}

func TestBadRequestsAreReported(t *testing.T) {
	ok := func() *canned { return respond(201, goodAnswer) }
	imported := func() *canned { return respond(200, fmt.Sprintf(nested, "")) }
	for name, failures := range map[string][]string{
		"wrong type":      exchange(t, t.Context(), "POST", tokens, `{"order":{"id":"1"}}`, ok()),
		"unknown field":   exchange(t, t.Context(), "POST", tokens, `{"order":{"id":1,"x":1}}`, ok()),
		"missing field":   exchange(t, t.Context(), "POST", tokens, `{}`, ok()),
		"no body":         exchange(t, t.Context(), "POST", tokens, ``, ok()),
		"no token":        exchange(t, t.Context(), "POST", tokens, goodRequest, ok(), "X-Auth-Token:"),
		"no accept":       exchange(t, t.Context(), "POST", tokens, goodRequest, ok(), "Accept:"),
		"content type":    exchange(t, t.Context(), "POST", tokens, goodRequest, ok(), "Content-Type:text/plain"),
		"unwanted body":   exchange(t, t.Context(), "GET", base+"/customers", "{}", respond(404, goodError)),
		"query parameter": exchange(t, t.Context(), "GET", instruments+"?customer_id=1", "", respond(404, goodError)),
		"query type":      exchange(t, t.Context(), "GET", instruments+"?limit=x", "", respond(404, goodError)),
		"missing query":   exchange(t, t.Context(), "DELETE", instruments, "", respond(404, goodError)),
		"field of a row":  exchange(t, t.Context(), "POST", instruments, fmt.Sprintf(row, `,"token":"x"`), imported()),
		"empty import":    exchange(t, t.Context(), "POST", instruments, "[]", imported()),
		"path":            exchange(t, t.Context(), "GET", base+"/x", "", respond(404, goodError)),
		"method":          exchange(t, t.Context(), "GET", tokens, "", respond(405, goodError)),
		"payments host":   exchange(t, t.Context(), "POST", base+"/payments", "{}", respond(404, goodError)),
	} {
		if len(failures) != 1 || !strings.HasPrefix(failures[0], "request ") {
			t.Errorf("%s: %q", name, failures)
		}
	}
}

func TestBadAnswersAreReported(t *testing.T) {
	post := func(answer *canned) []string { return exchange(t, t.Context(), "POST", tokens, goodRequest, answer) }
	imported := func(answer *canned) []string {
		return exchange(t, t.Context(), "POST", instruments, fmt.Sprintf(row, ""), answer)
	}
	for name, failures := range map[string][]string{
		"status":          post(respond(202, goodAnswer)),
		"default status":  post(respond(500, goodError)),
		"content type":    post(respond(201, goodAnswer, "Content-Type:text/html")),
		"not JSON":        post(respond(201, `{"data":`)),
		"empty":           post(respond(201, ``)),
		"missing field":   post(respond(201, `{"data":{},"meta":{}}`)),
		"unknown field":   post(respond(201, `{"data":{"id":"t","x":1},"meta":{}}`)),
		"error shape":     post(respond(404, `{"message":"Not Found"}`)),
		"leaked field":    imported(respond(200, fmt.Sprintf(nested, `,"vault_token":"v"`))),
		"flat and nested": imported(respond(200, `{"data":[{"instrument":{}}],"errors":[],"meta":{"total":1,"success":1,"failed":0}}`)),
		"partial":         imported(respond(422, `{"data":[],"errors":[]}`)),
		"retry header":    post(respond(201, goodAnswer, "X-Retry-After:1")),
		"rate headers":    post(respond(201, goodAnswer, "X-Rate-Limit-Requests-Left:1")),
		"rate text":       post(respond(429, strings.ReplaceAll(goodError, "404", "429"), "X-Retry-After:soon")),
		"204 with a body": exchange(t, t.Context(), "DELETE", instruments+"?token:in=a", "", respond(204, "x")),
		"no refusal":      exchange(t, contract.MalformedRequest(t.Context()), "GET", base+"/x", "", respond(200, goodError)),
		"refusal's shape": exchange(t, contract.MalformedRequest(t.Context()), "GET", base+"/x", "", respond(404, `[]`)),
	} {
		if len(failures) != 1 || !strings.HasPrefix(failures[0], "answer ") {
			t.Errorf("%s: %q", name, failures)
		}
	}
}

// TestBodiesStay: who sends and who reads sees the same as without the Transport, an answer cut short included.
func TestBodiesStay(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), "POST", tokens, io.NopCloser(strings.NewReader(goodRequest)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"X-Auth-Token": {"t"}, "Accept": {"application/json"}, "Content-Type": {"application/json"}}
	cut := &canned{status: 201, content: io.MultiReader(strings.NewReader(`{"data":`), failing{})}
	r := &recorder{TB: t}
	res, err := contract.Transport(r, cut).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if cut.sent != goodRequest || string(body) != `{"data":` || !errors.Is(err, io.ErrUnexpectedEOF) || len(r.failures) > 0 {
		t.Errorf("sent %q, read %q, %v, %q", cut.sent, body, err, r.failures)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
