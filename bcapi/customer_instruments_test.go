package bcapi

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCustomerInstruments(t *testing.T) {
	const items = `[{"type":"stored_card","token":"t1","is_default":true,"brand":"VISA","expiry_month":1,"expiry_year":2027,"issuer_identification_number":"411111","last_4":"1111","billing_address":{"address1":"1 Sample Street"}},{"type":"stored_paypal_account","token":"t2","email":"a@example.com"}]`
	want := []StoredInstrument{
		{Token: "t1", Type: CreditCard, IsDefault: true, Brand: "visa", ExpiryMonth: 1, ExpiryYear: 2027, IIN: "411111", Last4: "1111", BillingAddress: &StoredAddress{Street1: "1 Sample Street"}},
		{Token: "t2", Type: PayPalAccount, Email: "a@example.com"},
	}
	for body, want := range map[string][]StoredInstrument{
		items: want, `{"data":` + items + `,"meta":{}}`: want, `[]`: {}, `{"data":[]}`: {},
	} {
		var method, path, query string
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			method, path, query = r.Method, r.URL.Path, r.URL.RawQuery
			answerWith(200, "application/json", body)(w, r)
		})
		got, err := client.CustomerInstruments(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
		if method != "GET" || path != basePath+"/stores/abc123/v3/customers/7/stored-instruments" || query != "" {
			t.Errorf("%s %s?%s", method, path, query)
		}
	}
}
