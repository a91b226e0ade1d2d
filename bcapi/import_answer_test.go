package bcapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func readRows(t *testing.T, rows int, body string) ImportResult {
	t.Helper()
	got, ok := readImport([]byte(body), rows, newCleaner(""))
	if !ok {
		t.Fatalf("not read: %s", body)
	}
	return got
}

func TestImportedRows(t *testing.T) {
	card := StoredInstrument{Token: "t1", Type: CreditCard, IsDefault: true, Brand: "visa", ExpiryMonth: 1, ExpiryYear: 1, IIN: "041111", Last4: "0011"}
	addressed := card
	addressed.BillingAddress = &StoredAddress{Street1: "x"}
	tests := []struct {
		name, item string
		want       Imported
	}{
		{
			"nested card", `{"customer_id":1,"provider_vault_token":"v","instrument":{"token":"t1","type":"credit_card","is_default":true,"brand":"visa","expiry_month":1,"expiry_year":1,"iin":"041111","last_4":"0011","billing_address":{"address1":"x"}}}`,
			Imported{1, "v", addressed},
		},
		{
			"flat card", `{"customer_id":1,"token":"t1","type":"credit_card","is_default":true,"brand":"visa","expiry_month":1,"expiry_year":1,"iin":"041111","last_4":"0011"}`,
			Imported{1, "", card},
		},
		{
			"paypal", `{"customer_id":"2","provider_vault_token":"v","instrument":{"token":"t2","type":"paypal_account","is_default":false,"email":"a@example.com"}}`,
			Imported{2, "v", StoredInstrument{Token: "t2", Type: PayPalAccount, Email: "a@example.com"}},
		},
		{
			"bank", `{"provider_vault_token":"v","instrument":{"customer_id":3,"token":"t3","type":"bank_account","issuer":"011000015","masked_account_number":"0000"}}`,
			Imported{3, "v", StoredInstrument{Token: "t3", Type: BankAccount, Issuer: "011000015", MaskedAccountNumber: "0000"}},
		},
		{
			"values of odd types", `{"customer_id":null,"instrument":{"token":"t4","type":null,"is_default":"yes","expiry_month":"07","expiry_year":2.5,"last_4":1234,"brand":["x"]}}`,
			Imported{0, "", StoredInstrument{Token: "t4", ExpiryMonth: 7, Last4: "1234"}},
		},
		{"a card number in it", `{"instrument":{"token":"t5","issuer":"4111111111111111"}}`, Imported{Instrument: StoredInstrument{Token: "t5", Issuer: "[card number removed]"}}},
	}
	for _, tt := range tests {
		got := readRows(t, 9, `{"data":[`+tt.item+`],"errors":[],"meta":{"total":"1","success":1,"failed":0}}`)
		want := ImportResult{Imported: []Imported{tt.want}, Meta: ImportMeta{Total: 1, Success: 1}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestImportErrorsInEveryKeyStyle(t *testing.T) {
	one := func(index int, field, message, title string) []ImportError {
		return []ImportError{{Index: index, Field: field, Message: message, Title: title}}
	}
	tests := []struct {
		name, errors string
		want         []ImportError
	}{
		{"dotted", `[{"status":422,"title":"T","type":"u","errors":{"2.instrument.brand":"bad"}}]`, one(2, "instrument.brand", "bad", "T")},
		{"bracket", `[{"title":"T","errors":{"[2].instrument.brand":"bad"}}]`, one(2, "instrument.brand", "bad", "T")},
		{"all brackets", `[{"title":"T","errors":{"2[instrument][brand]":"bad"}}]`, one(2, "instrument.brand", "bad", "T")},
		{"pointer", `[{"title":"T","errors":{"/2/instrument/brand":"bad"}}]`, one(2, "instrument.brand", "bad", "T")},
		{"index to object", `[{"title":"T","errors":{"2":{"instrument.brand":"bad"}}}]`, one(2, "instrument.brand", "bad", "T")},
		{"index to deep object", `[{"title":"T","errors":{"2":{"instrument":{"brand":["bad"]}}}}]`, one(2, "instrument.brand", "bad", "T")},
		{"index to error", `[{"errors":{"2":{"status":422,"title":"T","errors":{"instrument.brand":"bad"}}}}]`, one(2, "instrument.brand", "bad", "")},
		{"index to message", `[{"title":"T","errors":{"2":{"code":1,"message":"bad"}}}]`, one(2, "", "bad", "T")},
		{"index to text", `[{"title":"T","errors":{"2":"bad"}}]`, one(2, "", "bad", "T")},
		{"index to list", `[{"title":"T","errors":{"2":["b","a"]}}]`, []ImportError{{2, "", "a", "T"}, {2, "", "b", "T"}}},
		{"field alone", `[{"title":"T","errors":{"instrument.brand":"bad"}}]`, one(-1, "instrument.brand", "bad", "T")},
		{"field named", `[{"title":"T","errors":[{"field":"2.instrument.brand","message":"bad"}]}]`, one(2, "instrument.brand", "bad", "T")},
		{"a path among titles", `[{"errors":{"title":"x","2.instrument.brand":"bad"}}]`, []ImportError{{-1, "title", "x", ""}, {2, "instrument.brand", "bad", ""}}},
		{"trusted address", `[{"errors":{"2.trusted_shipping_addresses.0.city":"bad"}}]`, one(2, "trusted_shipping_addresses.0.city", "bad", "")},
		{"rows in order of number", `[{"errors":{"10.a":"x","9.a":"y","b":"z"}}]`, []ImportError{{-1, "b", "z", ""}, {9, "a", "y", ""}, {10, "a", "x", ""}}},
		{"list of texts", `["bad"]`, one(-1, "", "bad", "")},
		{"title alone", `[{"status":422,"title":"T","type":"u","instance":"i","errors":{}}]`, one(-1, "", "T", "T")},
		{"detail", `[{"title":"T","detail":"D"}]`, one(-1, "", "D", "T")},
		{"code and message", `[{"code":422,"message":"M"}]`, one(-1, "", "M", "M")},
		{"keys straight away", `[{"2.instrument.brand":"bad"}]`, one(2, "instrument.brand", "bad", "")},
		{"an object for a list", `{"2.instrument.brand":"bad"}`, one(2, "instrument.brand", "bad", "")},
		{"no reason", `[{"errors":{"2.instrument.brand":null}}]`, one(2, "instrument.brand", "refused without a reason", "")},
		{"number and flag", `[{"errors":{"2.a":7,"2.b":true}}]`, []ImportError{{2, "a", "7", ""}, {2, "b", "true", ""}}},
		{"dirty", `[{"title":"4111111111111111","errors":{"2.a\u0007b":"no 4111 1111 1111 1111"}}]`, one(2, "ab", "no [card number removed]", "[card number removed]")},
		{"null", `null`, nil},
		{"none", `[]`, nil},
		// Row 12 was not sent: the numbers are not positions from 0.
		{"numbers that are not positions", `[{"errors":{"2.a":"x","12.a":"y"}}]`, []ImportError{{-1, "a", "x", ""}, {-1, "a", "y", ""}}},
		{"negative", `[{"errors":{"-1.a":"x"}}]`, one(-1, "-1.a", "x", "")},
	}
	for _, tt := range tests {
		got := readRows(t, 12, `{"data":[],"errors":`+tt.errors+`,"meta":{"total":12,"success":0,"failed":12}}`)
		if diff := cmp.Diff(tt.want, got.Errors); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestManyErrorsOfARowAreSummedUp(t *testing.T) {
	var errors []string
	for i := range maxRowErrors + 3 {
		errors = append(errors, fmt.Sprintf(`{"errors":{"1.f%02d":"x"}}`, i), fmt.Sprintf(`"unnamed %02d"`, i))
	}
	for i := range maxRowErrors {
		errors = append(errors, fmt.Sprintf(`{"errors":{"0.f%02d":"x"}}`, i))
	}
	var want []ImportError
	for i := range maxRowErrors {
		want = append(want, ImportError{Index: 1, Field: fmt.Sprintf("f%02d", i), Message: "x"}, ImportError{Index: -1, Message: fmt.Sprintf("unnamed %02d", i)})
	}
	for i := range maxRowErrors {
		want = append(want, ImportError{Index: 0, Field: fmt.Sprintf("f%02d", i), Message: "x"})
	}
	want = append(want, ImportError{Index: -1, Message: "and 3 more"}, ImportError{Index: 1, Message: "and 3 more"})
	got := readRows(t, 2, `{"data":[],"errors":[`+strings.Join(errors, ",")+`]}`)
	if diff := cmp.Diff(want, got.Errors); diff != "" {
		t.Error(diff)
	}
}

func TestDeepErrorsAreNotFollowedForEver(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 5000) + `"x"` + strings.Repeat(`}`, 5000)
	if got := readRows(t, 1, `{"data":[],"errors":[{"errors":`+deep+`}]}`); len(got.Errors) != 0 {
		t.Errorf("%d errors", len(got.Errors))
	}
}

func FuzzReadImport(f *testing.F) {
	f.Add([]byte(partial))
	f.Add([]byte(`{"data":null,"errors":{"0":{"instrument.brand":["x"]}},"meta":{"total":"1"}}`))
	f.Add([]byte(`{"data":[{"token":"t"}],"errors":["x",{"message":"y","field":"[0].a"}]}`))
	f.Add([]byte(`{"errors":[{"title":"4111111111111111","errors":{"0[a][b]":"\u001b"}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		const rows = 3
		got, ok := readImport(body, rows, newCleaner(testToken))
		if ok && !json.Valid(body) {
			t.Fatal("invalid JSON was read")
		}
		for _, e := range got.Errors {
			if e.Index < -1 || e.Index >= rows {
				t.Errorf("index %d", e.Index)
			}
			for text, limit := range map[string]int{e.Message: maxDetail, e.Field: maxField, e.Title: maxTitle} {
				if len([]rune(text)) > limit || strings.ContainsFunc(text, unicode.IsControl) {
					t.Errorf("not clean: %q", text)
				}
			}
			if e.Message == "" {
				t.Error("an error without a message")
			}
		}
	})
}
