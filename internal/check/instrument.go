package check

import (
	"strings"

	"bigcommerce-payments-mcp/bcapi"
)

// checkInstrument holds an instrument to its type: the fields that the type
// needs, their form, and a warning for fields of another type.
func (c *Checker) checkInstrument(v *Verdict, in *bcapi.ImportInstrument) {
	required(v, "instrument.vault_token", in.VaultToken)
	switch in.Type {
	case bcapi.CreditCard:
		c.checkCard(v, in)
		notForType(v, in.Type, "instrument.email", in.Email)
		notForType(v, in.Type, "instrument.issuer", in.Issuer)
		notForType(v, in.Type, "instrument.masked_account_number", in.MaskedAccountNumber)
	case bcapi.PayPalAccount:
		required(v, "instrument.email", in.Email)
		checkEmail(v, "instrument.email", in.Email)
		notACard(v, in)
		notForType(v, in.Type, "instrument.issuer", in.Issuer)
		notForType(v, in.Type, "instrument.masked_account_number", in.MaskedAccountNumber)
	case bcapi.BankAccount:
		required(v, "instrument.issuer", in.Issuer)
		required(v, "instrument.masked_account_number", in.MaskedAccountNumber)
		notACard(v, in)
		notForType(v, in.Type, "instrument.email", in.Email)
	default:
		v.refuse("instrument.type", "must be one of: credit_card, paypal_account, bank_account")
	}
}

func (c *Checker) checkCard(v *Verdict, in *bcapi.ImportInstrument) {
	required(v, "instrument.brand", in.Brand)
	required(v, "instrument.last_4", in.Last4)
	if in.Last4 != "" && (len(in.Last4) != 4 || !allDigits(in.Last4)) {
		v.refuse("instrument.last_4", "must be four digits, leading zeros kept, given as text")
	}
	if in.IIN != "" && (len(in.IIN) < 6 || len(in.IIN) > 8 || !allDigits(in.IIN)) {
		v.refuse("instrument.iin", "must be the card's first 6 to 8 digits, given as text")
	}
	if brandContradictsIIN(in.Brand, in.IIN) {
		v.warn("instrument.brand", "does not fit the iin, which belongs to another card network")
	}
	c.checkExpiry(v, in)
}

// checkExpiry takes years of two or four digits, which are sent as given: the
// documentation shows both (docs/api-facts.md 2.5). An expired card is sent
// too, because gateways revive them.
func (c *Checker) checkExpiry(v *Verdict, in *bcapi.ImportInstrument) {
	switch month := in.ExpiryMonth; {
	case month == nil:
		v.refuse("instrument.expiry_month", isRequired)
		return
	case *month < 1 || *month > 12:
		v.refuse("instrument.expiry_month", "must be a month from 1 to 12")
		return
	}
	if in.ExpiryYear == nil {
		v.refuse("instrument.expiry_year", isRequired)
		return
	}
	year := *in.ExpiryYear
	if year >= 0 && year <= 99 {
		year += 2000
	}
	if year < 2000 || year > 2099 {
		v.refuse("instrument.expiry_year", "must be a year of two or four digits, such as 27 or 2027")
		return
	}
	now := c.options.Now().UTC()
	if year < now.Year() || year == now.Year() && *in.ExpiryMonth < int(now.Month()) {
		v.warn("instrument.expiry_year", ExpiredMessage)
	}
}

// ExpiredMessage is the warning of a card past its expiry month; a plan counts
// the rows that carry it.
const ExpiredMessage = "the card has expired; it is imported all the same"

const isRequired = "is required for this type of instrument"

func required(v *Verdict, path, value string) {
	if value == "" {
		v.refuse(path, isRequired)
	}
}

func notACard(v *Verdict, in *bcapi.ImportInstrument) {
	notForType(v, in.Type, "instrument.brand", in.Brand)
	notForType(v, in.Type, "instrument.expiry_month", digits(in.ExpiryMonth))
	notForType(v, in.Type, "instrument.expiry_year", digits(in.ExpiryYear))
	notForType(v, in.Type, "instrument.last_4", in.Last4)
	notForType(v, in.Type, "instrument.iin", in.IIN)
}

func notForType(v *Verdict, t bcapi.InstrumentType, path, value string) {
	if value != "" {
		v.warn(path, "is not a field of a "+string(t)+"; it is sent as given")
	}
}

func allDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
