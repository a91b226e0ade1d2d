package bcapi

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUpdateStoredInstrument(t *testing.T) {
	for name, tt := range map[string]struct {
		update StoredInstrumentUpdate
		want   string
	}{
		"make_default": {StoredInstrumentUpdate{Token: "a", Default: MakeDefault}, `{"token":"a","make_default":true}`},
		"is_default":   {StoredInstrumentUpdate{Token: "a", Default: IsDefault}, `{"token":"a","is_default":true}`},
		"address":      {StoredInstrumentUpdate{Token: "a", BillingAddress: &Address{Street1: "1 Sample Street"}}, `{"token":"a","billing_address":{"street_1":"1 Sample Street"}}`},
		"all": {
			StoredInstrumentUpdate{Token: "a", BillingAddress: &Address{City: "Austin"}, TrustedShippingAddresses: []Address{{City: "Bonn"}}, Default: MakeDefault},
			`{"token":"a","billing_address":{"city":"Austin"},"trusted_shipping_addresses":[{"city":"Bonn"}],"make_default":true}`,
		},
		"no trusted address": {StoredInstrumentUpdate{Token: "a", TrustedShippingAddresses: []Address{}}, `{"token":"a","trusted_shipping_addresses":[]}`},
		"nothing":            {StoredInstrumentUpdate{Token: "a"}, `{"token":"a"}`},
	} {
		var line, body string
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			sent, _ := io.ReadAll(r.Body)
			line, body = r.Method+" "+r.URL.String(), string(sent)
			answerWith(200, "application/json", `{"data":{"token":"a","type":"credit_card","is_default":true,"brand":"VISA","billing_address":{"address1":"1 Sample Street"}},"meta":{}}`)(w, r)
		})
		got, err := client.UpdateStoredInstrument(t.Context(), tt.update)
		want := StoredInstrument{Token: "a", Type: CreditCard, IsDefault: true, Brand: "visa", BillingAddress: &StoredAddress{Street1: "1 Sample Street"}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
		if line != "PUT "+basePath+"/stores/abc123/v3/payments/stored-instruments" || body != tt.want {
			t.Errorf("%s: %s %s, want %s", name, line, body, tt.want)
		}
	}
}

func TestAnswersToAnUpdate(t *testing.T) {
	const jsonType = "application/json"
	for name, tt := range map[string]struct {
		status            int
		contentType, body string
		want              string // done, or the fate of the call
	}{
		"no body":         {200, jsonType, "", "done"},
		"204":             {204, "", "", "done"},
		"no data":         {200, jsonType, `{"meta":{}}`, "done"},
		"odd data":        {200, jsonType, `{"data":["a"]}`, "done"},
		"half of it":      {200, jsonType, `{"data":{"token"`, "done"},
		"another's":       {200, jsonType, `{"data":{"token":"b","type":"credit_card"}}`, "done"},
		"no token":        {200, jsonType, `{"data":{"type":"credit_card","is_default":true}}`, "done"},
		"a page":          {200, "text/html", `<html>Sign in</html>`, "unknown"},
		"failed":          {200, jsonType, `{"data":null,"errors":[{"status":422,"title":"No"}]}`, "row"},
		"failed, counted": {207, jsonType, `{"errors":[],"meta":{"total":1,"success":0,"failed":1}}`, "row"},
		"404":             {404, jsonType, `{"status":404,"title":"No"}`, "systemic"},
		"422":             {422, jsonType, `{"status":422,"title":"No","errors":{"billing_address.city":"is bad"}}`, "row"},
		"500":             {500, jsonType, `{"status":500,"title":"No"}`, "unknown"},
	} {
		requests := 0
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			requests++
			answerWith(tt.status, tt.contentType, tt.body)(w, r)
		})
		updated, err := client.UpdateStoredInstrument(t.Context(), StoredInstrumentUpdate{Token: "a"})
		got := fateOf(t, err)
		if err == nil && updated == (StoredInstrument{}) {
			got = "done"
		}
		if got != tt.want || requests != 1 {
			t.Errorf("%s: %s, want %s (%d requests, %v)", name, got, tt.want, requests, err)
		}
	}
}

func TestUpdatesThatAreNotSent(t *testing.T) {
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("sent: %s %s", r.Method, r.URL) })
	for _, u := range []StoredInstrumentUpdate{{}, {Default: MakeDefault}, {Token: "a,b"}, {Token: "4111111111111111"}, {Token: "a", Default: "default_instrument"}} {
		_, err := client.UpdateStoredInstrument(t.Context(), u)
		var notSent *NotSentError
		if !errors.As(err, &notSent) || notSent.Kind != NotSentInvalid || strings.Contains(err.Error(), "4111") {
			t.Errorf("%+v: %v", u, err)
		}
	}
}
