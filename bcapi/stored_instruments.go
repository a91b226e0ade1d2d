package bcapi

// InstrumentType tells the kinds of stored instruments apart.
type InstrumentType string

// The kinds of stored instruments, in the words of import and list
// (docs/api-facts.md 2.10).
const (
	CreditCard    InstrumentType = "credit_card"
	PayPalAccount InstrumentType = "paypal_account"
	BankAccount   InstrumentType = "bank_account"
)

// ImportRow is one instrument to be registered with one customer, as the API
// takes it (docs/api-facts.md 2.5). No field has a range in the schema: a bad
// value is to refuse its row, not the whole call.
type ImportRow struct {
	PaymentMethodID          string           `json:"payment_method_id" jsonschema:"description=Such as braintree.credit_card\\, not braintree.card."`
	CurrencyCode             string           `json:"currency_code" jsonschema:"description=ISO 4217\\, such as USD."`
	CustomerID               int64            `json:"customer_id" jsonschema:"description=The BigCommerce customer who owns it."`
	Instrument               ImportInstrument `json:"instrument" jsonschema:"description=Needs type and vault_token; a credit_card also brand\\, expiry_month\\, expiry_year\\, last_4 and better iin; a paypal_account email; a bank_account issuer and masked_account_number."`
	BillingAddress           Address          `json:"billing_address"`
	TrustedShippingAddresses []Address        `json:"trusted_shipping_addresses,omitzero" jsonschema:"description=May be shipped to without verifying the card again."`
	DefaultInstrument        *bool            `json:"default_instrument,omitempty" jsonschema:"description=Make it the customer's default."`
}

// ImportInstrument is an instrument that the gateway's vault already holds. It
// is flat, with a type, so that it is the same in a schema, a CSV and a request.
type ImportInstrument struct {
	Type                InstrumentType `json:"type" jsonschema:"enum=credit_card,enum=paypal_account,enum=bank_account"`
	VaultToken          string         `json:"vault_token,omitempty" jsonschema:"description=The gateway's token; never a card number."`
	ProviderCustomerID  string         `json:"provider_customer_id,omitempty" jsonschema:"description=The gateway's id of the customer."`
	Brand               string         `json:"brand,omitempty" jsonschema:"description=Lower case\\, such as visa."`
	ExpiryMonth         *int           `json:"expiry_month,omitempty"`
	ExpiryYear          *int           `json:"expiry_year,omitempty" jsonschema:"description=Two or four digits."`
	Last4               string         `json:"last_4,omitempty"`
	IIN                 string         `json:"iin,omitempty" jsonschema:"description=First 6 to 8 digits."`
	Email               string         `json:"email,omitempty"`
	Issuer              string         `json:"issuer,omitempty" jsonschema:"description=Routing number of the bank."`
	MaskedAccountNumber string         `json:"masked_account_number,omitempty" jsonschema:"description=Last digits only."`
}

// Address is an address as requests name its parts; answers use other names
// (docs/api-facts.md 2.10).
type Address struct {
	FirstName           string `json:"first_name,omitempty"`
	LastName            string `json:"last_name,omitempty"`
	Email               string `json:"email,omitempty"`
	Company             string `json:"company,omitempty"`
	Street1             string `json:"street_1,omitempty"`
	Street2             string `json:"street_2,omitempty"`
	City                string `json:"city,omitempty"`
	StateOrProvinceCode string `json:"state_or_province_code,omitempty"`
	CountryCode         string `json:"country_code,omitempty" jsonschema:"description=ISO 3166-1 alpha-2."`
	Phone               string `json:"phone,omitempty"`
	PostalCode          string `json:"postal_code,omitempty"`
}

// StoredInstrument is an instrument as the store has it, in the words of import
// whatever the endpoint. What the API left out is zero.
type StoredInstrument struct {
	Token               string         `json:"token"` // the store's token for it
	Type                InstrumentType `json:"type"`  // one that is not known is as the API has it, in lower case
	IsDefault           bool           `json:"is_default"`
	Brand               string         `json:"brand,omitempty"` // in lower case
	ExpiryMonth         int            `json:"expiry_month,omitempty"`
	ExpiryYear          int            `json:"expiry_year,omitempty"` // two or four digits, as the store has it
	IIN                 string         `json:"iin,omitempty"`
	Last4               string         `json:"last_4,omitempty"`
	Email               string         `json:"email,omitempty"`
	Issuer              string         `json:"issuer,omitempty"`
	MaskedAccountNumber string         `json:"masked_account_number,omitempty"`
	BillingAddress      *StoredAddress `json:"billing_address,omitempty"`
}

// StoredAddress is an address as the store has it, in the words of requests. It
// has the state's name besides its code, which requests do not take.
type StoredAddress struct {
	FirstName           string `json:"first_name,omitempty"`
	LastName            string `json:"last_name,omitempty"`
	Email               string `json:"email,omitempty"`
	Company             string `json:"company,omitempty"`
	Street1             string `json:"street_1,omitempty"`
	Street2             string `json:"street_2,omitempty"`
	City                string `json:"city,omitempty"`
	StateOrProvince     string `json:"state_or_province,omitempty"`
	StateOrProvinceCode string `json:"state_or_province_code,omitempty"`
	CountryCode         string `json:"country_code,omitempty"`
	Phone               string `json:"phone,omitempty"`
	PostalCode          string `json:"postal_code,omitempty"`
}
