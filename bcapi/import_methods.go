package bcapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
)

// ImportMethod is a payment method whose instruments can be imported
// (docs/api-facts.md 2.8).
type ImportMethod struct {
	ID                   string // what an import row has as its payment_method_id
	Name                 string
	Type                 string
	TestMode             bool
	SupportedInstruments []string // such as raw_card
}

// Excludes reports whether the method is for other types of instruments, as far
// as the API tells: type and supported_instruments are not documented well
// enough to refuse anything for them.
func (m ImportMethod) Excludes(t InstrumentType) bool {
	var takes []InstrumentType
	switch own := readInstrumentType(m.Type); own {
	case CreditCard, PayPalAccount, BankAccount:
		takes = append(takes, own)
	default:
		for _, name := range m.SupportedInstruments {
			switch name {
			case "raw_card", "tokenized_card":
				takes = append(takes, CreditCard)
			case "tokenized_paypal_account":
				takes = append(takes, PayPalAccount)
			default: // of which nothing is known
				return false
			}
		}
	}
	return len(takes) > 0 && !slices.Contains(takes, t)
}

var importMethods = route{
	method:   http.MethodGet,
	template: "/payments/stored-instruments/methods",
	scopes:   readInstrumentScopes(),
}

// ImportMethods reads the methods that an import may use with a currency (ISO
// 4217).
func (c *Client) ImportMethods(ctx context.Context, currencyCode string) ([]ImportMethod, error) {
	call, err := newCall(importMethods, nil, url.Values{"currency_code": {currencyCode}}, nil)
	if err != nil {
		return nil, err
	}
	return read(ctx, c, call, readImportMethods)
}

// readImportMethods leaves out methods without an id: nothing can name them.
func readImportMethods(value any, clean cleaner) ([]ImportMethod, bool) {
	methods, ok := readList(value, func(item map[string]any) ImportMethod { return readImportMethod(item, clean) })
	return slices.DeleteFunc(methods, func(m ImportMethod) bool { return m.ID == "" }), ok
}

func readImportMethod(object map[string]any, clean cleaner) ImportMethod {
	testMode, _ := object["test_mode"].(bool)
	method := ImportMethod{
		ID:       clean(firstOf(object, "method_id", "id"), maxField),
		Name:     clean(text(object["name"]), maxField),
		Type:     clean(text(object["type"]), maxField),
		TestMode: testMode,
	}
	supported, _ := object["supported_instruments"].([]any)
	for _, instrument := range supported {
		if name := clean(text(instrument), maxField); name != "" {
			method.SupportedInstruments = append(method.SupportedInstruments, name)
		}
	}
	return method
}
