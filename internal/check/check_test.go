package check_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
)

func ptr[T any](v T) *T { return &v }

// card is the row of the API documentation's example.
func card() bcapi.ImportRow {
	return bcapi.ImportRow{
		PaymentMethodID: "braintree.credit_card", CurrencyCode: "USD", CustomerID: 1,
		Instrument: bcapi.ImportInstrument{
			Type: bcapi.CreditCard, VaultToken: "5292sx35", ProviderCustomerID: "321123",
			Brand: "visa", ExpiryMonth: ptr(11), ExpiryYear: ptr(26), Last4: "1111", IIN: "411111",
		},
		BillingAddress: bcapi.Address{
			FirstName: "Sam", LastName: "Williams", Email: "sam.williams@email.com", Company: "BigCommerce",
			Street1: "1 Sample Street", Street2: "Bldg 5", City: "Austin", StateOrProvinceCode: "TX",
			CountryCode: "US", Phone: "101-192-0293", PostalCode: "55555",
		},
	}
}

func paypal() bcapi.ImportRow {
	row := card()
	row.PaymentMethodID = "braintree.paypal"
	row.Instrument = bcapi.ImportInstrument{Type: bcapi.PayPalAccount, VaultToken: "pp1", Email: "buyer@example.com"}
	return row
}

func bank() bcapi.ImportRow {
	row := card()
	row.PaymentMethodID = "braintree.ach"
	row.Instrument = bcapi.ImportInstrument{Type: bcapi.BankAccount, VaultToken: "ba1", Issuer: "011000015", MaskedAccountNumber: "0000"}
	return row
}

// november is within the last month of card's validity.
func november() time.Time { return time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC) }

func newChecker(options check.Options) *check.Checker {
	if options.Now == nil {
		options.Now = november
	}
	return check.New(options)
}

func TestRowAcceptsEachType(t *testing.T) {
	for name, row := range map[string]bcapi.ImportRow{"card": card(), "paypal": paypal(), "bank": bank()} {
		if v := newChecker(check.Options{}).Row(&row); len(v.Problems)+len(v.Warnings) > 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestRowRefuses(t *testing.T) {
	const pan = "4111 1111 1111 1111"
	for _, tt := range []struct {
		name   string
		mutate func(*bcapi.ImportRow)
		field  string
	}{
		{"no method", func(r *bcapi.ImportRow) { r.PaymentMethodID = "" }, "payment_method_id"},
		{"method without a dot", func(r *bcapi.ImportRow) { r.PaymentMethodID = "braintree" }, "payment_method_id"},
		{"lower-case currency", func(r *bcapi.ImportRow) { r.CurrencyCode = "usd" }, "currency_code"},
		{"unknown currency", func(r *bcapi.ImportRow) { r.CurrencyCode = "USX" }, "currency_code"},
		{"withdrawn currency", func(r *bcapi.ImportRow) { r.CurrencyCode = "DEM" }, "currency_code"},
		{"customer 0", func(r *bcapi.ImportRow) { r.CustomerID = 0 }, "customer_id"},
		{"customer beyond 32 bits", func(r *bcapi.ImportRow) { r.CustomerID = 1 << 31 }, "customer_id"},
		{"customer that is a card number", func(r *bcapi.ImportRow) { r.CustomerID = 4111111111111111 }, "customer_id"},
		{"no type", func(r *bcapi.ImportRow) { r.Instrument.Type = "" }, "instrument.type"},
		{"stored_card is another endpoint's word", func(r *bcapi.ImportRow) { r.Instrument.Type = "stored_card" }, "instrument.type"},
		{"no vault token", func(r *bcapi.ImportRow) { r.Instrument.VaultToken = "" }, "instrument.vault_token"},
		{"vault token with white space", func(r *bcapi.ImportRow) { r.Instrument.VaultToken = "5292sx35 " }, "instrument.vault_token"},
		{"card number for a token", func(r *bcapi.ImportRow) { r.Instrument.VaultToken = pan }, "instrument.vault_token"},
		{"card number in a name", func(r *bcapi.ImportRow) { r.BillingAddress.FirstName = "Sam " + pan }, "billing_address.first_name"},
		{"card number in a shipping address", func(r *bcapi.ImportRow) {
			r.TrustedShippingAddresses = []bcapi.Address{{}, {Street2: pan}}
		}, "trusted_shipping_addresses[1].street_2"},
		{"line break", func(r *bcapi.ImportRow) { r.BillingAddress.City = "Aus\ntin" }, "billing_address.city"},
		{"no brand", func(r *bcapi.ImportRow) { r.Instrument.Brand = "" }, "instrument.brand"},
		{"month 0", func(r *bcapi.ImportRow) { r.Instrument.ExpiryMonth = ptr(0) }, "instrument.expiry_month"},
		{"month 13", func(r *bcapi.ImportRow) { r.Instrument.ExpiryMonth = ptr(13) }, "instrument.expiry_month"},
		{"no month", func(r *bcapi.ImportRow) { r.Instrument.ExpiryMonth = nil }, "instrument.expiry_month"},
		{"no year", func(r *bcapi.ImportRow) { r.Instrument.ExpiryYear = nil }, "instrument.expiry_year"},
		{"three-digit year", func(r *bcapi.ImportRow) { r.Instrument.ExpiryYear = ptr(202) }, "instrument.expiry_year"},
		{"negative year", func(r *bcapi.ImportRow) { r.Instrument.ExpiryYear = ptr(-1) }, "instrument.expiry_year"},
		{"last_4 without its zeros", func(r *bcapi.ImportRow) { r.Instrument.Last4 = "42" }, "instrument.last_4"},
		{"last_4 with a letter", func(r *bcapi.ImportRow) { r.Instrument.Last4 = "11x1" }, "instrument.last_4"},
		{"iin of a spreadsheet", func(r *bcapi.ImportRow) { r.Instrument.IIN = "4.11E+05" }, "instrument.iin"},
		{"iin of five digits", func(r *bcapi.ImportRow) { r.Instrument.IIN = "41111" }, "instrument.iin"},
		{"iin of nine digits", func(r *bcapi.ImportRow) { r.Instrument.IIN = "411111111" }, "instrument.iin"},
		{"country name", func(r *bcapi.ImportRow) { r.BillingAddress.CountryCode = "USA" }, "billing_address.country_code"},
		{"UK", func(r *bcapi.ImportRow) { r.BillingAddress.CountryCode = "UK" }, "billing_address.country_code"},
		{"e-mail without a domain", func(r *bcapi.ImportRow) { r.BillingAddress.Email = "sam@" }, "billing_address.email"},
		{"two e-mails", func(r *bcapi.ImportRow) { r.BillingAddress.Email = "a@b.co,c@d.co" }, "billing_address.email"},
		{"PayPal without e-mail", func(r *bcapi.ImportRow) { *r = paypal(); r.Instrument.Email = "" }, "instrument.email"},
		{"bank without account", func(r *bcapi.ImportRow) { *r = bank(); r.Instrument.MaskedAccountNumber = "" }, "instrument.masked_account_number"},
		{"bank without issuer", func(r *bcapi.ImportRow) { *r = bank(); r.Instrument.Issuer = "" }, "instrument.issuer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			row := card()
			tt.mutate(&row)
			v := newChecker(check.Options{}).Row(&row)
			if !slices.ContainsFunc(v.Problems, func(p check.Problem) bool { return p.Field == tt.field }) {
				t.Errorf("problems = %+v, want one at %s", v.Problems, tt.field)
			}
			for _, p := range v.Problems {
				if strings.Contains(p.Message, "4111") {
					t.Errorf("%q echoes the value", p.Message)
				}
			}
		})
	}
}

func TestRowWarns(t *testing.T) {
	for _, tt := range []struct {
		name   string
		mutate func(*bcapi.ImportRow)
		field  string
	}{
		{"brand of another network", func(r *bcapi.ImportRow) { r.Instrument.Brand = "MasterCard" }, "instrument.brand"},
		{"expired", func(r *bcapi.ImportRow) { r.Instrument.ExpiryMonth = ptr(10) }, "instrument.expiry_year"},
		{"expired, four digits", func(r *bcapi.ImportRow) { r.Instrument.ExpiryYear = ptr(2025) }, "instrument.expiry_year"},
		{"field of another type", func(r *bcapi.ImportRow) { r.Instrument.Issuer = "011000015" }, "instrument.issuer"},
		{"card field on PayPal", func(r *bcapi.ImportRow) { *r = paypal(); r.Instrument.Last4 = "1111" }, "instrument.last_4"},
		{"thin address", func(r *bcapi.ImportRow) { r.BillingAddress.Street1 = "" }, "billing_address.street_1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			row := card()
			tt.mutate(&row)
			v := newChecker(check.Options{}).Row(&row)
			if len(v.Problems) > 0 || len(v.Warnings) != 1 || v.Warnings[0].Field != tt.field {
				t.Errorf("verdict = %+v, want one warning at %s", v, tt.field)
			}
		})
	}
}

