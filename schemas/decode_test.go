package schemas

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	invopop "github.com/invopop/jsonschema"
)

// ownSchema is what a type of another package might do.
type ownSchema string

func (ownSchema) JSONSchema() *invopop.Schema { return &invopop.Schema{Enum: []any{"a"}} }

// stubborn cannot be decoded, whatever its schema says.
type stubborn struct {
	Secret stubbornText `json:"secret"`
}

type stubbornText string

func (*stubbornText) UnmarshalText(b []byte) error { return fmt.Errorf("cannot use %s", b) }

func TestDecode(t *testing.T) {
	got, err := mustNew[kitchenSink](t).Decode([]byte(` {"base": 7, "text": "ab", "choice": "b", "whole": 3, "part": 1e2, "flag": true,
		"list": ["x", "y"], "structs": [{"city": null}], "by_name": {"home": {"city": null}}, "columns": {"Vault Token": "instrument.vault_token"}, "pointer": {},
		"token": null, "id": 9223372036854775807, "where": null} `))
	if err != nil {
		t.Fatal(err)
	}
	id := int64(9223372036854775807)
	want := kitchenSink{
		embedded: embedded{Base: 7}, Text: "ab", Choice: "b", Whole: 3, Part: 100, Flag: true, List: []string{"x", "y"},
		Structs: []place{{}}, ByName: map[string]place{"home": {}}, Columns: map[string]string{"Vault Token": "instrument.vault_token"}, Pointer: &address{}, ID: &id, hidden: 0,
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(kitchenSink{}, embedded{})); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
}

