package bcapi

import (
	"strings"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// Endpoints name the same things differently (docs/api-facts.md 2.10). What
// they answer is put into the words of import and list here and nowhere else:
// both vocabularies are understood wherever an instrument is read.

const (
	maxToken = 200
	maxEmail = 254 // the longest that mail can be sent to: a cut address would match nobody's
)

func readInstrument(object map[string]any, clean cleaner) StoredInstrument {
	field := func(names ...string) string { return clean(firstOf(object, names...), maxField) }
	isDefault, _ := object["is_default"].(bool)
	return StoredInstrument{
		Token:               readToken(object["token"]),
		Type:                readInstrumentType(field("type")),
		IsDefault:           isDefault,
		Brand:               strings.ToLower(field("brand")),
		ExpiryMonth:         int(integer(object["expiry_month"])),
		ExpiryYear:          int(integer(object["expiry_year"])),
		IIN:                 field("iin", "issuer_identification_number"),
		Last4:               field("last_4"),
		Email:               clean(text(object["email"]), maxEmail),
		Issuer:              field("issuer"),
		MaskedAccountNumber: field("masked_account_number"),
		BillingAddress:      readAddress(object["billing_address"], clean),
	}
}

// readToken gives the store's token as it is, since what was altered would name
// nothing or, worse, something else; "" for what cannot be shown to anyone.
func readToken(v any) string {
	token := text(v)
	visible := func(r rune) bool { return '!' <= r && r <= '~' }
	if len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return !visible(r) }) ||
		cardguard.ContainsCardNumber(token) { // the 64 hexadecimal digits of a token are never taken for one
		return ""
	}
	return token
}

// readInstrumentType gives one of our types, or what the API said, in lower
// case.
func readInstrumentType(name string) InstrumentType {
	name = strings.ToLower(name)
	switch name {
	case "stored_card":
		return CreditCard
	case "stored_paypal_account":
		return PayPalAccount
	case "stored_bank_account":
		return BankAccount
	}
	return InstrumentType(name)
}

func readAddress(v any, clean cleaner) *StoredAddress {
	object, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	field := func(names ...string) string { return clean(firstOf(object, names...), maxField) }
	return &StoredAddress{
		FirstName:           field("first_name"),
		LastName:            field("last_name"),
		Email:               clean(text(object["email"]), maxEmail),
		Company:             field("company"),
		Street1:             field("street_1", "address1"),
		Street2:             field("street_2", "address2"),
		City:                field("city"),
		StateOrProvince:     field("state_or_province"),
		StateOrProvinceCode: field("state_or_province_code"),
		CountryCode:         field("country_code"),
		Phone:               field("phone"),
		PostalCode:          field("postal_code"),
	}
}

// firstOf gives the first of some fields that has a text.
func firstOf(object map[string]any, names ...string) string {
	for _, name := range names {
		if s := text(object[name]); s != "" {
			return s
		}
	}
	return ""
}
