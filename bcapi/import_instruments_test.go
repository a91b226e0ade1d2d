package bcapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImportSendsWhatWasGiven(t *testing.T) {
	tests := map[string]string{
		"card":           `[{"payment_method_id":"braintree.credit_card","currency_code":"USD","customer_id":1,"instrument":{"type":"credit_card","vault_token":"5292sx35","provider_customer_id":"321123","brand":"visa","expiry_month":11,"expiry_year":26,"last_4":"0011","iin":"411111"},"billing_address":{"first_name":"Sam","last_name":"Williams","email":"sam.williams@email.com","company":"BigCommerce","street_1":"1 Sample Street","street_2":"Bldg 5","city":"Austin","state_or_province_code":"TX","country_code":"US","phone":"101-192-0293","postal_code":"05555"}}]`,
		"paypal":         `[{"payment_method_id":"braintree.paypal","currency_code":"USD","customer_id":2147483647,"instrument":{"type":"paypal_account","vault_token":"t","email":"a@example.com"},"billing_address":{}}]`,
		"bank":           `[{"payment_method_id":"braintree.ach","currency_code":"USD","customer_id":1,"instrument":{"type":"bank_account","vault_token":"t","issuer":"011000015","masked_account_number":"0000"},"billing_address":{}}]`,
		"false and zero": `[{"payment_method_id":"x","currency_code":"USD","customer_id":1,"instrument":{"type":"credit_card","expiry_month":0,"expiry_year":0},"billing_address":{},"trusted_shipping_addresses":[],"default_instrument":false}]`,
		"default":        `[{"payment_method_id":"x","currency_code":"USD","customer_id":1,"instrument":{"type":"credit_card"},"billing_address":{},"trusted_shipping_addresses":[{"city":"Austin"},{}],"default_instrument":true}]`,
	}
	for name, given := range tests {
		var rows []ImportRow
		if err := json.Unmarshal([]byte(given), &rows); err != nil {
			t.Fatal(err)
		}
		var sent, path string
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			sent, path = string(text), r.Method+" "+r.URL.Path
			_, _ = io.WriteString(w, `{"data":[],"errors":[],"meta":{}}`)
		})
		if _, err := client.ImportInstruments(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		if sent != given {
			t.Errorf("%s: sent\n%s\nof\n%s", name, sent, given)
		}
		if path != "POST "+basePath+"/stores/abc123/v3/payments/stored-instruments" {
			t.Errorf("sent as %s", path)
		}
	}
}

func TestEmptyImportSendsNothing(t *testing.T) {
	client := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	if got, err := client.ImportInstruments(t.Context(), nil); err != nil || !cmp.Equal(got, ImportResult{}) {
		t.Errorf("%v %v", got, err)
	}
}

const partial = `{"data":[{"customer_id":1,"provider_vault_token":"a","instrument":{"token":"t1","type":"credit_card"}}],"errors":[{"status":422,"title":"Invalid","errors":{"1.instrument.brand":"bad"}}],"meta":{"total":2,"success":1,"failed":1}}`

func TestPartialSuccessIsReadWhateverTheStatus(t *testing.T) {
	want := ImportResult{
		Imported: []Imported{{CustomerID: 1, VaultToken: "a", Instrument: StoredInstrument{Token: "t1", Type: CreditCard}}},
		Errors:   []ImportError{{Index: 1, Field: "instrument.brand", Message: "bad", Title: "Invalid"}},
		Meta:     ImportMeta{Total: 2, Success: 1, Failed: 1},
	}
	for _, status := range []int{200, 201, 207, 308, 400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 423, 429, 451, 507, 509} {
		requests := 0
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			requests++
			answerWith(status, "application/json", partial)(w, r)
		}, withoutWaiting)
		got, err := client.ImportInstruments(t.Context(), []ImportRow{seedRow(), seedRow()})
		if err != nil {
			t.Errorf("status %d: %v", status, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("status %d: %s", status, diff)
		}
		if requests != 1 {
			t.Errorf("status %d: sent %d times", status, requests)
		}
	}
}

