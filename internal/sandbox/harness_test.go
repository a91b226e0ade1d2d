package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/internal/sandbox/contract"
)

const (
	instrumentsPath = "/payments/stored-instruments"
	accessTokenPath = "/payments/access_tokens"
)

// store is a running sandbox. Every request of a test, and every answer to it, is held against the OpenAPI document.
type store struct {
	t      testing.TB
	url    string
	client *http.Client
}

func newStore(t testing.TB, options sandbox.Options) *store {
	t.Helper()
	server := httptest.NewServer(sandbox.New(options))
	network := &http.Transport{}
	t.Cleanup(func() {
		network.CloseIdleConnections()
		server.Close()
	})
	return &store{t, server.URL, &http.Client{Transport: contract.Transport(t, network)}}
}

// reply is an answer, read to its end.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// option changes a request before it is sent.
type option func(*http.Request) *http.Request

func header(name, value string) option {
	return func(r *http.Request) *http.Request {
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
		return r
	}
}

// malformed marks a request that breaks the contract on purpose.
func malformed(r *http.Request) *http.Request {
	return r.WithContext(contract.MalformedRequest(r.Context()))
}

// foreign marks a request whose answer a fault makes up.
func foreign(r *http.Request) *http.Request {
	return r.WithContext(contract.ForeignAnswer(r.Context()))
}

// send makes a request below /stores/sandbox/v3, with the headers of a good client unless options change them.
func (s *store) send(method, path, body string, options ...option) (reply, error) {
	s.t.Helper()
	return s.sendTo("/stores/sandbox/v3"+path, method, body, options...)
}

func (s *store) sendTo(path, method, body string, options ...option) (reply, error) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", sandbox.Token)
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, change := range options {
		req = change(req)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	return reply{s.t, res.StatusCode, res.Header, content}, err
}

// do is send for requests that are answered.
func (s *store) do(method, path, body string, options ...option) reply {
	s.t.Helper()
	r, err := s.send(method, path, body, options...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

// into decodes the body into a T.
func into[T any](r reply) (v T) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, &v); err != nil {
		r.t.Fatalf("%v: %s", err, r.body)
	}
	return v
}

// failure is the error body of every form at once.
type failure struct {
	Status  int               `json:"status"`
	Title   string            `json:"title"`
	Type    string            `json:"type"`
	Code    int               `json:"code"`
	Message string            `json:"message"`
	Errors  map[string]string `json:"errors"`
}

// test calls one of the test endpoints.
func (s *store) test(method, endpoint, body string) reply {
	s.t.Helper()
	r, err := s.sendTo("/_sandbox/"+endpoint, method, body, header("X-Auth-Token", ""), header("Content-Type", ""))
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

type storedRow struct {
	CustomerID      int64           `json:"customer_id"`
	PaymentMethodID string          `json:"payment_method_id"`
	VaultToken      string          `json:"vault_token"`
	Token           string          `json:"token"`
	IsDefault       bool            `json:"is_default"`
	Sent            json.RawMessage `json:"sent"`
}

func (s *store) stored() []storedRow {
	s.t.Helper()
	return into[[]storedRow](s.test("GET", "instruments", "").want(200))
}

type logged struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   string            `json:"query"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	Status  int               `json:"status"`
}

func (s *store) requests() []logged {
	s.t.Helper()
	return into[[]logged](s.test("GET", "requests", "").want(200))
}

// card is a row of an import; changes are merged into it, null takes a field away.
func card(customer int, vaultToken string, changes ...string) string {
	row := fmt.Sprintf(`{"payment_method_id":"braintree.credit_card","currency_code":"USD","customer_id":%d,
		"instrument":{"type":"credit_card","vault_token":%q,"provider_customer_id":"321123","brand":"visa",
		"expiry_month":11,"expiry_year":2030,"last_4":"1111","iin":"411111"},
		"billing_address":{"first_name":"Sam","last_name":"Williams","email":"sam@example.com","street_1":"1 Sample Street",
		"street_2":"Bldg 5","city":"Austin","state_or_province_code":"TX","country_code":"US","postal_code":"55555"}}`,
		customer, vaultToken)
	var merged map[string]any
	for _, text := range append([]string{row}, changes...) {
		var change map[string]any
		if err := json.Unmarshal([]byte(text), &change); err != nil {
			panic(err)
		}
		merged = merge(merged, change)
	}
	out, err := json.Marshal(merged)
	if err != nil {
		panic(err)
	}
	return string(out)
}

// merge is RFC 7396.
func merge(into, change map[string]any) map[string]any {
	if into == nil {
		into = map[string]any{}
	}
	for key, value := range change {
		object, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(into, key)
		case isObject:
			old, _ := into[key].(map[string]any)
			into[key] = merge(old, object)
		default:
			into[key] = value
		}
	}
	return into
}

func payPal(customer int, vaultToken string) string {
	return fmt.Sprintf(`{"payment_method_id":"braintree.paypal","currency_code":"USD","customer_id":%d,
		"instrument":{"type":"paypal_account","vault_token":%q,"email":"sam@example.com"},"billing_address":{}}`, customer, vaultToken)
}

func bank(customer int, vaultToken string) string {
	return fmt.Sprintf(`{"payment_method_id":"braintree.ach","currency_code":"USD","customer_id":%d,
		"instrument":{"type":"bank_account","vault_token":%q,"issuer":"011000015","masked_account_number":"0000"},
		"billing_address":{}}`, customer, vaultToken)
}

func batch(rows ...string) string { return "[" + strings.Join(rows, ",") + "]" }

type instrument struct {
	CustomerID     int64             `json:"customer_id"`
	Token          string            `json:"token"`
	Type           string            `json:"type"`
	IsDefault      bool              `json:"is_default"`
	Brand          string            `json:"brand"`
	ExpiryMonth    int               `json:"expiry_month"`
	ExpiryYear     int               `json:"expiry_year"`
	IIN            string            `json:"iin"`
	Last4          string            `json:"last_4"`
	BillingAddress map[string]string `json:"billing_address"`
	Email          string            `json:"email"`
	Issuer         string            `json:"issuer"`
	MaskedAccount  string            `json:"masked_account_number"`
}

type importAnswer struct {
	Data []struct {
		instrument                    // the flat form
		ProviderVaultToken string     `json:"provider_vault_token"`
		Instrument         instrument `json:"instrument"`
	} `json:"data"`
	Errors []failure `json:"errors"`
	Meta   struct{ Total, Success, Failed int }
}

// load imports rows that are all good.
func (s *store) load(rows ...string) importAnswer {
	s.t.Helper()
	return into[importAnswer](s.do("POST", instrumentsPath, batch(rows...)).want(200))
}

// compact is JSON without white space.
func compact(t testing.TB, text []byte) string {
	t.Helper()
	var buf bytes.Buffer
	if err := json.Compact(&buf, text); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}
