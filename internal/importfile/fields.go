package importfile

import (
	"strconv"
	"strings"

	"bigcommerce-payments-mcp/bcapi"
)

// kind is how the text of a field is read.
type kind uint8

const (
	text       kind = iota
	identifier      // text that a spreadsheet may have taken for a number
	integer
	boolean
)

// maxTrusted is how many trusted shipping addresses a row may have.
const maxTrusted = 10

// draft is a row that is being built. The addresses are apart because cells
// may fill them in any order.
type draft struct {
	row     bcapi.ImportRow
	trusted [maxTrusted]bcapi.Address
}

// field is one field of a row.
type field struct {
	path string // instrument.vault_token, trusted_shipping_addresses.0.city
	kind kind
	// text finds the place of a text or identifier; nil for the others, which
	// the builder knows by their number.
	text func(*draft) *string
	// trusted is the number of the trusted address, or -1.
	trusted int
	// squashed and leaf, its last part, are what suggestions compare.
	squashed, leaf string
}

// The fields that are not text, and those the builder treats in their own way,
// by their place in the table.
const (
	fieldCustomerID = iota
	fieldDefault
	fieldExpiryMonth
	fieldExpiryYear
	fieldLast4
)

// required are the fields that every row of an import needs, whatever its type.
var required = [...]string{"payment_method_id", "currency_code", "customer_id", "instrument.type", "instrument.vault_token"}

// table lists all fields and finds them by path.
type table struct {
	fields []field
	byPath map[string]int
}

func newTable() *table {
	t := &table{byPath: make(map[string]int)}
	t.add("customer_id", integer, nil)
	t.add("default_instrument", boolean, nil)
	t.add("instrument.expiry_month", integer, nil)
	t.add("instrument.expiry_year", integer, nil)
	t.add("instrument.last_4", identifier, func(d *draft) *string { return &d.row.Instrument.Last4 })
	t.add("payment_method_id", text, func(d *draft) *string { return &d.row.PaymentMethodID })
	t.add("currency_code", text, func(d *draft) *string { return &d.row.CurrencyCode })
	t.add("instrument.type", text, func(d *draft) *string { return (*string)(&d.row.Instrument.Type) })
	t.add("instrument.vault_token", identifier, func(d *draft) *string { return &d.row.Instrument.VaultToken })
	t.add("instrument.provider_customer_id", identifier, func(d *draft) *string { return &d.row.Instrument.ProviderCustomerID })
	t.add("instrument.brand", text, func(d *draft) *string { return &d.row.Instrument.Brand })
	t.add("instrument.iin", identifier, func(d *draft) *string { return &d.row.Instrument.IIN })
	t.add("instrument.email", text, func(d *draft) *string { return &d.row.Instrument.Email })
	t.add("instrument.issuer", identifier, func(d *draft) *string { return &d.row.Instrument.Issuer })
	t.add("instrument.masked_account_number", identifier, func(d *draft) *string { return &d.row.Instrument.MaskedAccountNumber })
	t.addAddress("billing_address.", -1, func(d *draft) *bcapi.Address { return &d.row.BillingAddress })
	for i := range maxTrusted {
		t.addAddress(trustedName+"."+strconv.Itoa(i)+".", i, func(d *draft) *bcapi.Address { return &d.trusted[i] })
	}
	return t
}

const trustedName = "trusted_shipping_addresses"

func (t *table) add(path string, k kind, place func(*draft) *string) {
	t.addField(field{path: path, kind: k, text: place, trusted: -1})
}

func (t *table) addField(f field) {
	t.byPath[f.path] = len(t.fields)
	f.squashed, f.leaf = squash(f.path), squash(f.path[strings.LastIndexByte(f.path, '.')+1:])
	t.fields = append(t.fields, f)
}

func (t *table) addAddress(prefix string, trusted int, address func(*draft) *bcapi.Address) {
	for _, part := range []struct {
		name  string
		place func(*bcapi.Address) *string
	}{
		{"first_name", func(a *bcapi.Address) *string { return &a.FirstName }},
		{"last_name", func(a *bcapi.Address) *string { return &a.LastName }},
		{"email", func(a *bcapi.Address) *string { return &a.Email }},
		{"company", func(a *bcapi.Address) *string { return &a.Company }},
		{"street_1", func(a *bcapi.Address) *string { return &a.Street1 }},
		{"street_2", func(a *bcapi.Address) *string { return &a.Street2 }},
		{"city", func(a *bcapi.Address) *string { return &a.City }},
		{"state_or_province_code", func(a *bcapi.Address) *string { return &a.StateOrProvinceCode }},
		{"country_code", func(a *bcapi.Address) *string { return &a.CountryCode }},
		{"phone", func(a *bcapi.Address) *string { return &a.Phone }},
		{"postal_code", func(a *bcapi.Address) *string { return &a.PostalCode }},
	} {
		t.addField(field{path: prefix + part.name, kind: text, trusted: trusted,
			text: func(d *draft) *string { return part.place(address(d)) }})
	}
}

// find returns the number of the field with that path, which may write an
// index as [0].
func (t *table) find(path string) (int, bool) {
	i, found := t.byPath[dotted(path)]
	return i, found
}

// dotted writes trusted_shipping_addresses[0].city with dots alone.
func dotted(path string) string {
	if rest, found := strings.CutPrefix(path, trustedName+"["); found {
		if index, rest, closed := strings.Cut(rest, "]."); closed {
			return trustedName + "." + index + "." + rest
		}
	}
	return path
}

// reported is the path as the checks write it in their problems, with [0].
func reported(path string) string {
	if rest, found := strings.CutPrefix(path, trustedName+"."); found {
		index, rest, nested := strings.Cut(rest, ".")
		if nested {
			rest = "." + rest
		}
		return trustedName + "[" + index + "]" + rest
	}
	return path
}
