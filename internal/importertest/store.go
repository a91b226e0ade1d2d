package importertest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// Store is an embedded store, perhaps behind a handler of the test's own, and
// what a test asks of it.
type Store struct {
	URL     string
	Close   func() // ends a served store before the test ends
	handler http.Handler
	t       testing.TB
}

// NewStore serves a store on loopback until the test ends.
func NewStore(t testing.TB, handler http.Handler) *Store {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &Store{URL: server.URL, Close: server.Close, handler: handler, t: t}
}

// UnservedStore is a store that the test's own transport reaches under url.
func UnservedStore(t testing.TB, handler http.Handler, url string) *Store {
	return &Store{URL: url, Close: func() {}, handler: handler, t: t}
}

// Client makes a client of the store.
func (s *Store) Client(change ...func(*bcapi.Config)) *bcapi.Client {
	s.t.Helper()
	config := bcapi.Config{APIURL: s.URL, StoreHash: sandbox.StoreHash, AccessToken: sandbox.Token}
	for _, c := range change {
		c(&config)
	}
	client, err := bcapi.New(config)
	s.must(err)
	return client
}

// ImporterConfig is that of an importer into the store, with a state directory and an
// import folder of its own. A write whose outcome is unknown settles at once.
func (s *Store) ImporterConfig(client importer.Client) importer.Config {
	s.t.Helper()
	return importer.Config{
		Client: client, Checker: check.New(check.Options{}), Logger: slog.New(slog.DiscardHandler),
		StateDir: filepath.Join(s.t.TempDir(), "state"), ImportDir: s.t.TempDir(),
		Scope:   ledger.Scope{Origin: s.URL, StoreHash: sandbox.StoreHash},
		Settle:  20 * time.Millisecond,
		Explain: func(err error) string { return err.Error() },
	}
}

// Stored is an instrument as the store has it.
type Stored struct {
	CustomerID int64  `json:"customer_id"`
	VaultToken string `json:"vault_token"`
	Token      string `json:"token"`
}

// Stored is what the store holds, in the order in which it came.
func (s *Store) Stored() []Stored {
	s.t.Helper()
	return get[Stored](s, "/_sandbox/instruments")
}

// Distinct is how many instruments the store holds; none may be there twice.
func (s *Store) Distinct() int {
	s.t.Helper()
	seen := make(map[string]bool)
	for _, in := range s.Stored() {
		if seen[in.VaultToken] {
			s.t.Errorf("%s is stored twice", in.VaultToken)
		}
		seen[in.VaultToken] = true
	}
	return len(seen)
}

// Request is a request as the store has got it.
type Request struct{ Method, Path, Query string }

// Requests are the requests that the store has got, in their order.
func (s *Store) Requests() []Request {
	s.t.Helper()
	return get[Request](s, "/_sandbox/requests")
}

func get[T any](s *Store, path string) []T {
	s.t.Helper()
	var all []T
	s.must(json.Unmarshal(s.ask(http.MethodGet, path, ""), &all))
	return all
}

// Fault has the store fail as said; see the sandbox's page of the manual.
func (s *Store) Fault(faults string) {
	s.t.Helper()
	s.ask(http.MethodPost, "/_sandbox/faults", faults)
}

// ask makes a request of the store's test endpoints, whatever the way to it is.
func (s *Store) ask(method, path, body string) []byte {
	s.t.Helper()
	recorder := httptest.NewRecorder()
	s.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body)))
	if recorder.Code != http.StatusOK {
		s.t.Fatalf("%s: %s", path, recorder.Body)
	}
	return recorder.Body.Bytes()
}

func (s *Store) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// Card is a good row of a card.
func Card(customer int64, token string) bcapi.ImportRow {
	month, year := 11, 2030
	return bcapi.ImportRow{
		PaymentMethodID: "braintree.credit_card", CurrencyCode: "USD", CustomerID: customer,
		Instrument: bcapi.ImportInstrument{
			Type: bcapi.CreditCard, VaultToken: token, ProviderCustomerID: fmt.Sprint("pc", customer),
			Brand: "visa", ExpiryMonth: &month, ExpiryYear: &year, Last4: "1111", IIN: "411111",
		},
		BillingAddress: bcapi.Address{FirstName: "Ada", Email: "ada@example.com", Street1: "1 Road", City: "Austin", CountryCode: "US"},
	}
}
