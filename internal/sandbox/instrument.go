package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// importRow is one row of an import (docs/api-facts.md 2.5). What is a pointer can be told from an empty value.
type importRow struct {
	PaymentMethodID   string            `json:"payment_method_id"`
	CurrencyCode      string            `json:"currency_code"`
	CustomerID        int64             `json:"customer_id"`
	Instrument        *importInstrument `json:"instrument"`
	BillingAddress    *addressIn        `json:"billing_address"`
	TrustedAddresses  []addressIn       `json:"trusted_shipping_addresses"`
	DefaultInstrument bool              `json:"default_instrument"`
}

type importInstrument struct {
	Type                instrumentType `json:"type"`
	VaultToken          string         `json:"vault_token"`
	ProviderCustomerID  string         `json:"provider_customer_id"`
	Brand               string         `json:"brand"`
	ExpiryMonth         *int           `json:"expiry_month"`
	ExpiryYear          *int           `json:"expiry_year"`
	Last4               *string        `json:"last_4"`
	IIN                 *string        `json:"iin"`
	Email               string         `json:"email"`
	Issuer              string         `json:"issuer"`
	MaskedAccountNumber string         `json:"masked_account_number"`
}

// instrumentType is the type of an instrument on the management host.
type instrumentType string

const (
	typeCard   instrumentType = "credit_card"
	typePayPal instrumentType = "paypal_account"
	typeBank   instrumentType = "bank_account"
)

// shopperType is the name of the type in a customer's list (docs/api-facts.md 2.10).
func (t instrumentType) shopperType() string {
	return "stored_" + strings.TrimPrefix(string(t), "credit_")
}

// addressIn is an address as it is sent.
type addressIn struct {
	FirstName           string `json:"first_name"`
	LastName            string `json:"last_name"`
	Email               string `json:"email"`
	Company             string `json:"company"`
	Street1             string `json:"street_1"`
	Street2             string `json:"street_2"`
	City                string `json:"city"`
	StateOrProvinceCode string `json:"state_or_province_code"`
	CountryCode         string `json:"country_code"`
	Phone               string `json:"phone"`
	PostalCode          string `json:"postal_code"`
}

// addressOut is an address as it is returned: every field, other names for the streets.
type addressOut struct {
	FirstName           string `json:"first_name"`
	LastName            string `json:"last_name"`
	Email               string `json:"email"`
	Company             string `json:"company"`
	Address1            string `json:"address1"`
	Address2            string `json:"address2"`
	City                string `json:"city"`
	StateOrProvince     string `json:"state_or_province"`
	StateOrProvinceCode string `json:"state_or_province_code"`
	CountryCode         string `json:"country_code"`
	Phone               string `json:"phone"`
	PostalCode          string `json:"postal_code"`
}

// out gives the address as it is returned. The state's name stays empty, since only its code was sent.
func (a addressIn) out() *addressOut {
	return &addressOut{
		FirstName: a.FirstName, LastName: a.LastName, Email: a.Email, Company: a.Company,
		Address1: a.Street1, Address2: a.Street2, City: a.City, StateOrProvinceCode: a.StateOrProvinceCode,
		CountryCode: a.CountryCode, Phone: a.Phone, PostalCode: a.PostalCode,
	}
}

// storedInstrument is an instrument in the store's vocabulary: in the list, in results, after an update. It has no
// field for what is never returned (docs/api-facts.md 2.4).
type storedInstrument struct {
	CustomerID          int64           `json:"customer_id,omitempty"`
	Token               instrumentToken `json:"token"`
	Type                instrumentType  `json:"type"`
	IsDefault           bool            `json:"is_default"`
	Brand               string          `json:"brand,omitempty"`
	ExpiryMonth         *int            `json:"expiry_month,omitempty"`
	ExpiryYear          *int            `json:"expiry_year,omitempty"`
	IIN                 *string         `json:"iin,omitempty"`
	Last4               *string         `json:"last_4,omitempty"`
	BillingAddress      *addressOut     `json:"billing_address,omitempty"`
	Email               string          `json:"email,omitempty"`
	Issuer              string          `json:"issuer,omitempty"`
	MaskedAccountNumber string          `json:"masked_account_number,omitempty"`
}

// shopperInstrument is an instrument in the vocabulary of a customer's list (docs/api-facts.md 2.11).
type shopperInstrument struct {
	Token               instrumentToken `json:"token"`
	Type                string          `json:"type"`
	IsDefault           bool            `json:"is_default"`
	Brand               string          `json:"brand,omitempty"`
	ExpiryMonth         *int            `json:"expiry_month,omitempty"`
	ExpiryYear          *int            `json:"expiry_year,omitempty"`
	IIN                 *string         `json:"issuer_identification_number,omitempty"`
	Last4               *string         `json:"last_4,omitempty"`
	BillingAddress      *addressOut     `json:"billing_address,omitempty"`
	Email               string          `json:"email,omitempty"`
	Issuer              string          `json:"issuer,omitempty"`
	MaskedAccountNumber string          `json:"masked_account_number,omitempty"`
}

// stored gives the instrument in the store's vocabulary.
func (rec record) stored() (storedInstrument, error) {
	var row importRow
	if err := json.Unmarshal(rec.sent, &row); err != nil {
		return storedInstrument{}, fmt.Errorf("instrument %d as sent: %w", rec.number, err)
	}
	return row.stored(rec), nil
}

// stored gives the instrument that the row became.
func (row importRow) stored(rec record) storedInstrument {
	sent := row.Instrument
	out := storedInstrument{CustomerID: rec.customer, Token: rec.token, Type: sent.Type, IsDefault: rec.isDefault}
	switch sent.Type {
	case typeCard:
		out.Brand = strings.ToLower(sent.Brand)
		out.ExpiryMonth, out.ExpiryYear, out.IIN, out.Last4 = sent.ExpiryMonth, sent.ExpiryYear, sent.IIN, sent.Last4
		out.BillingAddress = cmp.Or(rec.billing, row.BillingAddress).out()
	case typePayPal:
		out.Email = sent.Email
	case typeBank:
		out.Issuer, out.MaskedAccountNumber = sent.Issuer, sent.MaskedAccountNumber
	}
	return out
}

// shopper gives the instrument in the vocabulary of a customer's list.
func (i storedInstrument) shopper() shopperInstrument {
	return shopperInstrument{
		Token: i.Token, Type: i.Type.shopperType(), IsDefault: i.IsDefault,
		Brand: strings.ToUpper(i.Brand), ExpiryMonth: i.ExpiryMonth, ExpiryYear: i.ExpiryYear,
		IIN: i.IIN, Last4: i.Last4, BillingAddress: i.BillingAddress,
		Email: i.Email, Issuer: i.Issuer, MaskedAccountNumber: i.MaskedAccountNumber,
	}
}

// storedInstruments gives the instruments of records in the store's vocabulary.
func storedInstruments(recs []record) ([]storedInstrument, error) {
	out := make([]storedInstrument, len(recs))
	for i, rec := range recs {
		var err error
		if out[i], err = rec.stored(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
