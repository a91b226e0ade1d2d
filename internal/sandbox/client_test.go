package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/internal/sandbox/contract"
)

// newClient is the project's own client of the store; contract.Transport sees all that passes between the two.
func (s *store) newClient(token string) *bcapi.Client {
	s.t.Helper()
	client, err := bcapi.New(bcapi.Config{
		APIURL: s.url, StoreHash: sandbox.StoreHash, AccessToken: bcapi.Secret(token), UserAgent: "sandbox-test/1",
		Transport: s.client.Transport,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

func clientRow(customer int64, vaultToken string) bcapi.ImportRow {
	month, year := 11, 2030
	return bcapi.ImportRow{
		PaymentMethodID: "braintree.credit_card", CurrencyCode: "USD", CustomerID: customer,
		Instrument: bcapi.ImportInstrument{
			Type: bcapi.CreditCard, VaultToken: vaultToken, Brand: "visa", ExpiryMonth: &month, ExpiryYear: &year,
			Last4: "1111", IIN: "411111",
		},
		BillingAddress: bcapi.Address{FirstName: "Sam", Email: "sam@example.com", Street1: "1 Sample Street", City: "Austin", CountryCode: "US"},
	}
}

// as finds an error's type, or fails.
func as[T error](t *testing.T, err error) (target T) {
	t.Helper()
	if !errors.As(err, &target) {
		t.Fatalf("error is %T: %v, want %T", err, err, target)
	}
	return target
}

func TestClientMintsTokens(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	client := s.newClient(sandbox.Token)
	mint := func(order int64) (bcapi.PaymentAccessToken, error) {
		return client.CreatePaymentAccessToken(t.Context(), bcapi.PaymentAccessTokenRequest{
			Order: bcapi.PaymentAccessTokenOrder{ID: order, IsRecurring: true},
		})
	}
	token, err := mint(123456)
	if err != nil {
		t.Fatal(err)
	}
	claims, ok := token.Claims()
	if left := time.Until(claims.ExpiresAt); !ok || claims.OrderID != 123456 || claims.StoreHash != sandbox.StoreHash || left < 59*time.Minute || left > time.Hour {
		t.Errorf("claims: %+v", claims)
	}
	for order, code := range map[int64]string{1001: "30101", 5000: "30003"} {
		_, err := mint(order)
		if refused := as[*bcapi.RefusedError](t, err); refused.API.Code != code {
			t.Errorf("order %d: %+v", order, refused.API)
		}
	}
}

func TestClientImports(t *testing.T) {
	for _, form := range []sandbox.ResultForm{sandbox.ResultsNested, sandbox.ResultsFlat} {
		s := newStore(t, sandbox.Options{Results: form})
		rows := []bcapi.ImportRow{clientRow(1, "a"), clientRow(2, "b"), clientRow(3, "c")}
		rows[1].Instrument = bcapi.ImportInstrument{Type: bcapi.PayPalAccount, VaultToken: "b", Email: "sam@example.com"}
		rows[2].Instrument = bcapi.ImportInstrument{Type: bcapi.BankAccount, VaultToken: "c", Issuer: "011000015", MaskedAccountNumber: "0000"}
		result, err := s.newClient(sandbox.Token).ImportInstruments(t.Context(), rows)
		if err != nil || len(result.Imported) != 3 || len(result.Errors) != 0 || result.Meta != (bcapi.ImportMeta{Total: 3, Success: 3}) {
			t.Fatalf("%s: %+v %v", form, result, err)
		}
		for i, row := range s.stored() {
			got := result.Imported[i]
			if got.Instrument.Token != row.Token || got.CustomerID != row.CustomerID || got.Instrument.Type != rows[i].Instrument.Type || !got.Instrument.IsDefault {
				t.Errorf("%s: row %d: %+v", form, i, got)
			}
			if joined := got.VaultToken == row.VaultToken; joined != (form == sandbox.ResultsNested) {
				t.Errorf("%s: row %d has vault token %q", form, i, got.VaultToken)
			}
		}
		if card := result.Imported[0].Instrument; card.Brand != "visa" || card.Last4 != "1111" || card.IIN != "411111" || card.ExpiryMonth != 11 || card.ExpiryYear != 2030 {
			t.Errorf("%s: %+v", form, card)
		}
	}
}

// TestClientReadsEveryErrorKey: whatever the form of the keys, a refused row is told apart where the form tells it.
func TestClientReadsEveryErrorKey(t *testing.T) {
	for style, want := range map[sandbox.ErrorKeyStyle]bcapi.ImportError{
		sandbox.ErrorKeysDotted:  {Index: 1, Field: "instrument.vault_token", Message: "is already stored for this customer"},
		sandbox.ErrorKeysBracket: {Index: 1, Field: "instrument.vault_token", Message: "is already stored for this customer"},
		sandbox.ErrorKeysField:   {Index: -1, Field: "instrument.vault_token", Message: "is already stored for this customer"},
		sandbox.ErrorKeysIndex:   {Index: 1, Message: "instrument.vault_token is already stored for this customer"},
	} {
		s := newStore(t, sandbox.Options{ErrorKeys: style, Duplicates: sandbox.DuplicatesReject})
		client := s.newClient(sandbox.Token)
		result, err := client.ImportInstruments(t.Context(), []bcapi.ImportRow{clientRow(1, "a"), clientRow(1, "a"), clientRow(2, "b")})
		if err != nil {
			t.Fatalf("%s: %v", style, err)
		}
		want.Title = "Invalid field(s)"
		if diff := cmp.Diff([]bcapi.ImportError{want}, result.Errors); diff != "" || len(result.Imported) != 2 {
			t.Errorf("%s: %d imported; %s", style, len(result.Imported), diff)
		}
	}
}

func TestClientAndKnobs(t *testing.T) {
	s := newStore(t, sandbox.Options{MaxBatch: 2, Atomic: true, Duplicates: sandbox.DuplicatesReject})
	client := s.newClient(sandbox.Token)
	_, err := client.ImportInstruments(t.Context(), []bcapi.ImportRow{clientRow(1, "a"), clientRow(2, "b"), clientRow(3, "c")})
	if refused := as[*bcapi.RefusedError](t, err); refused.Kind != bcapi.RefusedTooLarge {
		t.Errorf("max batch: %+v", refused)
	}
	result, err := client.ImportInstruments(t.Context(), []bcapi.ImportRow{clientRow(1, "a"), clientRow(1, "a")})
	if err != nil || len(result.Imported) != 0 || len(result.Errors) != 1 || result.Meta != (bcapi.ImportMeta{Total: 2, Failed: 2}) {
		t.Errorf("atomic: %+v %v", result, err)
	}
	if got := s.stored(); len(got) != 0 {
		t.Errorf("stored: %+v", got)
	}
}

func TestClientAndCredentials(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for token, status := range map[string]int{"wrong": 401, sandbox.ReadOnlyToken: 403} {
		client := s.newClient(token)
		_, err := client.ImportInstruments(t.Context(), []bcapi.ImportRow{clientRow(1, "a")})
		if refused := as[*bcapi.RefusedError](t, err); refused.Kind != bcapi.RefusedSystemic || refused.API.Status != status {
			t.Errorf("%s: %+v", token, refused)
		}
		_, err = client.CreatePaymentAccessToken(t.Context(), bcapi.PaymentAccessTokenRequest{Order: bcapi.PaymentAccessTokenOrder{ID: 1}})
		if refused := as[*bcapi.RefusedError](t, err); refused.API.Status != status {
			t.Errorf("%s: %+v", token, refused)
		}
	}
}

// TestClientAndFaults: a lost or useless answer leaves the outcome unknown, and the write is not repeated.
func TestClientAndFaults(t *testing.T) {
	for action, kind := range map[string]bcapi.UnknownKind{
		`{"drop":"before"}`:                          bcapi.UnknownCut,
		`{"drop":"after"}`:                           bcapi.UnknownCut,
		`{"status":503}`:                             bcapi.UnknownFailed,
		`{"status":502,"body":"<html>no</html>"}`:    bcapi.UnknownFailed,
		`{"body":"{\"data\":[{\"cust"}`:              bcapi.UnknownUnreadable,
		`{"body":"","headers":{"Content-Length":9}}`: bcapi.UnknownCut,
	} {
		s := newStore(t, sandbox.Options{})
		s.faults(`[{"path":"/payments/stored-instruments","action":` + action + `}]`)
		ctx := contract.ForeignAnswer(t.Context())
		_, err := s.newClient(sandbox.Token).ImportInstruments(ctx, []bcapi.ImportRow{clientRow(1, "a")})
		if unknown := as[*bcapi.UnknownError](t, err); unknown.Kind != kind {
			t.Errorf("%s: %s, want %s", action, unknown.Kind, kind)
		}
		if n := len(s.requests()); n != 1 {
			t.Errorf("%s: sent %d times", action, n)
		}
	}
}

// TestClientWaitsForTheQuota: more calls than the window allows get through, each acted on once.
func TestClientWaitsForTheQuota(t *testing.T) {
	s := newStore(t, sandbox.Options{Quota: sandbox.Quota{Requests: 5, Window: 200 * time.Millisecond}})
	client := s.newClient(sandbox.Token)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for i := range 12 {
		result, err := client.ImportInstruments(ctx, []bcapi.ImportRow{clientRow(int64(i+1), fmt.Sprint(i))})
		if err != nil || len(result.Imported) != 1 {
			t.Fatalf("call %d: %+v %v", i, result, err)
		}
	}
	if got := s.stored(); len(got) != 12 {
		t.Errorf("%d stored", len(got))
	}
}