// A card is good through the last day of its month; the documentation's own
// example expires on 30 November 2026.
func TestExpiryIsTheEndOfTheMonth(t *testing.T) {
	row := card()
	december := func() time.Time { return november().Add(time.Second) }
	if v := newChecker(check.Options{Now: november}).Row(&row); len(v.Warnings) != 0 {
		t.Errorf("on its last day: %+v", v.Warnings)
	}
	if v := newChecker(check.Options{Now: december}).Row(&row); len(v.Warnings) != 1 || v.Warnings[0].Message != check.ExpiredMessage {
		t.Errorf("a day later: %+v", v.Warnings)
	}
}

func TestAllowPANLikeTokensExemptsTwoFieldsOnly(t *testing.T) {
	checker := newChecker(check.Options{AllowPANLikeTokens: true})
	row := card()
	row.Instrument.VaultToken, row.Instrument.ProviderCustomerID = "4111111111111111", "5555555555554444"
	if v := checker.Row(&row); !v.OK() {
		t.Errorf("tokens: %+v", v.Problems)
	}
	row.BillingAddress.Company = "4111111111111111"
	if v := checker.Row(&row); v.OK() {
		t.Error("a card number elsewhere passed")
	}
}

func TestCodesOfTheStandards(t *testing.T) {
	checker := newChecker(check.Options{})
	accepts := func(mutate func(*bcapi.ImportRow)) bool {
		row := card()
		mutate(&row)
		v := checker.Row(&row)
		return v.OK()
	}
	for _, code := range strings.Fields("USD EUR GBP JPY VES SLE MRU XCG XAF CHF") {
		if !accepts(func(r *bcapi.ImportRow) { r.CurrencyCode = code }) {
			t.Errorf("currency %s is refused", code)
		}
	}
	countries := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if accepts(func(r *bcapi.ImportRow) { r.BillingAddress.CountryCode = string([]rune{a, b}) }) {
				countries++
			}
		}
	}
	if countries != 250 { // the 249 of ISO 3166-1, and XK
		t.Errorf("%d countries are accepted, want 250", countries)
	}
}
