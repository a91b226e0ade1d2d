package bcapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testInstrumentToken = "84596bea275fa254da820056bdc3e495bdf01fd11c51b0336347d447ee16200c"

func TestInstrumentsComeInOneVocabulary(t *testing.T) {
	address := &StoredAddress{
		FirstName: "Tester", LastName: "Tester", Email: "example@email.com", Company: "C", Street1: "1 Sample Street", Street2: "Bldg 5",
		City: "Austin", StateOrProvince: "Nevada", StateOrProvinceCode: "NV", CountryCode: "US", Phone: "101-192-0293", PostalCode: "05555",
	}
	const (
		names  = `"first_name":"Tester","last_name":"Tester","email":"example@email.com","company":"C","city":"Austin","state_or_province":"Nevada","state_or_province_code":"NV","country_code":"US","phone":"101-192-0293","postal_code":"05555"`
		common = `"token":"` + testInstrumentToken + `","is_default":true,"expiry_month":1,"expiry_year":2027,"last_4":"0011"`
	)
	card := StoredInstrument{
		Token: testInstrumentToken, Type: CreditCard, IsDefault: true, Brand: "visa", ExpiryMonth: 1, ExpiryYear: 2027,
		IIN: "041111", Last4: "0011", BillingAddress: address,
	}
	tests := map[string]struct {
		item string
		want StoredInstrument
	}{
		"card of the store's list": {`{"type":"credit_card","brand":"visa","iin":"041111",` + common + `,"billing_address":{` + names + `,"address1":"1 Sample Street","address2":"Bldg 5"}}`, card},
		"card of a customer's list": {`{"type":"stored_card","brand":"VISA","issuer_identification_number":"041111",` + common +
			`,"billing_address":{` + names + `,"address1":"1 Sample Street","address2":"Bldg 5"}}`, card},
		"card in the words of requests": {`{"type":"CREDIT_CARD","brand":"Visa","iin":"041111",` + common + `,"billing_address":{` + names + `,"street_1":"1 Sample Street","street_2":"Bldg 5"}}`, card},
		"PayPal":                        {`{"token":"t","type":"stored_paypal_account","email":"a@example.com","is_default":false}`, StoredInstrument{Token: "t", Type: PayPalAccount, Email: "a@example.com"}},
		"bank":                          {`{"token":"t","type":"stored_bank_account","masked_account_number":"12XXX56","issuer":"DE001"}`, StoredInstrument{Token: "t", Type: BankAccount, MaskedAccountNumber: "12XXX56", Issuer: "DE001"}},
		"unknown type":                  {`{"token":"t","type":"Stored_Wallet"}`, StoredInstrument{Token: "t", Type: "stored_wallet"}},
		"nothing":                       {`{}`, StoredInstrument{}},
		"odd values": {`{"token":["t"],"type":7,"is_default":1,"brand":null,"expiry_month":"07","expiry_year":20.5,"iin":411111,"last_4":42,"email":{},"billing_address":"x"}`,
			StoredInstrument{Type: "7", ExpiryMonth: 7, IIN: "411111", Last4: "42"}},
		"card numbers": {`{"token":"` + strings.Repeat("ab", 24) + `4111111111111111","type":"x 4111111111111111","brand":"4111 1111 1111 1111","issuer":"4111-1111-1111-1111","last_4":"4111111111111111","billing_address":{"address1":"4111111111111111","email":"4111111111111111@example.com"}}`,
			StoredInstrument{
				Token: strings.Repeat("ab", 24) + "4111111111111111", Type: "x [card number removed]", Brand: "[card number removed]", Issuer: "[card number removed]",
				Last4: "[card number removed]", BillingAddress: &StoredAddress{Street1: "[card number removed]", Email: "[card number removed]@example.com"},
			}},
		"a long e-mail address": {`{"email":"` + strings.Repeat("a", 242) + `@example.com"}`, StoredInstrument{Email: strings.Repeat("a", 242) + "@example.com"}},
		"our token":             {`{"brand":"` + testToken + `","issuer":"a\u0000\u001b\nb"}`, StoredInstrument{Brand: "[redacted]", Issuer: "a b"}},
	}
	for name, tt := range tests {
		got := readInstrument(jsonObject([]byte(tt.item)), newCleaner(testToken))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// An altered token would name nothing, so one that cannot be shown is left out.
func TestTokensAreKeptAsTheyAreOrLeftOut(t *testing.T) {
	for token, want := range map[string]string{
		testInstrumentToken:        testInstrumentToken,
		strings.Repeat("4", 64):    strings.Repeat("4", 64),
		"t-1_2.3":                  "t-1_2.3",
		"4111111111111111":         "",
		"tok_4111111111111111":     "",
		"a b":                      "",
		"a\x1b[0m":                 "",
		"é":                        "",
		strings.Repeat("a", 100):   strings.Repeat("a", 100),
		strings.Repeat("a", 1<<20): "",
		"":                         "",
	} {
		if got := readToken(token); got != want {
			t.Errorf("%.80q: %q, want %q", token, got, want)
		}
	}
}
