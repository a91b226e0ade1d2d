package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/internal/sandbox"
)

func TestImportAnswersNested(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	r := s.do("POST", instrumentsPath, batch(card(1, "v1"), payPal(2, "v2"), bank(3, "v3"))).want(200)
	var answer struct {
		Data   []map[string]any `json:"data"`
		Errors []any            `json:"errors"`
		Meta   map[string]int   `json:"meta"`
	}
	if err := json.Unmarshal(r.body, &answer); err != nil {
		t.Fatal(err)
	}
	tokens := map[string]bool{}
	for _, item := range answer.Data {
		inner := item["instrument"].(map[string]any)
		tokens[inner["token"].(string)] = true
		delete(inner, "token")
	}
	if len(tokens) != 3 {
		t.Errorf("tokens are not unique: %v", tokens)
	}
	want := []map[string]any{
		{"customer_id": 1.0, "provider_vault_token": "v1", "instrument": map[string]any{
			"type": "credit_card", "is_default": true, "brand": "visa", "expiry_month": 11.0, "expiry_year": 2030.0,
			"iin": "411111", "last_4": "1111", "billing_address": map[string]any{
				"first_name": "Sam", "last_name": "Williams", "email": "sam@example.com", "company": "",
				"address1": "1 Sample Street", "address2": "Bldg 5", "city": "Austin", "state_or_province": "",
				"state_or_province_code": "TX", "country_code": "US", "phone": "", "postal_code": "55555"}}},
		{"customer_id": 2.0, "provider_vault_token": "v2", "instrument": map[string]any{
			"type": "paypal_account", "is_default": true, "email": "sam@example.com"}},
		{"customer_id": 3.0, "provider_vault_token": "v3", "instrument": map[string]any{
			"type": "bank_account", "is_default": true, "issuer": "011000015", "masked_account_number": "0000"}},
	}
	if diff := cmp.Diff(want, answer.Data); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"total": 3, "success": 3, "failed": 0}, answer.Meta); diff != "" {
		t.Error(diff)
	}
	if answer.Errors == nil || len(answer.Errors) != 0 {
		t.Errorf("errors: %v", answer.Errors)
	}
}

func TestImportAnswersFlat(t *testing.T) {
	s := newStore(t, sandbox.Options{Results: sandbox.ResultsFlat})
	answer := s.load(card(1, "v1"), bank(3, "v3"))
	if got := answer.Data[0]; got.CustomerID != 1 || got.Type != "credit_card" || got.Last4 != "1111" || len(got.Token) != 64 {
		t.Errorf("card: %+v", got)
	}
	if got := answer.Data[1]; got.CustomerID != 3 || got.Issuer != "011000015" || got.ProviderVaultToken != "" || got.Instrument.Token != "" {
		t.Errorf("bank account: %+v", got)
	}
}

func TestImportKeepsRowsAsSent(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	const odd = ` { "zip":"1<2&3", "customer_id":2, "payment_method_id":"stripe.credit_card","currency_code":"EUR",
		"instrument":{"type":"credit_card","vault_token":"v2","expiry_year":26,"expiry_month":1.2e1}, "billing_address":{}}`
	s.do("POST", instrumentsPath, "[\n"+card(1, "v1")+" ,\r\n"+odd+"\t]", malformed).want(422)
	const good = `{ "zip":"1<2&3", "customer_id":2,"payment_method_id":"stripe.credit_card","currency_code":"EUR",
		"instrument":{"type":"credit_card","vault_token":"v2","expiry_year":26}, "billing_address":{"zip":"é\u00e9"}}`
	s.do("POST", instrumentsPath, "["+good+"]", malformed).want(200)

	got := s.stored()
	if len(got) != 2 {
		t.Fatalf("%d instruments", len(got))
	}
	if sent := compact(t, got[0].Sent); sent != compact(t, []byte(card(1, "v1"))) || got[0].CustomerID != 1 || got[0].VaultToken != "v1" {
		t.Errorf("first: %s", sent)
	}
	if sent := compact(t, got[1].Sent); sent != compact(t, []byte(good)) || got[1].PaymentMethodID != "stripe.credit_card" {
		t.Errorf("second: %s", sent)
	}
}

