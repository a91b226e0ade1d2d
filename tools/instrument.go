package tools

import (
	"cmp"
	"context"
	"fmt"

	"bigcommerce-payments-mcp/bcapi"
)

// storedInstrument is a stored instrument as a model needs it: without its
// billing address, which is a shopper's and long.
type storedInstrument struct {
	CustomerID          int64                `json:"customer_id,omitempty"`
	Token               string               `json:"token"`
	Type                bcapi.InstrumentType `json:"type"`
	IsDefault           bool                 `json:"is_default"`
	Brand               string               `json:"brand,omitempty"`
	Last4               string               `json:"last_4,omitempty"`
	IIN                 string               `json:"iin,omitempty"`
	ExpiryMonth         int                  `json:"expiry_month,omitempty"`
	ExpiryYear          int                  `json:"expiry_year,omitempty"`
	Email               string               `json:"email,omitempty"`
	Issuer              string               `json:"issuer,omitempty"`
	MaskedAccountNumber string               `json:"masked_account_number,omitempty"`
}

func newStoredInstrument(customerID int64, in bcapi.StoredInstrument) storedInstrument {
	return storedInstrument{
		CustomerID: customerID, Token: in.Token, Type: in.Type, IsDefault: in.IsDefault,
		Brand: in.Brand, Last4: in.Last4, IIN: in.IIN, ExpiryMonth: in.ExpiryMonth, ExpiryYear: in.ExpiryYear,
		Email: in.Email, Issuer: in.Issuer, MaskedAccountNumber: in.MaskedAccountNumber,
	}
}

// describe names an instrument to a person.
func describe(in bcapi.StoredInstrument) string {
	switch in.Type {
	case bcapi.PayPalAccount:
		return "PayPal account " + cmp.Or(in.Email, "without an address")
	case bcapi.BankAccount:
		return "bank account " + cmp.Or(in.MaskedAccountNumber, "without a number")
	}
	return cmp.Or(in.Brand, "card") + " ending in " + cmp.Or(in.Last4, "unknown digits")
}

// ofCustomer reads what a customer has stored, by token.
func (d Dependencies) ofCustomer(ctx context.Context, customerID int64) (map[string]bcapi.StoredInstrument, error) {
	all, err := d.Client.CustomerInstruments(ctx, customerID)
	if err != nil {
		return nil, err
	}
	byToken := make(map[string]bcapi.StoredInstrument, len(all))
	for _, in := range all {
		byToken[in.Token] = in
	}
	return byToken, nil
}

// oneOfCustomer reads one instrument, or fails when it is not the customer's:
// the API looks no token up alone, and would change a stranger's as well.
func (d Dependencies) oneOfCustomer(ctx context.Context, customerID int64, token string) (bcapi.StoredInstrument, error) {
	theirs, err := d.ofCustomer(ctx, customerID)
	if err != nil {
		return bcapi.StoredInstrument{}, err
	}
	in, ok := theirs[token]
	if !ok {
		return in, notTheirs(customerID, "/token")
	}
	return in, nil
}

// notTheirs refuses tokens, by their place in the arguments, that are not among
// a customer's.
func notTheirs(customerID int64, pointers ...string) *Error {
	return &Error{
		Code:     "unknown_instrument",
		Message:  fmt.Sprintf("Customer %d has no such instrument: it is deleted already, or is another customer's. Nothing was changed.", customerID),
		NextStep: fmt.Sprintf("Call list_stored_instruments with customer_id %d for the tokens that the customer has.", customerID),
		Details: struct {
			Pointers []string `json:"pointers"`
		}{pointers},
	}
}

// named names the store as questions to the person do.
func named(store bcapi.Store) string { return fmt.Sprintf("%s store %q", store.Mode, store.Hash) }
