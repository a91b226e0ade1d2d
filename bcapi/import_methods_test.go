package bcapi

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatAMethodIsFor(t *testing.T) {
	for name, tt := range map[string]struct {
		method ImportMethod
		takes  []InstrumentType
	}{
		"by its type":           {ImportMethod{Type: "paypal_account"}, []InstrumentType{PayPalAccount}},
		"in the other words":    {ImportMethod{Type: "stored_bank_account"}, []InstrumentType{BankAccount}},
		"by what it supports":   {ImportMethod{Type: "x", SupportedInstruments: []string{"raw_card", "tokenized_paypal_account"}}, []InstrumentType{CreditCard, PayPalAccount}},
		"supports what is new":  {ImportMethod{SupportedInstruments: []string{"raw_card", "tokenized_sepa"}}, []InstrumentType{CreditCard, PayPalAccount, BankAccount}},
		"nothing is told of it": {ImportMethod{}, []InstrumentType{CreditCard, PayPalAccount, BankAccount}},
	} {
		for _, of := range []InstrumentType{CreditCard, PayPalAccount, BankAccount} {
			if got, want := tt.method.Excludes(of), !slices.Contains(tt.takes, of); got != want {
				t.Errorf("%s: excludes %s: %v, want %v", name, of, got, want)
			}
		}
	}
}

func TestImportMethods(t *testing.T) {
	var method, path, query string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		method, path, query = r.Method, r.URL.Path, r.URL.RawQuery
		answerWith(200, "application/json", `{"data":[
			{"method_id":"braintree.credit_card","name":"Credit card","type":"credit_card","test_mode":true,"supported_instruments":["raw_card","tokenized_card"]},
			{"method_id":"braintree.ach","test_mode":false,"supported_instruments":[]},
			{"id":"stripe.credit_card","test_mode":"yes","supported_instruments":["raw_card",{"instrument_type":"x"},""]},
			{"method_id":"a.b","id":"other","name":"say 4111111111111111","supported_instruments":null},
			{"name":"without an id"}],"meta":{}}`)(w, r)
	})
	got, err := client.ImportMethods(t.Context(), "US D&x=1")
	if err != nil {
		t.Fatal(err)
	}
	want := []ImportMethod{
		{ID: "braintree.credit_card", Name: "Credit card", Type: "credit_card", TestMode: true, SupportedInstruments: []string{"raw_card", "tokenized_card"}},
		{ID: "braintree.ach"},
		{ID: "stripe.credit_card", SupportedInstruments: []string{"raw_card"}},
		{ID: "a.b", Name: "say [card number removed]"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if method != "GET" || path != basePath+"/stores/abc123/v3/payments/stored-instruments/methods" || query != "currency_code=US+D%26x%3D1" {
		t.Errorf("%s %s?%s", method, path, query)
	}
}
