package bcapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// PaymentMethodsQuery names an order or a checkout, one of them.
type PaymentMethodsQuery struct {
	OrderID    int64  // its status must be Incomplete
	CheckoutID string // which is the cart's id too
}

// PaymentMethod is a way to pay for an order (docs/api-facts.md 2.2).
type PaymentMethod struct {
	ID                   string // what a payment has as its payment_method_id; an import has another (docs/api-facts.md 2.9)
	Name                 string
	TestMode             bool
	Type                 string // such as card
	SupportedInstruments []SupportedInstrument
	StoredInstruments    []StoredInstrument // of the order's shopper; nil when the API names none
}

// SupportedInstrument is a kind of instrument that a method takes.
type SupportedInstrument struct {
	Type                      string // such as VISA or STORED_CARD
	VerificationValueRequired *bool  // nil: the API does not say
}

var paymentMethods = route{
	method:   http.MethodGet,
	template: "/payments/methods",
	scopes:   []string{"store_payments_methods_read"},
}

// PaymentMethods reads the ways to pay for an order or a checkout. An order that
// is not Incomplete is a *RefusedError of status 409 with code 30101.
func (c *Client) PaymentMethods(ctx context.Context, q PaymentMethodsQuery) ([]PaymentMethod, error) {
	query := make(url.Values)
	switch {
	case q.OrderID > 0 && q.CheckoutID == "":
		query.Set("order_id", decimal(q.OrderID))
	case q.OrderID == 0 && q.CheckoutID != "":
		query.Set("checkout_id", q.CheckoutID)
	default:
		return nil, notSentFor(NotSentInvalid, errors.New("it takes either an order, with an id from 1, or a checkout"))
	}
	call, err := newCall(paymentMethods, nil, query, nil)
	if err != nil {
		return nil, err
	}
	return read(ctx, c, call, readPaymentMethods)
}

// readPaymentMethods leaves out methods without an id: nothing can name them.
func readPaymentMethods(value any, clean cleaner) ([]PaymentMethod, bool) {
	understood := true
	methods, listed := readList(value, func(item map[string]any) PaymentMethod {
		method, ok := readPaymentMethod(item, clean)
		understood = understood && ok
		return method
	})
	return slices.DeleteFunc(methods, func(m PaymentMethod) bool { return m.ID == "" }), listed && understood
}

func readPaymentMethod(object map[string]any, clean cleaner) (PaymentMethod, bool) {
	testMode, _ := object["test_mode"].(bool)
	method := PaymentMethod{
		ID:       clean(firstOf(object, "id", "method_id"), maxField),
		Name:     clean(text(object["name"]), maxField),
		Type:     clean(text(object["type"]), maxField),
		TestMode: testMode,
	}
	supported, _ := object["supported_instruments"].([]any)
	for _, item := range supported {
		if instrument := readSupportedInstrument(item, clean); instrument.Type != "" {
			method.SupportedInstruments = append(method.SupportedInstruments, instrument)
		}
	}
	if object["stored_instruments"] == nil {
		return method, true
	}
	var ok bool
	method.StoredInstruments, ok = readList(object["stored_instruments"], func(item map[string]any) StoredInstrument {
		return readInstrument(item, clean)
	})
	return method, ok
}

// readSupportedInstrument reads an entry in the form of this call and in that of
// the methods of an import, which is the name alone.
func readSupportedInstrument(v any, clean cleaner) SupportedInstrument {
	object, ok := v.(map[string]any)
	if !ok {
		return SupportedInstrument{Type: clean(text(v), maxField)}
	}
	instrument := SupportedInstrument{Type: clean(text(object["instrument_type"]), maxField)}
	if required, said := object["verification_value_required"].(bool); said {
		instrument.VerificationValueRequired = &required
	}
	return instrument
}
