package vaultfile

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
)

// maker makes one row after another.
type maker struct {
	random *rand.Rand
	seed   uint64
	// recent are good cards of late, of which look-alikes are made.
	recent [64]map[string]string
	made   int
}

// row makes the row with that number, from 0, and spoils it in bad percent of
// all cases.
func (m *maker) row(number int, bad float64) Row {
	fields := m.good(number)
	if m.random.Float64()*100 < bad {
		spoil := spoilers[m.random.IntN(len(spoilers))]
		spoil.apply(fields)
		return Row{Fields: fields, Bad: spoil.name}
	}
	if fields["instrument.type"] == "credit_card" {
		m.recent[m.made%len(m.recent)] = fields
		m.made++
	}
	return Row{Fields: fields}
}

func (m *maker) good(number int) map[string]string {
	if m.made > 0 && m.random.IntN(100) < 4 {
		return m.lookAlike(number)
	}
	customer := 1 + m.random.IntN(Customers)
	fields := m.shopper(customer)
	method := m.pickMethod()
	fields["payment_method_id"], fields["currency_code"] = method.id, "USD"
	fields["instrument.vault_token"] = method.token(m.unique(number))
	fields["instrument.provider_customer_id"] = method.owner(customer)
	fields["instrument.type"] = method.kind
	switch method.kind {
	case "credit_card":
		m.card(fields)
		if m.random.IntN(20) == 0 {
			fields["currency_code"] = pick(m.random, "EUR", "GBP", "AUD", "CAD")
		}
	case "paypal_account":
		fields["instrument.email"] = fmt.Sprintf("paypal.%d@example.net", customer)
	case "bank_account":
		fields["instrument.issuer"] = pick(m.random, "011000015", "021000021", "121000358", "111000025")
		fields["instrument.masked_account_number"] = fourDigits(m.random)
	}
	switch m.random.IntN(6) {
	case 0, 1:
		fields["default_instrument"] = "true"
	case 2:
		fields["default_instrument"] = "false"
	}
	return fields
}

// lookAlike is the same card of the same shopper once more, under another
// token: people add a card again, and gateways keep both.
func (m *maker) lookAlike(number int) map[string]string {
	fields := maps.Clone(m.recent[m.random.IntN(min(m.made, len(m.recent)))])
	for _, method := range methods {
		if method.id == fields["payment_method_id"] {
			fields["instrument.vault_token"] = method.token(m.unique(number))
		}
	}
	return fields
}

func (m *maker) card(fields map[string]string) {
	brand := brands[m.random.IntN(len(brands))]
	fields["instrument.brand"] = brand.name
	fields["instrument.iin"] = pick(m.random, brand.iins...)
	fields["instrument.last_4"] = fourDigits(m.random)
	fields["instrument.expiry_month"] = strconv.Itoa(1 + m.random.IntN(12))
	fields["instrument.expiry_year"] = strconv.Itoa(2026 + m.random.IntN(8))
}

// unique mixes a row's number into a value that no other row has: to multiply
// by an odd number is a permutation of the numbers below 2^40.
func (m *maker) unique(number int) uint64 {
	const mask = 1<<40 - 1
	return ((uint64(number)+m.seed*7919)*0x9E3779B97F4A7C15 ^ m.seed) & mask //nolint:gosec // a number of rows is never negative
}

// shopper is what is known of a customer, the same in every row of theirs.
func (m *maker) shopper(customer int) map[string]string {
	r := rand.New(rand.NewPCG(m.seed, uint64(customer)<<8)) //nolint:gosec // no secret depends on it
	place := places[r.IntN(len(places))]
	fields := map[string]string{
		"customer_id":                            strconv.Itoa(customer),
		"billing_address.first_name":             pick(r, firstNames...),
		"billing_address.last_name":              pick(r, lastNames...),
		"billing_address.email":                  fmt.Sprintf("shopper%d@example.com", customer),
		"billing_address.street_1":               fmt.Sprintf("%d %s", 1+r.IntN(999), pick(r, streets...)),
		"billing_address.city":                   place.city,
		"billing_address.state_or_province_code": place.state,
		"billing_address.postal_code":            place.postalCode,
		"billing_address.country_code":           "US",
		"billing_address.phone":                  fmt.Sprintf("%s-555-01%02d", place.areaCode, r.IntN(100)),
	}
	if r.IntN(5) == 0 {
		fields["billing_address.company"] = pick(r, companies...)
	}
	if r.IntN(4) == 0 {
		fields["billing_address.street_2"] = pick(r, "Apt 5", `Suite "B", 2nd floor`, "Bldg 5", "Unit 12")
	}
	return fields
}

func (m *maker) pickMethod() method {
	n := m.random.IntN(100)
	for _, method := range methods {
		if n < method.share {
			return method
		}
		n -= method.share
	}
	return methods[0]
}

func pick(r *rand.Rand, choices ...string) string { return choices[r.IntN(len(choices))] }

func fourDigits(r *rand.Rand) string { return fmt.Sprintf("%04d", r.IntN(10_000)) }