func TestImportChecksShape(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for _, tt := range []struct{ change, field, message string }{
		{`{"payment_method_id":null}`, "payment_method_id", "is required"},
		{`{"payment_method_id":5}`, "payment_method_id", "must be a string"},
		{`{"currency_code":null}`, "currency_code", "must be an ISO 4217 code"},
		{`{"currency_code":"US"}`, "currency_code", "must be an ISO 4217 code"},
		{`{"currency_code":"U5D"}`, "currency_code", "must be an ISO 4217 code"},
		{`{"customer_id":null}`, "customer_id", "is required and must be positive"},
		{`{"customer_id":0}`, "customer_id", "is required and must be positive"},
		{`{"customer_id":-7}`, "customer_id", "is required and must be positive"},
		{`{"customer_id":"12"}`, "customer_id", "must be an integer"},
		{`{"customer_id":1.5}`, "customer_id", "must be an integer"},
		{`{"instrument":null}`, "instrument", "is required"},
		{`{"instrument":"card"}`, "instrument", "must be an object"},
		{`{"instrument":{"type":null}}`, "instrument.type", "must be credit_card, paypal_account or bank_account"},
		{`{"instrument":{"type":"stored_card"}}`, "instrument.type", "must be credit_card, paypal_account or bank_account"},
		{`{"instrument":{"vault_token":null}}`, "instrument.vault_token", "is required"},
		{`{"instrument":{"vault_token":""}}`, "instrument.vault_token", "is required"},
		{`{"instrument":{"expiry_month":0}}`, "instrument.expiry_month", "must be between 1 and 12"},
		{`{"instrument":{"expiry_month":13}}`, "instrument.expiry_month", "must be between 1 and 12"},
		{`{"instrument":{"expiry_month":"11"}}`, "instrument.expiry_month", "must be an integer"},
		{`{"instrument":{"expiry_year":226}}`, "instrument.expiry_year", "must have two or four digits"},
		{`{"instrument":{"last_4":"111"}}`, "instrument.last_4", "must be four digits"},
		{`{"instrument":{"last_4":"11a1"}}`, "instrument.last_4", "must be four digits"},
		{`{"instrument":{"last_4":1111}}`, "instrument.last_4", "must be a string"},
		{`{"instrument":{"iin":"41111"}}`, "instrument.iin", "must be six to eight digits"},
		{`{"instrument":{"iin":"411111111"}}`, "instrument.iin", "must be six to eight digits"},
		{`{"billing_address":null}`, "billing_address", "is required"},
		{`{"billing_address":{"country_code":"USA"}}`, "billing_address.country_code", "must be an ISO 3166-1 alpha-2 code"},
		{`{"trusted_shipping_addresses":{}}`, "trusted_shipping_addresses", "must be an array"},
		{`{"trusted_shipping_addresses":[{},{"country_code":"7"}]}`, "trusted_shipping_addresses.1.country_code", "must be an ISO 3166-1 alpha-2 code"},
		{`{"default_instrument":"yes"}`, "default_instrument", "must be true or false"},
	} {
		r := s.do("POST", instrumentsPath, batch(card(1, "v", tt.change)), malformed).want(422)
		answer := into[importAnswer](r)
		if len(answer.Errors) != 1 || answer.Errors[0].Errors["0."+tt.field] != tt.message || len(answer.Data) != 0 {
			t.Errorf("%s: %s, want %s %s", tt.change, r.body, tt.field, tt.message)
		}
	}
	for _, change := range []string{
		`{"instrument":{"expiry_year":26}}`, `{"instrument":{"expiry_year":1}}`, `{"instrument":{"iin":"41111111"}}`,
		`{"instrument":{"brand":null,"iin":null,"last_4":null,"expiry_month":null,"expiry_year":null,"provider_customer_id":null}}`,
		`{"payment_method_id":"nobody.knows"}`, `{"customer_id":99999999}`, `{"trusted_shipping_addresses":[{"country_code":"DE"}]}`,
	} {
		s.do("POST", instrumentsPath, batch(card(1, "v", change))).want(200)
	}
}

