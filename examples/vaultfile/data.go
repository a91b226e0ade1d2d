package vaultfile

import (
	"fmt"
	"strconv"
	"strings"
)

// method is a way to pay whose vault a gateway keeps.
type method struct {
	id    string
	kind  string
	share int // of the rows, in percent
	token func(unique uint64) string
	owner func(customer int) string
}

// The tokens end in a letter, and customers' ids are short, so that no digits
// run on into those of the next column. Methods of one provider share its
// customers.
var methods = [...]method{
	{"braintree.credit_card", "credit_card", 55, braintreeToken, braintreeCustomer},
	{"stripe.credit_card", "credit_card", 30,
		func(u uint64) string { return "pm_1MoQ" + base36(u) + "x" },
		func(c int) string { return fmt.Sprintf("cus_%06xq", c*7919) }},
	{"braintree.paypal", "paypal_account", 6, braintreeToken, braintreeCustomer},
	{"paypalcommerce.paypal", "paypal_account", 4,
		func(u uint64) string { return "B-" + base36(u) + "P" },
		func(c int) string { return fmt.Sprintf("payer%dz", c) }},
	{"braintree.ach", "bank_account", 5, braintreeToken, braintreeCustomer},
}

func braintreeToken(u uint64) string { return base36(u) + "x" }

// base36 writes a number below 2^40 in eight letters and digits.
func base36(u uint64) string {
	digits := strconv.FormatUint(u, 36)
	return strings.Repeat("0", max(0, 8-len(digits))) + digits
}

func braintreeCustomer(c int) string { return strconv.Itoa(100_000 + c) }

// brands go with prefixes that their networks give to tests.
var brands = [...]struct {
	name string
	iins []string
}{
	{"visa", []string{"411111", "424242", "401288"}},
	{"visa", []string{"411111", "400005", "454347"}},
	{"mastercard", []string{"555555", "510510", "222300"}},
	{"american_express", []string{"378282", "371449"}},
	{"discover", []string{"601111", "644564"}},
	{"jcb", []string{"353011", "356600"}},
	{"diners_club", []string{"305693", "362272"}},
}

var (
	firstNames = []string{"Sam", "Maria", "Chen", "Zoë", "Amara", "José", "Priya", "Liam", "Fatima", "Olga", "Noah", "Aiko"}
	lastNames  = []string{"Williams", "O'Brien", "Núñez", "Kowalski", "Nguyen", "Smith-Jones", "Okafor", "Müller", "Patel", "Ito"}
	streets    = []string{"Sample Street", "Main St", "Oak Avenue", "Congress Ave", "Elm Road", "Lakeview Dr"}
	companies  = []string{"Acme, Inc.", `"Best" Coffee`, "Widgets & Co", "Northwind"}
	places     = []struct{ city, state, postalCode, areaCode string }{
		{"Austin", "TX", "78701", "512"}, {"Boston", "MA", "02108", "617"}, {"New York", "NY", "10001", "347"},
		{"Seattle", "WA", "98101", "206"}, {"Denver", "CO", "80202", "303"}, {"Newark", "NJ", "07102", "973"},
	}
)

// extra is the cell or key that a bad row has and no field wants.
const extra = "note"

// spoilers make a good row bad, each in a way that real exports do.
var spoilers = [...]struct {
	name  string
	apply func(fields map[string]string)
}{
	{"no vault token", func(f map[string]string) { f["instrument.vault_token"] = "" }},
	{"customer id in scientific notation", func(f map[string]string) { f["customer_id"] = "4.11E+05" }},
	{"customer id 0", func(f map[string]string) { f["customer_id"] = "0" }},
	{"customer id is a word", func(f map[string]string) { f["customer_id"] = "guest" }},
	{"currency by its sign", func(f map[string]string) { f["currency_code"] = "US$" }},
	{"country by name", func(f map[string]string) { f["billing_address.country_code"] = "USA" }},
	{"unknown type", func(f map[string]string) { f["instrument.type"] = "card" }},
	{"month 13", func(f map[string]string) { f["instrument.type"], f["instrument.expiry_month"] = "credit_card", "13" }},
	{"leading zeros lost", func(f map[string]string) { f["instrument.last_4"] = "42" }},
	{"expiry as a date", func(f map[string]string) { f["instrument.expiry_year"] = "Dec-27" }},
	{"method without provider", func(f map[string]string) { f["payment_method_id"] = "credit_card" }},
	{"broken e-mail", func(f map[string]string) { f["billing_address.email"] = "shopper at example.com" }},
	{"a cell too many", func(f map[string]string) { f[extra] = "called, will call back" }},
}