func TestAbsentArgumentsAreAnEmptyObject(t *testing.T) {
	for _, raw := range []json.RawMessage{nil, {}, []byte(" \n"), []byte("null"), []byte(" null "), []byte("{}")} {
		if _, err := mustNew[struct {
			A string `json:"a,omitempty"`
		}](t).Decode(raw); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestViolations(t *testing.T) {
	row := func(changes string) string {
		return `{"instruments": [{"payment_method_id": "braintree.credit_card", "currency_code": "USD", "customer_id": 1,
			"instrument": {"type": "credit_card", "vault_token": "5292sx35"}, "billing_address": {}` + changes + `}]}`
	}
	token, imports, sink := mustNew[tokenInput](t), mustNew[importInput](t), mustNew[kitchenSink](t)
	sinkOf := func(fields string) string { return `{"base": 1, "text": "a", "token": null, "id": null` + fields + `}` }
	const plain = "must be a whole number; write it as a plain whole number, without point or exponent"
	tests := map[string]struct {
		schema interface{ Validate(json.RawMessage) error }
		in     string
		want   []Violation
	}{
		"valid":                  {token, `{"order_id": 2147483647, "is_recurring": true}`, nil},
		"missing":                {token, ``, []Violation{{"/order_id", "is required"}}},
		"text for an integer":    {token, `{"order_id": "12"}`, []Violation{{"/order_id", "must be a whole number"}}},
		"fraction":               {token, `{"order_id": 1.5}`, []Violation{{"/order_id", "must be a whole number"}}},
		"null":                   {token, `{"order_id": null}`, []Violation{{"/order_id", "must be a whole number"}}},
		"1.0":                    {token, `{"order_id": 1.0}`, []Violation{{"/order_id", plain}}},
		"1e2":                    {token, `{"order_id": 1e2}`, []Violation{{"/order_id", plain}}},
		"too small":              {token, `{"order_id": 0}`, []Violation{{"/order_id", "must be at least 1"}}},
		"too large":              {token, `{"order_id": 2147483648}`, []Violation{{"/order_id", "must be at most 2147483647"}}},
		"beyond int64":           {token, `{"order_id": 9223372036854775808}`, []Violation{{"/order_id", "must be at most 2147483647"}}},
		"beyond int64, no limit": {sink, `{"base": 9223372036854775808, "text": "a", "token": null, "id": null}`, []Violation{{"/base", "must be a whole number of at most 64 bits"}}},
		"huge exponent":          {token, `{"order_id": 1e999999999}`, []Violation{{"/order_id", "must be a number of ordinary size"}}},
		"huge fraction":          {token, `{"order_id": 1e-999999}`, []Violation{{"/order_id", "must be a number of ordinary size"}}},
		"thousands of digits":    {token, `{"order_id": ` + strings.Repeat("9", 5000) + `}`, []Violation{{"/order_id", "must be a number of ordinary size"}}},
		"text for a flag":        {token, `{"order_id": 1, "is_recurring": "yes"}`, []Violation{{"/is_recurring", "must be true or false"}}},
		"unknown field":          {token, `{"order_id": 1, "amount": 5}`, []Violation{{"/amount", "is not a known field; valid fields: is_recurring, order_id"}}},
		"unknown by case":        {token, `{"Order_ID": 1}`, []Violation{{"/Order_ID", "is not a known field; valid fields: is_recurring, order_id"}, {"/order_id", "is required"}}},
		"twice":                  {token, `{"order_id": 1, "order_id": 2, "order_id": 3}`, []Violation{{"/order_id", "is given twice"}}},
		"list":                   {token, `[1]`, []Violation{{"", "must be an object"}}},
		"text":                   {token, `"order_id"`, []Violation{{"", "must be an object"}}},
		"not JSON":               {token, `{"order_id": 1,}`, []Violation{{"", "must be valid JSON; it is not after byte 15"}}},
		"cut off":                {token, `{"order_id": 1`, []Violation{{"", "must be valid JSON; it is not after byte 14"}}},
		"two documents":          {token, `{"order_id": 1} {}`, []Violation{{"", "must be valid JSON; it is not after byte 17"}}},
		"invalid UTF-8":          {token, "{\"order_id\": \"\xff\"}", []Violation{{"", "must be valid UTF-8"}}},
		"deep":                   {token, `{"a": ` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, []Violation{{"", "must not be nested deeper than 64 levels"}}},
		"bottomless":             {token, strings.Repeat("[", 1_000_000), []Violation{{"", "must not be nested deeper than 64 levels"}}},

		"valid row":           {imports, row(``), nil},
		"no rows":             {imports, `{"instruments": []}`, []Violation{{"/instruments", "must have 1 to 100 items"}}},
		"object for a list":   {imports, `{"instruments": {}}`, []Violation{{"/instruments", "must be a list"}}},
		"text for an object":  {imports, row(`, "billing_address": "x"`), []Violation{{"/instruments/0/billing_address", "is given twice"}, {"/instruments/0/billing_address", "must be an object"}}},
		"unknown in a row":    {imports, row(`, "zip": 1`), []Violation{{"/instruments/0/zip", "is not a known field; valid fields: billing_address, currency_code, customer_id, default_instrument, instrument, payment_method_id, trusted_shipping_addresses"}}},
		"CVV":                 {imports, row(`, "cardCVV": "123"`), []Violation{{"/instruments/0/cardCVV", "must be removed: card verification values are never accepted"}}},
		"null for an address": {imports, row(`, "trusted_shipping_addresses": [null]`), []Violation{{"/instruments/0/trusted_shipping_addresses/0", "must be an object"}}},
		"null for a pointer":  {imports, row(`, "default_instrument": null`), []Violation{{"/instruments/0/default_instrument", "must be true or false"}}},

		"enum":                 {sink, sinkOf(`, "choice": "c"`), []Violation{{"/choice", "must be one of: a, b"}}},
		"enum of items":        {sink, sinkOf(`, "list": ["x", "z"]`), []Violation{{"/list/1", "must be one of: x, y"}}},
		"nullable enum":        {sink, `{"base": 1, "text": "a", "token": "z", "id": null}`, []Violation{{"/token", "must be one of: p, q, null"}}},
		"nullable integer":     {sink, `{"base": 1, "text": "a", "token": "q", "id": "1"}`, []Violation{{"/id", "must be a whole number or null"}}},
		"nullable as 1.0":      {sink, `{"base": 1, "text": "a", "token": "q", "id": 1.0}`, []Violation{{"/id", plain}}},
		"nullable in bounds":   {sink, `{"base": 1, "text": "a", "token": "q", "id": 0}`, []Violation{{"/id", "must be at least 1"}}},
		"nullable object":      {sink, sinkOf(`, "where": {"zip": 1}`), []Violation{{"/where/zip", "is not a known field; valid fields: city, first_name"}}},
		"fraction below limit": {sink, sinkOf(`, "part": 0.25`), []Violation{{"/part", "must be at least 0.5"}}},
		"text for a number":    {sink, sinkOf(`, "part": "1"`), []Violation{{"/part", "must be a number"}}},
		"number for text":      {sink, sinkOf(`, "choice": 1`), []Violation{{"/choice", "must be text"}}},
		"map of numbers":       {sink, sinkOf(`, "columns": {"a/b~c": 1}`), []Violation{{"/columns/a~1b~0c", "must be text"}}},
		"empty text": {sink, `{"base": 1, "text": "", "token": null, "id": null}`,
			[]Violation{{"/text", "must be at least 1 character"}, {"/text", "must match the pattern ^a{1,2}"}}},
		"long text": {sink, `{"base": 1, "text": "aaäaaa", "token": null, "id": null}`, []Violation{{"/text", "must be at most 5 characters"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			checkInvalid(t, test.schema.Validate(json.RawMessage(test.in)), test.want, 0)
		})
	}
}

func TestCountsAndNames(t *testing.T) {
	type bounds struct {
		Least []int `json:"least,omitempty" jsonschema:"minItems=2"`
		Most  []int `json:"most,omitempty" jsonschema:"maxItems=1,minimum=-3"`
	}
	checkInvalid(t, mustNew[bounds](t).Validate([]byte(`{"least": [1], "most": [1, -4]}`)), []Violation{
		{"/least", "must have at least 2 items"}, {"/most", "must have at most 1 item"}, {"/most/1", "must be at least -3"},
	}, 0)
	checkInvalid(t, mustNew[struct{}](t).Validate([]byte(`{"a": 1}`)), []Violation{{"/a", "is not a known field; there are none"}}, 0)
	checkInvalid(t, mustNew[bounds](t).Validate([]byte(`{"least": [1, -9223372036854775809], "most": [-9223372036854775809]}`)), []Violation{
		{"/least/1", "must be a whole number of at most 64 bits"}, {"/most/0", "must be at least -3"},
	}, 0)
}

func checkInvalid(t *testing.T, err error, want []Violation, more int) {
	t.Helper()
	if want == nil {
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
		return
	}
	var got *InvalidError
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want an InvalidError", err)
	}
	if diff := cmp.Diff(&InvalidError{Violations: want, More: more}, got); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}

// Every violation of a call, in the order of the rows, 50 of them.
func TestAllViolationsInOrder(t *testing.T) {
	in := `{"instruments": [` + strings.TrimSuffix(strings.Repeat(`1,`, 101), ",") + `], "x": 1, "dry_run": 0}`
	want := []Violation{{"/dry_run", "must be true or false"}, {"/instruments", "must have 1 to 100 items"}}
	for i := range 48 {
		want = append(want, Violation{fmt.Sprintf("/instruments/%d", i), "must be an object"})
	}
	for range 5 { // the validator's own order varies
		checkInvalid(t, mustNew[importInput](t).Validate(json.RawMessage(in)), want, 101-48+1)
	}
}

func TestComparePointers(t *testing.T) {
	sorted := []string{"", "/a", "/a/2", "/a/2/x", "/a/10", "/a/b", "/b"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got, want := comparePointers(a, b), i-j; got < 0 != (want < 0) || got > 0 != (want > 0) {
				t.Errorf("comparePointers(%q, %q) = %d", a, b, got)
			}
		}
	}
}

func TestPointersAreSafeToShow(t *testing.T) {
	tests := map[string]struct{ key, want string }{
		"card number":      {"x 4111 1111 1111 1111", "/x [card number removed]"},
		"long digits":      {"id-123456789012345", "/id-12345678…"},
		"separate digits":  {"123456-789012", "/123456-789012"},
		"control bytes":    {"a\n\x1b[31mb\u202e", "/a\ufffd\ufffd[31mb\ufffd"},
		"long":             {strings.Repeat("é", 100), "/" + strings.Repeat("é", 64)},
		"card at the cut":  {strings.Repeat("x", 55) + " 4111111111111111", "/" + strings.Repeat("x", 55) + " [card nu"},
		"pointer escaping": {"a/b~c", "/a~1b~0c"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in, err := json.Marshal(map[string]int{test.key: 1, "order_id": 1})
			if err != nil {
				t.Fatal(err)
			}
			checkInvalid(t, mustNew[tokenInput](t).Validate(in),
				[]Violation{{test.want, "is not a known field; valid fields: is_recurring, order_id"}}, 0)
		})
	}
	if got := pointer([]string{"4111", "1111", "1111", "1111"}); got != "/[card number removed]" {
		t.Errorf("keys that add up to a card number: %q", got)
	}
}

func TestErrorText(t *testing.T) {
	_, err := mustNew[tokenInput](t).Decode([]byte(`{"order_id": 0, "x": 1}`))
	want := "invalid arguments: /order_id must be at least 1; /x is not a known field; valid fields: is_recurring, order_id"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	many := &InvalidError{Violations: []Violation{{"", "must be an object"}}, More: 3}
	if got, want := many.Error(), "invalid arguments: the whole must be an object; and 3 more"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDecodeErrorOfATypeIsNotShown(t *testing.T) {
	_, err := mustNew[stubborn](t).Decode([]byte(`{"secret": "hunter2"}`))
	checkInvalid(t, err, []Violation{{"", "cannot be read"}}, 0)
}

func TestConcurrentUse(t *testing.T) {
	s := mustNew[tokenInput](t)
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			got, err := s.Decode(fmt.Appendf(nil, `{"order_id": %d}`, i+1))
			if err != nil || got.OrderID != int64(i+1) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	group.Wait()
}
