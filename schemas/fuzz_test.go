package schemas

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// Decode never panics, accepts only what encoding/json reads to the same end, and
// its errors repeat no long run of digits of the input.
func FuzzDecode(f *testing.F) {
	for _, in := range []string{
		``, `null`, `{}`, `[]`, `{"instruments": [{"customer_id": 1.0}, {"customer_id": 1e400}, {"4111111111111111": {"a": 1}}]}`,
		`{"instruments": [{"payment_method_id": "braintree.credit_card", "currency_code": "USD", "customer_id": 1,
			"instrument": {"type": "credit_card", "vault_token": "5292sx35", "expiry_month": 1}, "billing_address": {"city": "x"}}], "dry_run": true}`,
		`{"123456789012": 1, "123456789012": 123456789012}`, `{"1234567890": {"1234": [4111111111111111]}}`, `{"a": tru}`, "{\"\xff\": 1}",
		`{"instruments": 123456789012, "dry_run": "123456789012"}`, `{"instruments": [123456789012 123]}`, `{"\u0031\u0032345678901234": 1}`,
	} {
		f.Add([]byte(in))
	}
	s := mustNew[importInput](f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := s.Decode(raw)
		if err == nil {
			if !json.Valid(orEmpty(raw)) || !utf8.Valid(raw) {
				t.Errorf("accepted %q", raw)
			}
			return
		}
		var invalid *InvalidError
		if !errors.As(err, &invalid) || len(invalid.Violations) == 0 {
			t.Fatalf("got %#v", err)
		}
		text := err.Error()
		if cardguard.ContainsCardNumber(text) {
			t.Errorf("the error for %q holds a card number: %s", raw, text)
		}
		for _, run := range digitRuns(string(raw)) {
			if strings.Contains(text, run[:12]) {
				t.Errorf("the error repeats the digits %s: %s", run, text)
			}
		}
	})
}

// digitRuns returns the runs of 12 or more ASCII digits in s.
func digitRuns(s string) []string {
	var runs []string
	for _, run := range strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(run) >= 12 {
			runs = append(runs, run)
		}
	}
	return runs
}
