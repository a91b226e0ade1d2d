package tools

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/schemas"
)

type updateStoredInstrumentInput struct {
	CustomerID               int64           `json:"customer_id" jsonschema:"minimum=1,maximum=2147483647"`
	Token                    string          `json:"token" jsonschema:"minLength=64,maxLength=64"`
	BillingAddress           *bcapi.Address  `json:"billing_address,omitempty"`
	TrustedShippingAddresses []bcapi.Address `json:"trusted_shipping_addresses,omitempty" jsonschema:"minItems=1,maxItems=20"`
	MakeDefault              bool            `json:"make_default,omitempty"`
}

type updateStoredInstrumentOutput struct {
	Store          bcapi.Store          `json:"store"`
	Instrument     storedInstrument     `json:"instrument"` // as the store has it now
	BillingAddress *bcapi.StoredAddress `json:"billing_address,omitempty"`
	NextStep       string               `json:"next_step"`
}

func (d Dependencies) updateStoredInstrument(a adapter) (server.ServerTool, error) {
	return define(a, spec{
		name:  "update_stored_instrument",
		title: "Update stored instrument",
		description: "Change the addresses of a customer's instrument, or make it their default. Give an address whole: what is left out may be lost. A new billing address may reach the gateway: the person is asked first where the client can. " +
			"Number, expiry and vault token cannot be changed: that takes a new import.",
		hints: hints{destructive: true, idempotent: true, openWorld: true},
	}, d.update)
}

func (d Dependencies) update(ctx context.Context, in updateStoredInstrumentInput) (updateStoredInstrumentOutput, error) {
	out := updateStoredInstrumentOutput{Store: d.Client.Store()}
	if err := in.check(d.Importer.Checker); err != nil {
		return out, err
	}
	before, err := d.oneOfCustomer(ctx, in.CustomerID, in.Token)
	if err != nil {
		return out, err
	}
	if in.BillingAddress != nil || in.TrustedShippingAddresses != nil {
		if err := d.confirm(ctx, "update:"+in.digest(), fmt.Sprintf(
			"Change the addresses of the %s of customer %d in the %s? A billing address may be changed at the gateway as well.",
			describe(before), in.CustomerID, named(out.Store))); err != nil {
			return out, err
		}
	}
	now := before
	if in.BillingAddress != nil || in.TrustedShippingAddresses != nil {
		if now, err = d.updateAndLook(ctx, in.CustomerID, bcapi.StoredInstrumentUpdate{
			Token: in.Token, BillingAddress: in.BillingAddress, TrustedShippingAddresses: in.TrustedShippingAddresses,
		}); err != nil {
			return out, err
		}
		out.NextStep = "Nothing: this is what the store has now. It does not show trusted shipping addresses."
	}
	if in.MakeDefault {
		if now, err = d.makeDefault(ctx, in.CustomerID, in.Token); err != nil {
			return out, notDefault(err, out.NextStep != "")
		}
		out.NextStep = cmp.Or(out.NextStep, "Nothing: this is what the store has now.")
		if !now.IsDefault {
			out.NextStep = "The store took the request and did not make the instrument the default: tell your person to do it in the control panel."
		}
	}
	out.Instrument, out.BillingAddress = newStoredInstrument(in.CustomerID, now), now.BillingAddress
	return out, nil
}

// makeDefault asks for it in the words of the reference and, where the store
// does not understand those, in the others that are known (docs/api-facts.md 2.6).
func (d Dependencies) makeDefault(ctx context.Context, customerID int64, token string) (bcapi.StoredInstrument, error) {
	var now bcapi.StoredInstrument
	var err error
	for _, key := range []bcapi.DefaultKey{bcapi.MakeDefault, bcapi.IsDefault} {
		now, err = d.updateAndLook(ctx, customerID, bcapi.StoredInstrumentUpdate{Token: token, Default: key})
		var refused *bcapi.RefusedError
		notUnderstood := errors.As(err, &refused) && refused.Kind == bcapi.RefusedRow
		if now.IsDefault || err != nil && !notUnderstood {
			break
		}
	}
	return now, err
}

// notDefault says of a failure that what was asked for besides is done.
func notDefault(err error, changed bool) error {
	if !changed {
		return err
	}
	failure := *explain(err)
	failure.Message = "The addresses were changed; making the instrument the default failed. " + failure.Message
	return &failure
}

// updateAndLook makes one change and reads what is true afterwards.
func (d Dependencies) updateAndLook(ctx context.Context, customerID int64, change bcapi.StoredInstrumentUpdate) (bcapi.StoredInstrument, error) {
	if _, err := d.Client.UpdateStoredInstrument(ctx, change); err != nil {
		return bcapi.StoredInstrument{}, harmless(err, "Call again with the same arguments: making the same change twice does no harm.")
	}
	now, err := d.oneOfCustomer(context.WithoutCancel(ctx), customerID, change.Token)
	if err != nil {
		failure := *explain(err)
		failure.Message = "The change was made, but the instrument could not be read afterwards."
		failure.NextStep = "Call list_stored_instruments with the customer_id to see it."
		return now, &failure
	}
	return now, nil
}

// check holds the arguments to what their schema cannot say.
func (in *updateStoredInstrumentInput) check(checker *check.Checker) error {
	var violations []schemas.Violation
	if in.BillingAddress == nil && in.TrustedShippingAddresses == nil && !in.MakeDefault {
		violations = append(violations, schemas.Violation{Problem: "must change something: billing_address, trusted_shipping_addresses, or make_default: true"})
	}
	for _, p := range checker.Addresses(in.BillingAddress, in.TrustedShippingAddresses).Problems {
		violations = append(violations, schemas.Violation{Pointer: pointer(p.Field), Problem: p.Message})
	}
	if len(violations) > 0 {
		return invalidArguments(violations, 0)
	}
	return nil
}

// pointer makes a JSON pointer of a field's path, such as
// trusted_shipping_addresses[0].email.
func pointer(path string) string {
	return "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(path)
}

// digest tells sets of arguments apart.
func (in *updateStoredInstrumentInput) digest() string {
	text, err := json.Marshal(in)
	if err != nil { // plain fields only
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}
