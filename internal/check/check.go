// Package check decides, row by row, whether an instrument may be sent. The
// meaning of a row is judged here and nowhere else, whatever the row's source:
// inline arguments, CSV or JSON. The API itself checks little and does not ask
// the gateway (docs/api-facts.md 2.5), so a row that is wrong here would look
// imported and fail at the first charge.
package check

import (
	"time"

	"bigcommerce-payments-mcp/bcapi"
)

// Problem is one thing about one field of a row, in words that hold for any
// value: they never contain what the field held.
type Problem struct {
	Field   string `json:"field" jsonschema:"description=Path of the field\\, such as instrument.last_4"`
	Message string `json:"message"`
}

// Verdict is what the checks say of one row.
type Verdict struct {
	Problems []Problem // each refuses the row
	Warnings []Problem // the row is sent all the same
}

// OK reports whether the row may be sent.
func (v Verdict) OK() bool { return len(v.Problems) == 0 }

func (v *Verdict) refuse(field, message string) {
	v.Problems = append(v.Problems, Problem{Field: field, Message: message})
}

func (v *Verdict) warn(field, message string) {
	v.Warnings = append(v.Warnings, Problem{Field: field, Message: message})
}

// Options are the operator's choices that change a verdict.
type Options struct {
	// AllowPANLikeTokens lets vault_token and provider_customer_id look like a
	// card number, for gateways whose tokens keep a card's format.
	AllowPANLikeTokens bool
	// Now is the clock that tells whether a card has expired; nil is time.Now.
	Now func() time.Time
}

// Checker checks rows one at a time. It is safe for concurrent use.
type Checker struct {
	options    Options
	currencies map[string]bool
}

// New makes a Checker.
func New(options Options) *Checker {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Checker{options: options, currencies: currencyCodes()}
}

// MaxCustomerID is the largest customer id that is taken: the API's ids are
// 32-bit integers.
const MaxCustomerID = 1<<31 - 1

// Row judges one row by itself. What rows say of each other the ledger finds.
func (c *Checker) Row(row *bcapi.ImportRow) Verdict {
	var v Verdict
	c.checkText(&v, row)
	if row.CustomerID < 1 || row.CustomerID > MaxCustomerID {
		v.refuse("customer_id", "must be a customer id from 1 to 2147483647")
	}
	checkMethodID(&v, row.PaymentMethodID)
	c.checkCurrency(&v, row.CurrencyCode)
	c.checkInstrument(&v, &row.Instrument)
	checkAddresses(&v, row)
	checkCompleteness(&v, &row.BillingAddress)
	return v
}

// Addresses judges the addresses of an instrument that is in the store already;
// nil for none.
func (c *Checker) Addresses(billing *bcapi.Address, shipping []bcapi.Address) Verdict {
	var v Verdict
	row := bcapi.ImportRow{TrustedShippingAddresses: shipping}
	if billing != nil {
		row.BillingAddress = *billing
	}
	c.checkText(&v, &row)
	checkAddresses(&v, &row)
	return v
}

func checkAddresses(v *Verdict, row *bcapi.ImportRow) {
	checkAddress(v, "billing_address", &row.BillingAddress)
	for i := range row.TrustedShippingAddresses {
		checkAddress(v, shippingPath(i), &row.TrustedShippingAddresses[i])
	}
}
