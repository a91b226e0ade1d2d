package tools_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/internal/sandbox"
)

func TestCreatePaymentAccessToken(t *testing.T) {
	r := newFixture(t, nil).call(t, "create_payment_access_token", `{"order_id":123456,"is_recurring":true}`)
	var out struct {
		Store struct {
			Hash string `json:"hash"`
			Mode string `json:"mode"`
		} `json:"store"`
		Token       string    `json:"token"`
		OrderID     int       `json:"order_id"`
		IsRecurring bool      `json:"is_recurring"`
		ExpiresAt   time.Time `json:"expires_at"`
		Usage       string    `json:"usage"`
	}
	if err := json.Unmarshal(r.Structured, &out); err != nil {
		t.Fatal(err)
	}
	if out.Store.Hash != "sandbox" || out.Store.Mode != "sandbox" || out.OrderID != 123456 || !out.IsRecurring || out.Token == "" {
		t.Errorf("answer: %s", r.Structured)
	}
	if life := time.Until(out.ExpiresAt); life < 58*time.Minute || life > time.Hour {
		t.Errorf("expires in %s", life)
	}
	if !strings.Contains(out.Usage, "Authorization: PAT") {
		t.Errorf("usage: %s", out.Usage)
	}
}

// fixedAnswer is a store that answers everything alike.
func fixedAnswer(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

// A token that is not a JWT is as good; when it expires is then not known.
func TestOpaqueTokenHasNoExpiry(t *testing.T) {
	f := newFixtureOn(t, fixedAnswer(http.StatusCreated, `{"data":{"id":"opaque"},"meta":{}}`), sandbox.Token, nil)
	r := f.call(t, "create_payment_access_token", `{"order_id":7}`)
	if !strings.Contains(string(r.Structured), `"expires_at":null`) || !strings.Contains(string(r.Structured), `"token":"opaque"`) {
		t.Errorf("answer: %s", r.Structured)
	}
}
