package check

import (
	"strconv"
	"strings"
	"unicode"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/cardguard"
)

// field is one filled field of a row, as text. An identifier is a value that
// some system compares byte for byte, so white space around it is a mistake.
type field struct {
	path       string
	value      string
	identifier bool
}

// fields lists every filled field of a row, numbers as their digits.
func fields(row *bcapi.ImportRow) []field {
	in := &row.Instrument
	all := make([]field, 0, 32)
	add := func(path, value string, identifier bool) {
		if value != "" {
			all = append(all, field{path: path, value: value, identifier: identifier})
		}
	}
	add("payment_method_id", row.PaymentMethodID, true)
	add("currency_code", row.CurrencyCode, true)
	add("customer_id", strconv.FormatInt(row.CustomerID, 10), true)
	add("instrument.type", string(in.Type), true)
	add("instrument.vault_token", in.VaultToken, true)
	add("instrument.provider_customer_id", in.ProviderCustomerID, true)
	add("instrument.brand", in.Brand, true)
	add("instrument.expiry_month", digits(in.ExpiryMonth), true)
	add("instrument.expiry_year", digits(in.ExpiryYear), true)
	add("instrument.last_4", in.Last4, true)
	add("instrument.iin", in.IIN, true)
	add("instrument.email", in.Email, true)
	add("instrument.issuer", in.Issuer, true)
	add("instrument.masked_account_number", in.MaskedAccountNumber, true)
	addAddress := func(path string, a *bcapi.Address) {
		add(path+".first_name", a.FirstName, false)
		add(path+".last_name", a.LastName, false)
		add(path+".email", a.Email, true)
		add(path+".company", a.Company, false)
		add(path+".street_1", a.Street1, false)
		add(path+".street_2", a.Street2, false)
		add(path+".city", a.City, false)
		add(path+".state_or_province_code", a.StateOrProvinceCode, false)
		add(path+".country_code", a.CountryCode, true)
		add(path+".phone", a.Phone, false)
		add(path+".postal_code", a.PostalCode, false)
	}
	addAddress("billing_address", &row.BillingAddress)
	for i := range row.TrustedShippingAddresses {
		addAddress(shippingPath(i), &row.TrustedShippingAddresses[i])
	}
	return all
}

func shippingPath(i int) string {
	return "trusted_shipping_addresses[" + strconv.Itoa(i) + "]"
}

func digits(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// checkText holds every field to what no field may be: a card number, text
// with control characters, or an identifier with white space around it.
func (c *Checker) checkText(v *Verdict, row *bcapi.ImportRow) {
	for _, f := range fields(row) {
		if cardguard.ContainsCardNumber(f.value) && !c.exempt(f.path) {
			v.refuse(f.path, "looks like a card number, which is never accepted: give the gateway's token for the card instead")
			continue
		}
		if strings.ContainsFunc(f.value, unicode.IsControl) {
			v.refuse(f.path, "holds a control character, such as a line break or a tab")
			continue
		}
		if f.identifier && strings.TrimSpace(f.value) != f.value {
			v.refuse(f.path, "has white space around it")
		}
	}
}

func (c *Checker) exempt(path string) bool {
	return c.options.AllowPANLikeTokens &&
		(path == "instrument.vault_token" || path == "instrument.provider_customer_id")
}