func TestImportIsPartial(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	r := s.do("POST", instrumentsPath, batch(card(1, "v1"), `7`, card(3, "v3", `{"instrument":{"expiry_month":13,"last_4":"x"}}`), card(4, "v4")), malformed)
	answer := into[importAnswer](r.want(422))
	if len(answer.Data) != 2 || answer.Data[0].ProviderVaultToken != "v1" || answer.Data[1].ProviderVaultToken != "v4" {
		t.Errorf("data: %s", r.body)
	}
	if answer.Meta.Total != 4 || answer.Meta.Success != 2 || answer.Meta.Failed != 2 {
		t.Errorf("meta: %+v", answer.Meta)
	}
	want := []map[string]string{
		{"1": "must be an object"},
		{"2.instrument.expiry_month": "must be between 1 and 12", "2.instrument.last_4": "must be four digits"},
	}
	for i, e := range answer.Errors {
		if diff := cmp.Diff(want[i], e.Errors); diff != "" || e.Status != 422 {
			t.Errorf("error %d: %s", i, diff)
		}
	}
	if got := s.stored(); len(got) != 2 || got[1].CustomerID != 4 {
		t.Errorf("stored: %+v", got)
	}
}

func TestImportAtomic(t *testing.T) {
	s := newStore(t, sandbox.Options{Atomic: true, Duplicates: sandbox.DuplicatesReject})
	for name, rows := range map[string]string{
		"shape":     batch(card(1, "v1"), card(2, "v2", `{"currency_code":"U"}`)),
		"duplicate": batch(card(1, "v1"), card(1, "v1")),
	} {
		r := s.do("POST", instrumentsPath, rows, malformed).want(422)
		answer := into[importAnswer](r)
		if answer.Data == nil || len(answer.Data) != 0 || len(answer.Errors) != 1 || answer.Meta.Failed != 2 || answer.Meta.Success != 0 {
			t.Errorf("%s: %s", name, r.body)
		}
	}
	if got := s.stored(); len(got) != 0 {
		t.Errorf("stored: %+v", got)
	}
	s.load(card(1, "v1"), card(2, "v2"))
	if got := s.stored(); len(got) != 2 {
		t.Errorf("stored: %+v", got)
	}
}

func TestImportErrorKeys(t *testing.T) {
	for style, want := range map[sandbox.ErrorKeyStyle]map[string]string{
		"":                       {"1.instrument.expiry_month": "must be between 1 and 12", "1.instrument.last_4": "must be four digits"},
		sandbox.ErrorKeysDotted:  {"1.instrument.expiry_month": "must be between 1 and 12", "1.instrument.last_4": "must be four digits"},
		sandbox.ErrorKeysBracket: {"[1].instrument.expiry_month": "must be between 1 and 12", "[1].instrument.last_4": "must be four digits"},
		sandbox.ErrorKeysField:   {"instrument.expiry_month": "must be between 1 and 12", "instrument.last_4": "must be four digits"},
		sandbox.ErrorKeysIndex:   {"1": "instrument.expiry_month must be between 1 and 12; instrument.last_4 must be four digits"},
	} {
		s := newStore(t, sandbox.Options{ErrorKeys: style})
		bad := card(2, "v2", `{"instrument":{"expiry_month":13,"last_4":"1"}}`)
		answer := into[importAnswer](s.do("POST", instrumentsPath, batch(card(1, "v1"), bad), malformed).want(422))
		if diff := cmp.Diff(want, answer.Errors[0].Errors); diff != "" {
			t.Errorf("%s: %s", style, diff)
		}
	}
	for style, want := range map[sandbox.ErrorKeyStyle]string{
		sandbox.ErrorKeysDotted: "0", sandbox.ErrorKeysBracket: "[0]", sandbox.ErrorKeysField: "row", sandbox.ErrorKeysIndex: "0",
	} {
		s := newStore(t, sandbox.Options{ErrorKeys: style})
		answer := into[importAnswer](s.do("POST", instrumentsPath, `["row"]`, malformed).want(422))
		if answer.Errors[0].Errors[want] == "" {
			t.Errorf("%s: %v", style, answer.Errors)
		}
	}
}

func TestImportDuplicates(t *testing.T) {
	create := newStore(t, sandbox.Options{})
	create.load(card(1, "v1"), card(1, "v1"))
	create.load(card(1, "v1"))
	if got := create.stored(); len(got) != 3 {
		t.Errorf("create: %d stored", len(got))
	}

	reject := newStore(t, sandbox.Options{Duplicates: sandbox.DuplicatesReject})
	reject.load(card(1, "v1"), card(2, "v1"), card(1, "v2"))
	r := reject.do("POST", instrumentsPath, batch(card(3, "v3"), card(1, "v1"), card(3, "v3"))).want(422)
	answer := into[importAnswer](r)
	if answer.Meta.Success != 1 || answer.Meta.Failed != 2 ||
		answer.Errors[0].Errors["1.instrument.vault_token"] == "" || answer.Errors[1].Errors["2.instrument.vault_token"] == "" {
		t.Errorf("reject: %s", r.body)
	}
	if got := reject.stored(); len(got) != 4 {
		t.Errorf("reject: %d stored", len(got))
	}
}

