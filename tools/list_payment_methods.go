package tools

import (
	"context"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/schemas"
)

type listPaymentMethodsInput struct {
	OrderID    int64  `json:"order_id,omitempty" jsonschema:"minimum=1,maximum=2147483647"`
	CheckoutID string `json:"checkout_id,omitempty" jsonschema:"minLength=1,maxLength=100"`
}

type listPaymentMethodsOutput struct {
	Store          bcapi.Store     `json:"store"`
	PaymentMethods []paymentMethod `json:"payment_methods" jsonschema:"description={id\\, name\\, type\\, test_mode\\, supported_instruments: [{instrument_type\\, verification_value_required}]\\, stored_instruments}"`
}

type paymentMethod struct {
	ID                   string                `json:"id"`
	Name                 string                `json:"name"`
	Type                 string                `json:"type"`
	TestMode             bool                  `json:"test_mode"`
	SupportedInstruments []supportedInstrument `json:"supported_instruments"`
	StoredInstruments    []storedInstrument    `json:"stored_instruments"`
}

type supportedInstrument struct {
	Type                      string `json:"instrument_type"`
	VerificationValueRequired *bool  `json:"verification_value_required,omitempty"`
}

func (d Dependencies) listPaymentMethods(a adapter) (server.ServerTool, error) {
	return define(a, spec{
		name:        "list_payment_methods",
		title:       "List payment methods of an order",
		description: "List how an Incomplete order or a checkout (give one of them) can be paid, and the shopper's stored instruments for each. The ids are for paying, not for import.",
		hints:       hints{readOnly: true, idempotent: true, openWorld: true},
	}, func(ctx context.Context, in listPaymentMethodsInput) (listPaymentMethodsOutput, error) {
		out := listPaymentMethodsOutput{Store: d.Client.Store(), PaymentMethods: []paymentMethod{}}
		if (in.OrderID == 0) == (in.CheckoutID == "") {
			return out, invalidArguments([]schemas.Violation{{Problem: "must have exactly one of: order_id, checkout_id"}}, 0)
		}
		methods, err := d.Client.PaymentMethods(ctx, bcapi.PaymentMethodsQuery{OrderID: in.OrderID, CheckoutID: in.CheckoutID})
		if err != nil {
			return out, err
		}
		for _, m := range methods {
			out.PaymentMethods = append(out.PaymentMethods, newPaymentMethod(m))
		}
		return out, nil
	})
}

func newPaymentMethod(m bcapi.PaymentMethod) paymentMethod {
	method := paymentMethod{
		ID: m.ID, Name: m.Name, Type: m.Type, TestMode: m.TestMode,
		SupportedInstruments: []supportedInstrument{}, StoredInstruments: []storedInstrument{},
	}
	for _, s := range m.SupportedInstruments {
		method.SupportedInstruments = append(method.SupportedInstruments, supportedInstrument(s))
	}
	for _, in := range m.StoredInstruments {
		method.StoredInstruments = append(method.StoredInstruments, newStoredInstrument(0, in))
	}
	return method
}
