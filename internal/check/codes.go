package check

import (
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"bigcommerce-payments-mcp/bcapi"
)

// checkMethodID wants the form provider.method, such as
// braintree.credit_card (docs/api-facts.md 2.9). Whether the store has that
// method is for the API to say.
func checkMethodID(v *Verdict, id string) {
	provider, method, dotted := strings.Cut(id, ".")
	if !dotted || provider == "" || method == "" || strings.ContainsAny(id, " \t") {
		v.refuse("payment_method_id", "must have the form provider.method, such as braintree.credit_card")
	}
}

func (c *Checker) checkCurrency(v *Verdict, code string) {
	if !c.IsCurrency(code) {
		v.refuse("currency_code", "must be an ISO 4217 code in upper case, such as USD")
	}
}

// IsCurrency reports whether code is an ISO 4217 code of a currency in use.
func (c *Checker) IsCurrency(code string) bool { return c.currencies[code] }

// currencyCodes lists the ISO 4217 codes of currencies in use. The library's
// data is some years behind the standard, so what has changed since is listed.
func currencyCodes() map[string]bool {
	codes := make(map[string]bool, 200)
	for it := currency.Query(); it.Next(); {
		codes[it.Unit().String()] = true
	}
	for _, added := range strings.Fields("MRU SLE SVC UYW VED VES XCG ZWG ZWL") {
		codes[added] = true
	}
	for _, withdrawn := range strings.Fields("MRO VEF") {
		delete(codes, withdrawn)
	}
	return codes
}

// withdrawn are codes that the library takes for countries and ISO 3166-1 does
// not, or no longer: reserved ones and states that are no more. XK (Kosovo) is
// not in the standard either but in general use.
const withdrawnCountries = "AC AN CP CS DG FQ NT PC SU TA YU"

func isCountryCode(code string) bool {
	if len(code) != 2 || strings.Contains(withdrawnCountries, code) {
		return false
	}
	region, err := language.ParseRegion(code)
	return err == nil && region.IsCountry() && region.String() == code &&
		region.Canonicalize() == region && region.ISO3() != "ZZZ"
}

func checkAddress(v *Verdict, path string, a *bcapi.Address) {
	if a.CountryCode != "" && !isCountryCode(a.CountryCode) {
		v.refuse(path+".country_code", "must be an ISO 3166-1 code of two letters in upper case, such as US")
	}
	checkEmail(v, path+".email", a.Email)
}

// checkCompleteness warns of an address that lacks what the API asks for in
// the neighbouring attach call (docs/api-facts.md 2.5, 3.2); for an import
// nothing is documented as required.
func checkCompleteness(v *Verdict, a *bcapi.Address) {
	for _, f := range []struct{ name, value string }{
		{"first_name", a.FirstName}, {"email", a.Email}, {"street_1", a.Street1},
		{"city", a.City}, {"country_code", a.CountryCode},
	} {
		if f.value == "" {
			v.warn("billing_address."+f.name, "is missing: a payment with this instrument may need it")
		}
	}
}

// checkEmail wants the shape local@domain.tld and nothing around it. Whether
// the mailbox exists is not asked.
func checkEmail(v *Verdict, path, address string) {
	if address == "" {
		return
	}
	local, domain, at := strings.Cut(address, "@")
	inner := strings.Trim(domain, ".")
	if !at || local == "" || len(address) > 254 || inner != domain ||
		!strings.Contains(domain, ".") || strings.Contains(domain, "..") ||
		strings.ContainsAny(address, " \t<>()[],;:\"\\") || strings.Contains(domain, "@") {
		v.refuse(path, "must be an e-mail address, such as sam@example.com")
	}
}
