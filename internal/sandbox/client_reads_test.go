package sandbox_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/internal/sandbox/contract"
)

// walk reads the store's whole list; between is called with each instrument.
func walk(ctx context.Context, client *bcapi.Client, between func(n int, i bcapi.CustomerInstrument)) (all []bcapi.CustomerInstrument, err error) {
	for instrument, err := range client.AllStoredInstruments(ctx) {
		if err != nil {
			return all, err
		}
		all = append(all, instrument)
		between(len(all), instrument)
	}
	return all, nil
}

func nothing(int, bcapi.CustomerInstrument) {}

// TestClientReadsTheWholeListWhileItChanges: what was there when the walk began is met exactly once, whatever is imported
// and deleted on the way.
func TestClientReadsTheWholeListWhileItChanges(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(1000)
	all, err := walk(t.Context(), s.newClient(sandbox.ReadOnlyToken), func(n int, _ bcapi.CustomerInstrument) {
		switch n {
		case 100: // on the first page
			s.load(card(2001, "late"))
		case 250: // between two pages
			s.load(card(2002, "late"), card(2003, "late"))
			passed := s.stored()
			s.do("DELETE", instrumentsPath+"?token:in="+passed[0].Token+","+passed[249].Token, "").want(204)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var got, want []int64
	for _, instrument := range all {
		got = append(got, instrument.CustomerID)
	}
	for customer := range 1000 {
		want = append(want, int64(customer+1))
	}
	if want = append(want, 2001, 2002, 2003); !slices.Equal(got, want) {
		t.Errorf("%d instruments; %s", len(got), cmp.Diff(want, got))
	}
	requests := slices.DeleteFunc(s.requests(), func(r logged) bool { return r.Method != "GET" })
	for i, r := range requests {
		if after := strings.Contains(r.Query, "after="); strings.Contains(r.Query, "page=") || !strings.Contains(r.Query, "limit=250") || after != (i > 0) {
			t.Errorf("request %d: %s", i, r.Query)
		}
	}
	if len(requests) != 6 { // five pages with instruments and the empty one behind the last cursor
		t.Errorf("%d requests", len(requests))
	}
}

func TestClientPagesByCursor(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	client := s.newClient(sandbox.Token)
	page, err := client.ListStoredInstruments(t.Context(), bcapi.StoredInstrumentsPage{})
	if err != nil || len(page.Instruments) != 0 || page.Next != "" || page.Total == nil || *page.Total != 0 {
		t.Errorf("empty store: %+v %v", page, err)
	}
	if all, err := walk(t.Context(), client, nothing); err != nil || len(all) != 0 {
		t.Errorf("empty store: %d %v", len(all), err)
	}
	s.fill(120)
	var sizes []int
	for after := ""; ; after = page.Next {
		if page, err = client.ListStoredInstruments(t.Context(), bcapi.StoredInstrumentsPage{After: after, Limit: 50}); err != nil {
			t.Fatal(err)
		}
		if sizes = append(sizes, len(page.Instruments)); page.Next == "" {
			break
		}
	}
	if diff := cmp.Diff([]int{50, 50, 20, 0}, sizes); diff != "" || *page.Total != 120 {
		t.Errorf("total %d; %s", *page.Total, diff)
	}
	_, err = client.ListStoredInstruments(contract.MalformedRequest(t.Context()), bcapi.StoredInstrumentsPage{After: "not a cursor"})
	if refused := as[*bcapi.RefusedError](t, err); refused.API.Status != 422 || refused.API.Fields[0].Field != "after" {
		t.Errorf("%+v", refused.API)
	}
	_, err = client.ListStoredInstruments(t.Context(), bcapi.StoredInstrumentsPage{Limit: 251})
	if refused := as[*bcapi.RefusedError](t, err); refused.Kind != bcapi.RefusedTooLarge {
		t.Errorf("%+v", refused)
	}
}

// TestClientReadsOneVocabulary: an instrument is the same in the answer to its import, in the store's list and in its
// customer's, though the store says it in different words.
func TestClientReadsOneVocabulary(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	client := s.newClient(sandbox.Token)
	rows := []bcapi.ImportRow{clientRow(7, "a"), clientRow(7, "b"), clientRow(7, "c"), clientRow(8, "d")}
	rows[0].BillingAddress.Street2 = "Bldg 5"
	rows[1].Instrument = bcapi.ImportInstrument{Type: bcapi.PayPalAccount, VaultToken: "b", Email: "sam@example.com"}
	rows[2].Instrument = bcapi.ImportInstrument{Type: bcapi.BankAccount, VaultToken: "c", Issuer: "011000015", MaskedAccountNumber: "0000"}
	result, err := client.ImportInstruments(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	all, err := walk(t.Context(), client, nothing)
	if err != nil {
		t.Fatal(err)
	}
	var imported []bcapi.CustomerInstrument
	for _, i := range result.Imported {
		imported = append(imported, bcapi.CustomerInstrument{CustomerID: i.CustomerID, StoredInstrument: i.Instrument})
	}
	if diff := cmp.Diff(imported, all); diff != "" {
		t.Errorf("the store's list: %s", diff)
	}
	got, err := client.CustomerInstruments(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	want := []bcapi.StoredInstrument{all[0].StoredInstrument, all[1].StoredInstrument, all[2].StoredInstrument}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the customer's list: %s", diff)
	}
	if first := got[0]; first.Type != bcapi.CreditCard || first.Brand != "visa" || first.IIN != "411111" || !first.IsDefault || first.BillingAddress.Street2 != "Bldg 5" {
		t.Errorf("%+v", first)
	}
	if none, err := client.CustomerInstruments(t.Context(), 9); err != nil || len(none) != 0 {
		t.Errorf("a customer without instruments: %v %v", none, err)
	}
}

func TestClientReadsImportMethods(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	client := s.newClient(sandbox.ReadOnlyToken)
	for currency, want := range map[string]int{"USD": 8, "EUR": 5, "JPY": 0} {
		methods, err := client.ImportMethods(t.Context(), currency)
		if err != nil || len(methods) != want {
			t.Fatalf("%s: %+v %v", currency, methods, err)
		}
		if want > 0 {
			card := bcapi.ImportMethod{
				ID: "braintree.credit_card", Name: "Credit card", Type: "credit_card", TestMode: true,
				SupportedInstruments: []string{"raw_card", "tokenized_card"},
			}
			if diff := cmp.Diff(card, methods[0]); diff != "" {
				t.Errorf("%s: %s", currency, diff)
			}
		}
	}
	_, err := client.ImportMethods(contract.MalformedRequest(t.Context()), "dollars")
	if refused := as[*bcapi.RefusedError](t, err); refused.Kind != bcapi.RefusedRow || refused.API.Fields[0].Field != "currency_code" {
		t.Errorf("%+v", refused.API)
	}
}

// TestClientReadsPaymentMethods: the shopper's instruments stand with the methods of their gateways, in the words of the
// store's list.
func TestClientReadsPaymentMethods(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.load(card(7, "a"), payPal(7, "b"), bank(7, "c"), card(8, "d"), card(123456, "f"), card(7, "e", `{"payment_method_id":"stripe.credit_card"}`))
	client := s.newClient(sandbox.ReadOnlyToken)
	methods, err := client.PaymentMethods(t.Context(), bcapi.PaymentMethodsQuery{OrderID: 7})
	if err != nil || len(methods) != 10 {
		t.Fatalf("%d methods, %v", len(methods), err)
	}
	wallet, err := client.CustomerInstruments(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	for i := range wallet {
		wallet[i].BillingAddress = nil
	}
	want := map[string][]bcapi.StoredInstrument{
		"braintree.card": wallet[:1], "braintree.paypal": wallet[1:2], "braintree.ach": wallet[2:3], "stripe.card": wallet[3:],
	}
	for _, method := range methods {
		if diff := cmp.Diff(want[method.ID], method.StoredInstruments); diff != "" {
			t.Errorf("%s: %s", method.ID, diff)
		}
	}
	stored := methods[0].SupportedInstruments[4]
	if m := methods[0]; m.Name != "Braintree" || m.Type != "card" || !m.TestMode || stored.Type != "STORED_CARD" || stored.VerificationValueRequired == nil || *stored.VerificationValueRequired {
		t.Errorf("%+v", m)
	}
	if payPal := methods[1].SupportedInstruments[0]; payPal.Type != "STORED_PAYPAL_ACCOUNT" || payPal.VerificationValueRequired != nil {
		t.Errorf("%+v", payPal)
	}
	for name, q := range map[string]bcapi.PaymentMethodsQuery{"a guest's": {OrderID: 123456}, "a checkout": {CheckoutID: "c-1"}} {
		methods, err := client.PaymentMethods(t.Context(), q)
		if err != nil || len(methods) != 10 || methods[0].StoredInstruments != nil {
			t.Errorf("%s: %d methods, %v", name, len(methods), err)
		}
	}
	for order, code := range map[int64]string{1001: "30101", 5000: "30003"} {
		_, err := client.PaymentMethods(t.Context(), bcapi.PaymentMethodsQuery{OrderID: order})
		if refused := as[*bcapi.RefusedError](t, err); refused.API.Code != code {
			t.Errorf("order %d: %+v", order, refused.API)
		}
	}
}

func TestClientLooksCustomersUp(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	client := s.newClient(sandbox.ReadOnlyToken)
	var ids []int64
	for id := int64(100_400); id > 99_400; id-- { // 600 exist, 400 do not
		ids = append(ids, id)
	}
	got, err := client.Customers(t.Context(), ids)
	if err != nil || len(got) != 600 {
		t.Fatalf("%d %v", len(got), err)
	}
	for i, customer := range got {
		id := int64(99_401 + i)
		if want := (bcapi.Customer{ID: id, Email: fmt.Sprintf("shopper%d@example.com", id)}); customer != want {
			t.Fatalf("%+v, want %+v", customer, want)
		}
	}
	if n := len(s.requests()); n != 4 {
		t.Errorf("%d requests for 1,000 ids", n)
	}
}

// clientReads are the calls that change nothing, with their paths.
func clientReads(client *bcapi.Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		instrumentsPath: func(ctx context.Context) error {
			_, err := walk(ctx, client, nothing)
			return err
		},
		"/customers/7/stored-instruments": func(ctx context.Context) error {
			_, err := client.CustomerInstruments(ctx, 7)
			return err
		},
		instrumentsPath + "/methods": func(ctx context.Context) error {
			_, err := client.ImportMethods(ctx, "USD")
			return err
		},
		"/payments/methods": func(ctx context.Context) error {
			_, err := client.PaymentMethods(ctx, bcapi.PaymentMethodsQuery{OrderID: 7})
			return err
		},
		"/customers": func(ctx context.Context) error {
			_, err := client.Customers(ctx, []int64{7})
			return err
		},
	}
}

func TestClientReadsAndCredentials(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for path, read := range clientReads(s.newClient(sandbox.ReadOnlyToken)) {
		if err := read(t.Context()); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for path, read := range clientReads(s.newClient("wrong")) {
		refused := as[*bcapi.RefusedError](t, read(t.Context()))
		if refused.Kind != bcapi.RefusedSystemic || refused.API.Status != 401 || refused.API.Title != "Unauthorized" || len(refused.API.Scopes) == 0 {
			t.Errorf("%s: %+v", path, refused.API)
		}
	}
}

func (s *store) fault(path, action string) {
	s.t.Helper()
	s.faults(fmt.Sprintf(`[{"method":"GET","path":%q,"action":%s}]`, path, action))
}

// TestClientReadsAreMended: what fails for a moment is asked again, once. All of it at once, as most of it is waiting.
func TestClientReadsAreMended(t *testing.T) {
	var wg sync.WaitGroup
	for _, action := range []string{
		`{"drop":"before"}`, `{"drop":"after"}`, `{"body":"[","headers":{"Content-Length":9}}`, `{"status":500}`,
		`{"status":502,"body":"<html>no</html>"}`, `{"status":503}`, `{"status":504}`, `{"delay_ms":3000}`,
		`{"status":429,"headers":{"X-Retry-After":1}}`, `{"status":423}`,
	} {
		s := newStore(t, sandbox.Options{})
		for path := range clientReads(nil) {
			s.fault(path, action)
			// A client of its own, since one that is told to wait holds back all of its calls.
			client, err := bcapi.New(bcapi.Config{
				APIURL: s.url, StoreHash: sandbox.StoreHash, AccessToken: sandbox.Token, Transport: s.client.Transport,
				AttemptTimeout: 2 * time.Second,
			})
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				if err := clientReads(client)[path](contract.ForeignAnswer(t.Context())); err != nil {
					t.Errorf("%s %s: %v", path, action, err)
				}
				asked := 0
				for _, r := range s.requests() {
					if r.Path == "/stores/sandbox/v3"+path {
						asked++
					}
				}
				if asked != 2 {
					t.Errorf("%s %s: asked %d times", path, action, asked)
				}
			})
		}
	}
	wg.Wait()
}

// TestClientReadsAndFaults: what asking again does not mend is told as what it is, and never as an unknown outcome.
func TestClientReadsAndFaults(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for action, kind := range map[string]bcapi.ReadKind{
		`{"status":501}`: bcapi.ReadFailed,
		`{"body":"<html>come back later</html>"}`: bcapi.ReadUnreadable,
		`{"body":"{\"data\":[{\"cust"}`:           bcapi.ReadUnreadable,
		`{"body":{"data":"none"}}`:                bcapi.ReadUnreadable,
	} {
		for path, read := range clientReads(s.newClient(sandbox.Token)) {
			s.fault(path, action)
			if failed := as[*bcapi.ReadError](t, read(contract.ForeignAnswer(t.Context()))); failed.Kind != kind {
				t.Errorf("%s %s: %v", path, action, failed)
			}
		}
	}
	for action, want := range map[string]bcapi.Error{
		`{"status":403,"body":{"code":403,"message":"Missing scope"}}`:                                        {Status: 403, Title: "Missing scope"},
		`{"status":403,"body":{"status":403,"title":"Missing scope","type":"t","instance":"/x","errors":{}}}`: {Status: 403, Title: "Missing scope"},
		`{"status":404}`: {Status: 404, Title: "Not Found"},
		`{"status":404,"body":"<html>no</html>"}`: {Status: 404, Title: "Not Found"},
	} {
		for path, read := range clientReads(s.newClient(sandbox.Token)) {
			s.fault(path, action)
			refused := as[*bcapi.RefusedError](t, read(contract.ForeignAnswer(t.Context())))
			if refused.Kind != bcapi.RefusedSystemic || refused.API.Status != want.Status || refused.API.Title != want.Title {
				t.Errorf("%s %s: %+v", path, action, refused.API)
			}
		}
	}
}

// TestClientWalksOnAfterAFault: a page in the middle that fails for a moment neither ends the walk nor begins it anew.
func TestClientWalksOnAfterAFault(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(600)
	all, err := walk(contract.ForeignAnswer(t.Context()), s.newClient(sandbox.Token), func(n int, i bcapi.CustomerInstrument) {
		if i.CustomerID != int64(n) {
			t.Fatalf("instrument %d is customer %d's", n, i.CustomerID)
		}
		if n == 250 {
			s.fault(instrumentsPath, `{"drop":"after"}`)
		}
	})
	if err != nil || len(all) != 600 {
		t.Errorf("%d read, %v", len(all), err)
	}
}

// TestClientIsToldOfAListCutShort: an answer without cursors is no end of the list while the store says that there is more.
func TestClientIsToldOfAListCutShort(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(3)
	s.fault(instrumentsPath, `{"body":{"data":[{"customer_id":1,"token":"t"}],"meta":{"pagination":{"total":3}}}}`)
	_, err := walk(contract.ForeignAnswer(t.Context()), s.newClient(sandbox.Token), nothing)
	if failed := as[*bcapi.ReadError](t, err); failed.Kind != bcapi.ReadIncomplete || !strings.Contains(err.Error(), "it holds 3") {
		t.Errorf("%v", err)
	}
}

// TestClientReadsWithinTheQuota: more reads than the window allows wait for the next.
func TestClientReadsWithinTheQuota(t *testing.T) {
	s := newStore(t, sandbox.Options{Quota: sandbox.Quota{Requests: 5, Window: 200 * time.Millisecond}})
	client := s.newClient(sandbox.Token)
	for range 12 {
		if _, err := client.CustomerInstruments(t.Context(), 7); err != nil {
			t.Fatal(err)
		}
	}
}
