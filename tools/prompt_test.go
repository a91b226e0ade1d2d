package tools_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func (f *fixture) prompt(t testing.TB, arguments string) string {
	t.Helper()
	var got struct {
		Messages []struct {
			Role    string `json:"role"`
			Content struct {
				Type string `json:"type"`
				Text string `json:"text"`
			} `json:"content"`
		} `json:"messages"`
	}
	raw := f.request(t, "prompts/get", fmt.Sprintf(`{"name":"migrate_vaulted_instruments","arguments":%s}`, arguments))
	if err := json.Unmarshal(raw, &got); err != nil || len(got.Messages) != 1 || got.Messages[0].Role != "user" || got.Messages[0].Content.Type != "text" {
		t.Fatalf("%s", raw)
	}
	return got.Messages[0].Content.Text
}

func TestThePromptLeadsThroughAMigration(t *testing.T) {
	f := newFixture(t, allowDeletes)
	text := f.prompt(t, `{"gateway":"Braintree","file":"vault.csv","currency":"EUR"}`)
	at := 0
	for _, step := range []string{
		"list_import_payment_methods with currency_code EUR", "payment method token", "Braintree customer id", "limit 50", "plan_id",
		"verify true", "list_payment_methods", "create_payment_access_token", "undo_import_job", "without limit", "report_file",
	} {
		i := strings.Index(text[at:], step)
		if i < 0 {
			t.Fatalf("%q is missing, or in the wrong place, in:\n%s", step, text)
		}
		at += i
	}
	for _, d := range f.definitions(t) { // it names no tool that does not exist
		text = strings.ReplaceAll(text, d.Name, "")
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
		for _, verb := range []string{"list_", "get_", "create_", "undo_", "delete_", "update_", "bulk_"} {
			if strings.HasPrefix(word, verb) {
				t.Errorf("%q is no tool", word)
			}
		}
	}
}

func TestThePromptKnowsGateways(t *testing.T) {
	f := newFixture(t, nil)
	for name, want := range map[string]string{
		"stripe": "pm_", "stripeupe.card": "pm_", "authorizenet": "customer payment profile id", "cybersourcev2": "customer token id",
		"adyenv3": "shopperReference", "paypalcommerce": "e-mail", "Authorize.Net": "customer payment profile id", "worldpay": "ask me",
	} {
		if text := f.prompt(t, fmt.Sprintf(`{"gateway":%q,"file":"a.csv","currency":"USD"}`, name)); !strings.Contains(text, want) {
			t.Errorf("%s: no %q", name, want)
		}
	}
}

// TestThePromptTakesNothingAmiss: what a person types into it is one short line
// and never a card number.
func TestThePromptTakesNothingAmiss(t *testing.T) {
	f := newFixture(t, nil)
	text := f.prompt(t, `{"gateway":"4111 1111 1111 1111","file":"a\nb`+strings.Repeat("x", 500)+`"}`)
	if strings.Contains(text, "4111 1111") || strings.Contains(text, "a\nb") || strings.Contains(text, strings.Repeat("x", 300)) || !strings.Contains(text, "currency_code the currency") {
		t.Errorf("%s", text)
	}
}