func TestALongPartialSuccessIsReadWhateverTheStatus(t *testing.T) {
	long := strings.Replace(partial, `"bad"`, `"`+strings.Repeat("x", 2*maxErrorAnswer)+`"`, 1)
	client := serve(t, answerWith(http.StatusRequestEntityTooLarge, "application/json", long))
	if got, err := client.ImportInstruments(t.Context(), []ImportRow{seedRow(), seedRow()}); err != nil || len(got.Imported) != 1 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestFateOfImportAnswersWithoutRows(t *testing.T) {
	const flat = `{"status":422,"title":"Malformed","errors":{"instrument.brand":"bad"}}`
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"flat error", 422, flat, string(RefusedRow)},
		{"flat error with a list", 422, `{"status":422,"title":"Malformed","errors":["bad"]}`, string(RefusedRow)},
		{"flat error, 400", 400, flat, string(RefusedRow)},
		{"HTML, 400", 400, "<html>", string(RefusedRow)},
		{"empty, 409", 409, "", string(RefusedRow)},
		// What may have held successes cannot be called refused.
		{"HTML, 422", 422, "<html>", "unknown"},
		{"empty, 422", 422, "", "unknown"},
		{"half, 422", 422, partial[:len(partial)-20], "unknown"},
		{"data of another shape, 422", 422, `{"data":{"0":{"token":"t"}},"title":"x"}`, "unknown"},
		{"data of another shape, 400", 400, `{"data":["t"],"errors":[]}`, "unknown"},
		{"half, 400", 400, partial[:len(partial)-20], "unknown"},
		{"half, 413", 413, partial[:len(partial)-20], "unknown"},
		{"half, 429", 429, partial[:len(partial)-20], "unknown"},
		{"list, 413", 413, `[` + partial + `]`, "unknown"},
		{"data of another shape, 403", 403, `{"data":{"0":{"token":"t"}},"title":"x"}`, "unknown"},
		{"items of another shape, 404", 404, `{"data":["t"]}`, "unknown"},
		{"500 with data", 500, partial, "unknown"},
		// No data, nothing done.
		{"no items, 413", 413, `{"data":[],"errors":[{"title":"x"}],"meta":{"total":1,"success":0,"failed":1}}`, string(RefusedTooLarge)},
		{"no items, 403", 403, `{"data":[],"title":"x"}`, string(RefusedSystemic)},
		{"data of nothing, 403", 403, `{"data":{},"title":"x"}`, string(RefusedSystemic)},
		{"data of null, 404", 404, `{"data":null,"title":"x"}`, string(RefusedSystemic)},
		{"data of text, 401", 401, `{"data":"x","title":"x"}`, string(RefusedSystemic)},
		{"no items, 507", 507, `{"data":[],"title":"x"}`, string(RefusedSystemic)},
		{"no items, 429", 429, `{"data":[],"title":"x"}`, "not sent"},
		{"HTML with the word, 403", 403, `<script>{"data":1}</script>`, string(RefusedSystemic)},
		{"flat error, 200", 200, flat, "unknown"},
		{"HTML, 200", 200, "<html>", "unknown"},
		{"empty, 204", 204, "", "unknown"},
		{"object of nothing", 200, `{}`, "unknown"},
		{"data of another shape", 200, `{"data":{"token":"t"}}`, "unknown"},
		{"data of another shape among others", 200, `{"data":{"0":{"token":"t"}},"errors":[],"meta":{"total":1,"success":1,"failed":0}}`, "unknown"},
		{"items of another shape", 200, `{"data":["t"],"errors":[],"meta":{}}`, "unknown"},
		{"list", 200, `[` + partial + `]`, "unknown"},
		{"more after it", 200, partial + partial, "unknown"},
		{"half", 200, partial[:len(partial)-20], "unknown"},
	}
	for _, tt := range tests {
		client := serve(t, answerWith(tt.status, "application/json", tt.body), withoutWaiting)
		err := importOne(t, client)
		if got := fateOf(t, err); got != tt.want {
			t.Errorf("%s: %s, want %s (%v)", tt.name, got, tt.want, err)
		}
	}
}

func TestCutAnswersWithDataAreUnknown(t *testing.T) {
	for _, status := range []int{400, 413, 422, 429} {
		url, _ := serveRaw(t, func(conn net.Conn) {
			readRequest(conn)
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nContent-Length: 5000\r\n\r\n%s", status, partial)
		})
		var unknown *UnknownError
		if err := importOne(t, dial(t, url, withoutWaiting)); !errors.As(err, &unknown) || unknown.Kind != UnknownCut {
			t.Errorf("status %d: got %v", status, err)
		}
	}
}
