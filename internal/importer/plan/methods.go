package plan

import (
	"context"
	"slices"
	"strings"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
)

// methods are the payment methods that an import may use, by currency code.
type methods map[string][]bcapi.ImportMethod

// of gives those of a currency, and asks the store once for each.
func (m methods) of(ctx context.Context, client Client, currency string) ([]bcapi.ImportMethod, error) {
	available, known := m[currency]
	if !known {
		var err error
		if available, err = client.ImportMethods(ctx, currency); err != nil {
			return nil, err
		}
		m[currency] = available
	}
	return available, nil
}

// checkMethod refuses a row whose payment method id an import may not use: those
// for charging look alike and are others (docs/api-facts.md 2.8, 2.9).
func checkMethod(available []bcapi.ImportMethod, row *bcapi.ImportRow, verdict *check.Verdict) {
	const field = "payment_method_id"
	at := slices.IndexFunc(available, func(m bcapi.ImportMethod) bool { return m.ID == row.PaymentMethodID })
	switch {
	case at < 0:
		verdict.Problems = append(verdict.Problems, check.Problem{Field: field, Message: notOneOf(available)})
	case available[at].Excludes(row.Instrument.Type):
		verdict.Warnings = append(verdict.Warnings, check.Problem{
			Field: field, Message: "is a method for another type of instrument, as the store tells it: check the id before anything is sent",
		})
	}
}

// namedMethods is how many methods a problem names.
const namedMethods = 20

func notOneOf(available []bcapi.ImportMethod) string {
	if len(available) == 0 {
		return "is not a method that the store can import in this currency; it has none"
	}
	ids := make([]string, 0, namedMethods)
	for _, m := range available[:min(len(available), namedMethods)] {
		ids = append(ids, m.ID)
	}
	return "is not a method that the store can import in this currency; it has: " + strings.Join(ids, ", ")
}
