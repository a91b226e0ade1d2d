package sandbox_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/internal/sandbox/contract"
)

// tokens gives the tokens of what the store holds, in order of import.
func (s *store) tokens() (tokens []string) {
	s.t.Helper()
	for _, row := range s.stored() {
		tokens = append(tokens, row.Token)
	}
	return tokens
}

// sent counts the requests of a method.
func (s *store) sent(method string) int {
	s.t.Helper()
	return len(slices.DeleteFunc(s.requests(), func(r logged) bool { return r.Method != method }))
}

func TestClientDeletesFromTheStore(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(125)
	tokens := s.tokens()
	client := s.newClient(sandbox.Token)
	got, err := client.DeleteStoredInstruments(t.Context(), tokens[:120])
	if diff := cmp.Diff(bcapi.DeleteResult{Gone: tokens[:120]}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if n := s.sent("DELETE"); n != 3 {
		t.Errorf("%d requests", n)
	}
	for _, r := range s.requests() {
		if r.Method == "DELETE" && !strings.HasSuffix(r.Path, instrumentsPath) {
			t.Errorf("a path that unvaults: %s", r.Path)
		}
	}
	got, err = client.DeleteStoredInstruments(t.Context(), tokens) // 120 of them again
	slices.Sort(got.Gone)
	if want := slices.Sorted(slices.Values(tokens)); err != nil || !slices.Equal(got.Gone, want) || got.Refused != nil {
		t.Errorf("again: %d gone, %+v, %v", len(got.Gone), got.Refused, err)
	}
	if left := s.stored(); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

// TestClientDeletesAgain: what failed for a moment is done, once and for all, and nothing else is.
func TestClientDeletesAgain(t *testing.T) {
	for _, action := range []string{
		`{"drop":"before"}`, `{"drop":"after"}`, `{"status":500}`, `{"status":503,"body":"<html>no</html>"}`,
		`{"status":429,"headers":{"X-Retry-After":0}}`,
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, sandbox.Options{})
			s.fill(3)
			tokens := s.tokens()
			s.faults(`[{"method":"DELETE","path":"/payments/stored-instruments","action":` + action + `}]`)
			got, err := s.newClient(sandbox.Token).DeleteStoredInstruments(contract.ForeignAnswer(t.Context()), tokens[:2])
			slices.Sort(got.Gone)
			if want := slices.Sorted(slices.Values(tokens[:2])); err != nil || !slices.Equal(got.Gone, want) {
				t.Errorf("%+v %v", got, err)
			}
			if left := s.tokens(); !slices.Equal(left, tokens[2:]) {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestClientDeletesAndFaults: an answer that proves nothing is not taken for one that does.
func TestClientDeletesAndFaults(t *testing.T) {
	for action, kind := range map[string]bcapi.UnknownKind{
		`{"status":200,"body":"<html>Sign in</html>"}`: bcapi.UnknownUnreadable,
		`{"status":200,"body":"OK"}`:                   bcapi.UnknownUnreadable,
		`{"status":501}`:                               bcapi.UnknownFailed,
	} {
		s := newStore(t, sandbox.Options{})
		s.fill(60)
		s.faults(`[{"path":"/payments/stored-instruments","action":{}},{"path":"/payments/stored-instruments","action":` + action + `}]`)
		got, err := s.newClient(sandbox.Token).DeleteStoredInstruments(contract.ForeignAnswer(t.Context()), s.tokens())
		if unknown := as[*bcapi.UnknownError](t, err); unknown.Kind != kind || len(got.Gone) != 50 {
			t.Errorf("%s: %d gone, %v", action, len(got.Gone), err)
		}
		if n := s.sent("DELETE"); n != 2 {
			t.Errorf("%s: sent %d times", action, n)
		}
	}
}

func TestClientUpdates(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.load(card(1, "a"), card(1, "b"), card(1, "c"))
	tokens := s.tokens()
	client := s.newClient(sandbox.Token)
	address := bcapi.Address{FirstName: "Sam", Email: "sam@example.com", Street1: "2 New Street", City: "Bonn", CountryCode: "DE"}
	got, err := client.UpdateStoredInstrument(t.Context(), bcapi.StoredInstrumentUpdate{
		Token: tokens[1], BillingAddress: &address, TrustedShippingAddresses: []bcapi.Address{address}, Default: bcapi.MakeDefault,
	})
	if err != nil || got.Token != tokens[1] || !got.IsDefault || got.BillingAddress.Street1 != "2 New Street" || got.BillingAddress.CountryCode != "DE" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := client.UpdateStoredInstrument(t.Context(), bcapi.StoredInstrumentUpdate{Token: tokens[2], Default: bcapi.IsDefault}); err != nil || !got.IsDefault {
		t.Errorf("%+v %v", got, err)
	}
	wallet, err := client.CustomerInstruments(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, instrument := range wallet {
		if instrument.IsDefault != (i == 2) || (instrument.BillingAddress.City == "Bonn") != (i == 1) {
			t.Errorf("%d: %+v", i, instrument)
		}
	}
	_, err = client.UpdateStoredInstrument(t.Context(), bcapi.StoredInstrumentUpdate{Token: strings.Repeat("0", 64), Default: bcapi.MakeDefault})
	if refused := as[*bcapi.RefusedError](t, err); refused.API.Status != 404 || !strings.Contains(refused.API.Advice(), "no such stored instrument") {
		t.Errorf("%+v", refused.API)
	}
	address.CountryCode = "Germany"
	_, err = client.UpdateStoredInstrument(contract.MalformedRequest(t.Context()), bcapi.StoredInstrumentUpdate{Token: tokens[0], BillingAddress: &address})
	if refused := as[*bcapi.RefusedError](t, err); refused.API.Status != 422 || refused.API.Fields[0].Field != "billing_address.country_code" {
		t.Errorf("%+v", refused.API)
	}
}

func TestClientUnvaults(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(2)
	tokens := s.tokens()
	client := s.newClient(sandbox.Token)
	if err := client.UnvaultStoredInstrument(t.Context(), tokens[0]); err != nil {
		t.Error(err)
	}
	err := client.UnvaultStoredInstrument(t.Context(), tokens[0])
	if refused := as[*bcapi.RefusedError](t, err); refused.API.Status != 404 || !strings.Contains(refused.API.Advice(), "no such stored instrument") {
		t.Errorf("%+v", refused.API)
	}
	if left := s.tokens(); !slices.Equal(left, tokens[1:]) {
		t.Errorf("left: %v", left)
	}
}

// TestClientWritesAndFaults: what changes an instrument for good is sent once, whatever becomes of it.
func TestClientWritesAndFaults(t *testing.T) {
	for action, kind := range map[string]bcapi.UnknownKind{
		`{"drop":"before"}`: bcapi.UnknownCut,
		`{"drop":"after"}`:  bcapi.UnknownCut,
		`{"status":500}`:    bcapi.UnknownFailed,
		`{"status":200,"body":"<html>Sign in</html>"}`: bcapi.UnknownUnreadable,
	} {
		s := newStore(t, sandbox.Options{})
		s.fill(1)
		token := s.tokens()[0]
		client := s.newClient(sandbox.Token)
		for path, write := range map[string]func(context.Context) error{
			instrumentsPath: func(ctx context.Context) error {
				_, err := client.UpdateStoredInstrument(ctx, bcapi.StoredInstrumentUpdate{Token: token, Default: bcapi.MakeDefault})
				return err
			},
			instrumentsPath + "/" + token: func(ctx context.Context) error { return client.UnvaultStoredInstrument(ctx, token) },
		} {
			before := len(s.requests())
			s.faults(fmt.Sprintf(`[{"path":%q,"action":%s}]`, path, action))
			err := write(contract.ForeignAnswer(t.Context()))
			if unknown := as[*bcapi.UnknownError](t, err); unknown.Kind != kind {
				t.Errorf("%s %s: %v", path, action, err)
			}
			if n := len(s.requests()) - before; n != 1 {
				t.Errorf("%s %s: sent %d times", path, action, n)
			}
		}
	}
}

func TestClientWritesAndCredentials(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(1)
	token := s.tokens()[0]
	for credential, status := range map[string]int{"wrong": 401, sandbox.ReadOnlyToken: 403} {
		client := s.newClient(credential)
		_, deleted := client.DeleteStoredInstruments(t.Context(), []string{token})
		_, updated := client.UpdateStoredInstrument(t.Context(), bcapi.StoredInstrumentUpdate{Token: token, Default: bcapi.MakeDefault})
		for name, err := range map[string]error{"delete": deleted, "update": updated, "unvault": client.UnvaultStoredInstrument(t.Context(), token)} {
			refused := as[*bcapi.RefusedError](t, err)
			if refused.Kind != bcapi.RefusedSystemic || refused.API.Status != status || refused.API.Scopes[0] != "store_stored_payment_instruments" {
				t.Errorf("%s, %s: %+v", credential, name, refused.API)
			}
		}
	}
	if left := s.tokens(); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}
