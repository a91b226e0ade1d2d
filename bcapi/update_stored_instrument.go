package bcapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// DefaultKey is the field by which an update makes an instrument its customer's
// default; "" leaves the default as it is. Sources disagree on its name
// (docs/api-facts.md 2.6): ask by MakeDefault, look whether it took, and fall
// back to IsDefault.
type DefaultKey string

// The names of the field.
const (
	MakeDefault DefaultKey = "make_default" // the reference's
	IsDefault   DefaultKey = "is_default"   // seen in use on a real store
)

// StoredInstrumentUpdate says what to change. What is nil stays as it is; the
// card itself cannot be changed (docs/api-facts.md 2.6).
type StoredInstrumentUpdate struct {
	Token string `json:"token"`
	// BillingAddress is also sent on to the gateway's vault, where the gateway can
	// take it: as far as is known, only Braintree can.
	BillingAddress           *Address   `json:"billing_address,omitempty"`
	TrustedShippingAddresses []Address  `json:"trusted_shipping_addresses,omitzero"`
	Default                  DefaultKey `json:"-"` // a field of its own in the request
}

// updateRequest is an update with the field that makes it the default, if any.
type updateRequest struct {
	StoredInstrumentUpdate
	MakeDefault bool `json:"make_default,omitempty"`
	IsDefault   bool `json:"is_default,omitempty"`
}

// The item's path, which a guide shows, was answered with 404 by a real store.
var updateStoredInstrument = route{
	method:   http.MethodPut,
	template: "/payments/stored-instruments",
	scopes:   writeInstrumentScopes(),
}

// UpdateStoredInstrument changes an instrument, and gives it as the API says
// that it is now: the zero StoredInstrument when the API does not say, or not of
// this one. One that is not there is a *RefusedError of status 404.
func (c *Client) UpdateStoredInstrument(ctx context.Context, u StoredInstrumentUpdate) (StoredInstrument, error) {
	if err := u.check(); err != nil {
		return StoredInstrument{}, notSentFor(NotSentInvalid, err)
	}
	request := updateRequest{u, u.Default == MakeDefault, u.Default == IsDefault}
	call, err := newCall(updateStoredInstrument, nil, nil, request)
	if err != nil {
		return StoredInstrument{}, err
	}
	got, err := c.do(ctx, call)
	if err != nil {
		return StoredInstrument{}, err
	}
	if looksHTML(got) {
		return StoredInstrument{}, unreadable(call, errHTML)
	}
	object := jsonObject(got.body)
	if tellsOfFailures(object) {
		return StoredInstrument{}, &RefusedError{Kind: RefusedRow, API: readError(call, got, c.clean)}
	}
	data, _ := object["data"].(map[string]any)
	updated := readInstrument(data, c.clean)
	if updated.Token != u.Token {
		return StoredInstrument{}, nil
	}
	return updated, nil
}

func (u StoredInstrumentUpdate) check() error {
	switch u.Default {
	case "", MakeDefault, IsDefault:
	default:
		return errors.New("there is no such field to make it the default")
	}
	if err := checkToken(u.Token); err != nil {
		return fmt.Errorf("the token %w", err)
	}
	return nil
}
