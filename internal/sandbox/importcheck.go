package sandbox

import (
	"fmt"
	"strings"
)

// check tells what is wrong with a row's shape; it is all that the API can see (docs/api-facts.md 2.5).
func (row importRow) check() []problem {
	var problems problemList
	problems.unless(row.PaymentMethodID != "", "payment_method_id", "is required")
	problems.unless(len(row.CurrencyCode) == 3 && onlyLetters(row.CurrencyCode), "currency_code", "must be an ISO 4217 code")
	problems.unless(row.CustomerID > 0, "customer_id", "is required and must be positive")
	problems.unless(row.BillingAddress != nil, "billing_address", "is required")
	if row.BillingAddress != nil {
		problems.checkAddress("billing_address", *row.BillingAddress)
	}
	for i, address := range row.TrustedAddresses {
		problems.checkAddress(fmt.Sprintf("trusted_shipping_addresses.%d", i), address)
	}
	if row.Instrument == nil {
		problems.unless(false, "instrument", "is required")
		return problems
	}
	problems.checkInstrument(*row.Instrument)
	return problems
}

type problemList []problem

func (l *problemList) unless(ok bool, field, message string) {
	if !ok {
		*l = append(*l, problem{field, message})
	}
}

func (l *problemList) checkAddress(field string, a addressIn) {
	ok := a.CountryCode == "" || len(a.CountryCode) == 2 && onlyLetters(a.CountryCode)
	l.unless(ok, field+".country_code", "must be an ISO 3166-1 alpha-2 code")
}

func (l *problemList) checkInstrument(in importInstrument) {
	l.unless(in.VaultToken != "", "instrument.vault_token", "is required")
	switch in.Type {
	case typePayPal, typeBank:
	case typeCard:
		l.checkCard(in)
	default:
		l.unless(false, "instrument.type", "must be credit_card, paypal_account or bank_account")
	}
}

// checkCard wants no field, since the API's own types require none.
func (l *problemList) checkCard(in importInstrument) {
	if month := in.ExpiryMonth; month != nil {
		l.unless(*month >= 1 && *month <= 12, "instrument.expiry_month", "must be between 1 and 12")
	}
	if year := in.ExpiryYear; year != nil {
		ok := *year >= 0 && *year <= 99 || *year >= 1000 && *year <= 9999
		l.unless(ok, "instrument.expiry_year", "must have two or four digits")
	}
	if last4 := in.Last4; last4 != nil {
		l.unless(len(*last4) == 4 && onlyDigits(*last4), "instrument.last_4", "must be four digits")
	}
	if iin := in.IIN; iin != nil {
		ok := len(*iin) >= 6 && len(*iin) <= 8 && onlyDigits(*iin)
		l.unless(ok, "instrument.iin", "must be six to eight digits")
	}
}

func onlyDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func onlyLetters(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return (r|0x20) < 'a' || (r|0x20) > 'z' }) < 0
}
