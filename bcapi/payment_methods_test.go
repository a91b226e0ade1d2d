package bcapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPaymentMethods(t *testing.T) {
	var method, path, query string
	token := strings.Repeat("ab", 32)
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		method, path, query = r.Method, r.URL.Path, r.URL.RawQuery
		answerWith(200, "application/json", `{"data":[
			{"id":"braintree.card","name":"Braintree","test_mode":true,"type":"card",
			 "supported_instruments":[{"instrument_type":"VISA","verification_value_required":true},{"instrument_type":"STORED_CARD","verification_value_required":false},
			  {"instrument_type":"AMEX"},{"instrument_type":"JCB","verification_value_required":null},"MAESTRO",{"instrument_type":""},7],
			 "stored_instruments":[
			  {"type":"stored_card","token":"`+token+`","is_default":true,"brand":"VISA","expiry_month":2,"expiry_year":2030,"issuer_identification_number":"411111","last_4":"1111"},
			  {"type":"stored_paypal_account","token":"t2","email":"sam@example.com","is_default":false}]},
			{"id":"bigcommerce.store_credit","test_mode":"no","supported_instruments":[],"stored_instruments":[]},
			{"method_id":"a.b","id":"a.card","name":"say 4111111111111111\u0000","supported_instruments":null,"stored_instruments":null},
			{"name":"without an id"}],"meta":{}}`)(w, r)
	})
	got, err := client.PaymentMethods(t.Context(), PaymentMethodsQuery{OrderID: 215})
	if err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	want := []PaymentMethod{
		{
			ID: "braintree.card", Name: "Braintree", TestMode: true, Type: "card",
			SupportedInstruments: []SupportedInstrument{{"VISA", &yes}, {"STORED_CARD", &no}, {"AMEX", nil}, {"JCB", nil}, {"MAESTRO", nil}, {"7", nil}},
			StoredInstruments: []StoredInstrument{
				{Token: token, Type: CreditCard, IsDefault: true, Brand: "visa", ExpiryMonth: 2, ExpiryYear: 2030, IIN: "411111", Last4: "1111"},
				{Token: "t2", Type: PayPalAccount, Email: "sam@example.com"},
			},
		},
		{ID: "bigcommerce.store_credit", StoredInstruments: []StoredInstrument{}},
		{ID: "a.card", Name: "say [card number removed]"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if method != "GET" || path != basePath+"/stores/abc123/v3/payments/methods" || query != "order_id=215" {
		t.Errorf("%s %s?%s", method, path, query)
	}
	if _, err := client.PaymentMethods(t.Context(), PaymentMethodsQuery{CheckoutID: "a b&order_id=1"}); err != nil || query != "checkout_id=a+b%26order_id%3D1" {
		t.Errorf("%s %v", query, err)
	}
}

// A method that is understood in part would look as if it had fewer instruments.
func TestPaymentMethodsThatAreNotUnderstood(t *testing.T) {
	for _, stored := range []string{`["t"]`, `"t"`, `[{"token":"t"},null]`, `true`} {
		client := serve(t, answerWith(200, "application/json", `{"data":[{"id":"a","stored_instruments":`+stored+`},{"id":"b"}]}`))
		got, err := client.PaymentMethods(t.Context(), PaymentMethodsQuery{OrderID: 1})
		var failed *ReadError
		if !errors.As(err, &failed) || failed.Kind != ReadUnreadable || got != nil {
			t.Errorf("%s: %+v %v", stored, got, err)
		}
	}
}

func TestPaymentMethodsOfWhat(t *testing.T) {
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("sent: %s", r.URL) })
	for _, q := range []PaymentMethodsQuery{{}, {OrderID: -1}, {OrderID: 1, CheckoutID: "c"}, {OrderID: -1, CheckoutID: "c"}} {
		_, err := client.PaymentMethods(t.Context(), q)
		var notSent *NotSentError
		if !errors.As(err, &notSent) || notSent.Kind != NotSentInvalid {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// The status is documented nowhere, and was seen (docs/api-facts.md 2.2).
func TestPaymentMethodsOfAnOrderThatIsNotIncomplete(t *testing.T) {
	client := serve(t, answerWith(409, "application/json", `{"status":409,"title":"Order is not in a correct status.","type":"t","code":30101}`))
	_, err := client.PaymentMethods(t.Context(), PaymentMethodsQuery{OrderID: 1001})
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Kind != RefusedRow || refused.API.Code != "30101" || refused.API.Retryable || !strings.Contains(refused.API.Advice(), "Incomplete") {
		t.Errorf("%v", err)
	}
}
