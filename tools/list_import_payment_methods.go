package tools

import (
	"context"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/schemas"
)

type listImportPaymentMethodsInput struct {
	CurrencyCode string `json:"currency_code" jsonschema:"description=ISO 4217\\, such as USD."`
}

type listImportPaymentMethodsOutput struct {
	Store          bcapi.Store           `json:"store"`
	PaymentMethods []importPaymentMethod `json:"payment_methods" jsonschema:"description={payment_method_id\\, name\\, type\\, test_mode}"`
	NextStep       string                `json:"next_step,omitempty"`
}

type importPaymentMethod struct {
	PaymentMethodID string `json:"payment_method_id"`
	Name            string `json:"name,omitempty"`
	Type            string `json:"type,omitempty"` // of the instruments that it is for
	TestMode        bool   `json:"test_mode"`
}

func (d Dependencies) listImportPaymentMethods(a adapter) (server.ServerTool, error) {
	return define(a, spec{
		name:        "list_import_payment_methods",
		title:       "List payment methods for import",
		description: "List the payment_method_ids that rows of an import may have in a currency. The ids of list_payment_methods are others.",
		hints:       hints{readOnly: true, idempotent: true, openWorld: true},
	}, func(ctx context.Context, in listImportPaymentMethodsInput) (listImportPaymentMethodsOutput, error) {
		out := listImportPaymentMethodsOutput{Store: d.Client.Store(), PaymentMethods: []importPaymentMethod{}}
		if !d.Importer.Checker.IsCurrency(in.CurrencyCode) {
			return out, invalidArguments([]schemas.Violation{{Pointer: "/currency_code", Problem: "must be an ISO 4217 code in upper case, such as USD"}}, 0)
		}
		methods, err := d.Client.ImportMethods(ctx, in.CurrencyCode)
		if err != nil {
			return out, err
		}
		for _, m := range methods {
			out.PaymentMethods = append(out.PaymentMethods, importPaymentMethod{PaymentMethodID: m.ID, Name: m.Name, Type: m.Type, TestMode: m.TestMode})
		}
		if len(methods) == 0 {
			out.NextStep = "Nothing can be imported in this currency: tell your person to enable a gateway with stored instruments for it (Settings > Setup > Payments), or ask for another currency."
		}
		return out, nil
	})
}