func TestImportDefaults(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	const preferred = `{"default_instrument":true}`
	answer := s.load(card(1, "a"), card(1, "b", preferred), card(2, "c"), card(1, "d"), card(2, "e", `{"default_instrument":false}`))
	want := map[string]bool{"a": false, "b": true, "c": true, "d": false, "e": false}
	check := func(when string) {
		t.Helper()
		for _, row := range s.stored() {
			if row.IsDefault != want[row.VaultToken] {
				t.Errorf("%s: %s is default: %v", when, row.VaultToken, row.IsDefault)
			}
		}
	}
	check("in one batch")
	for _, item := range answer.Data {
		if item.Instrument.IsDefault != want[item.ProviderVaultToken] {
			t.Errorf("answer: %+v", item)
		}
	}
	s.load(card(1, "f", preferred))
	want["b"], want["f"] = false, true
	check("in a later batch")
}

func TestImportRefusesWholeBodies(t *testing.T) {
	s := newStore(t, sandbox.Options{MaxBatch: 2})
	for _, tt := range []struct {
		name, body string
		status     int
	}{
		{"object", card(1, "v1"), 422},
		{"null", "null", 422},
		{"number", "5", 422},
		{"string", `"x"`, 422},
		{"empty array", "[]", 422},
		{"no body", "", 400},
		{"cut", "[" + card(1, "v1"), 400},
		{"cut in a row", "[" + card(1, "v1") + `,{"customer`, 400},
		{"cut object", `{"a":`, 400},
		{"two arrays", "[" + card(1, "v1") + "][]", 400},
		{"trailing comma", "[" + card(1, "v1") + ",]", 400},
		{"no comma", "[" + card(1, "v1") + card(1, "v1") + "]", 400},
		{"wrong bracket", "[" + card(1, "v1") + "}", 400},
		{"words", "hello", 400},
		{"not UTF-8", "[" + card(1, "v1") + ",\"\xff\"]", 400},
		{"too many rows", batch(card(1, "v1"), card(2, "v2"), card(3, "v3")), 413},
		{"too many bytes", "[" + strings.Repeat(" ", 8<<20) + card(1, "v1") + "]", 413},
	} {
		r := s.do("POST", instrumentsPath, tt.body, malformed)
		f := into[failure](r)
		if r.status != tt.status || f.Status != tt.status || f.Title == "" || f.Code != 0 {
			t.Errorf("%s: %d %s, want %d", tt.name, r.status, r.body, tt.status)
		}
	}
	if got := s.stored(); len(got) != 0 {
		t.Errorf("stored: %+v", got)
	}
	s.load(card(1, "v1"), card(2, "v2"))
}

// TestNeverReturned: what the API keeps to itself is in none of its answers.
func TestNeverReturned(t *testing.T) {
	const secret = "secret-of-the-vault"
	row := card(1, secret, `{"payment_method_id":"`+secret+`","instrument":{"provider_customer_id":"`+secret+`"},
		"trusted_shipping_addresses":[{"first_name":"`+secret+`"}]}`)
	for _, form := range []sandbox.ResultForm{sandbox.ResultsNested, sandbox.ResultsFlat} {
		s := newStore(t, sandbox.Options{Results: form})
		imported := s.do("POST", instrumentsPath, batch(row)).want(200)
		times := map[sandbox.ResultForm]int{sandbox.ResultsNested: 1, sandbox.ResultsFlat: 0}[form]
		if n := strings.Count(string(imported.body), secret); n != times {
			t.Errorf("%s: %d times in %s", form, n, imported.body)
		}
		token := s.stored()[0].Token
		for _, r := range []reply{
			s.do("GET", instrumentsPath, ""),
			s.do("GET", "/customers/1/stored-instruments", ""),
			s.do("PUT", instrumentsPath, fmt.Sprintf(`{"token":%q,"make_default":true}`, token)),
		} {
			if r.want(http.StatusOK); strings.Contains(string(r.body), secret) {
				t.Errorf("returned: %s", r.body)
			}
		}
	}
}
