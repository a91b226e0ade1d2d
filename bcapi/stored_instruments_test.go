package bcapi

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
)

// What is wrong with a value refuses its row, so the schema may ask only for
// fields and their types.
func TestImportRowSchema(t *testing.T) {
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true}
	row := reflector.Reflect(ImportRow{})
	if diff := cmp.Diff([]string{"payment_method_id", "currency_code", "customer_id", "instrument", "billing_address"}, row.Required); diff != "" {
		t.Error(diff)
	}
	instrument, _ := row.Properties.Get("instrument")
	if diff := cmp.Diff([]string{"type"}, instrument.Required); diff != "" {
		t.Error(diff)
	}
	kind, _ := instrument.Properties.Get("type")
	if diff := cmp.Diff([]any{"credit_card", "paypal_account", "bank_account"}, kind.Enum); diff != "" {
		t.Error(diff)
	}
	address, _ := row.Properties.Get("billing_address")
	if len(address.Required) != 0 {
		t.Errorf("an address requires %v", address.Required)
	}
	method, _ := row.Properties.Get("payment_method_id")
	if want := "Such as braintree.credit_card, not braintree.card."; method.Description != want {
		t.Errorf("a description was cut at its comma: %q", method.Description)
	}
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{`"minimum"`, `"maximum"`, `"pattern"`, `"minLength"`, `"maxLength"`, `"format"`, `"minItems"`} {
		if strings.Contains(string(text), word) {
			t.Errorf("the schema has %s: %s", word, text)
		}
	}
}
