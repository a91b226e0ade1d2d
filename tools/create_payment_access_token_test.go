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

// TestFailuresTellWhatToDo walks the API's refusals one by one.
func TestFailuresTellWhatToDo(t *testing.T) {
	for _, tt := range []struct {
		name      string
		status    int
		body      string
		code      string
		retryable bool
		nextStep  string
	}{
		{"401", 401, `{"status":401,"title":"Unauthorized","type":"t"}`, "http_401", false, "BIGCOMMERCE_ACCESS_TOKEN"},
		{"403", 403, `{"code":403,"message":"Missing scope"}`, "http_403", false, "store_payments_access_token_create"},
		{"404 store", 404, `{"status":404,"title":"Not found","type":"t"}`, "http_404", false, ""},
		{"404 order", 404, `{"status":404,"title":"Order not found","type":"t","code":30003}`, "30003", false, ""},
		{"409 order", 409, `{"status":409,"title":"Order is not in a correct status.","type":"t","code":30101}`, "30101", false, "Incomplete"},
		{"422", 422, `{"status":422,"title":"Invalid","type":"t","errors":{"order.id":"is off"}}`, "http_422", false, ""},
		{"500", 500, `{"status":500,"title":"Oops","type":"t"}`, "outcome_unknown", true, "Call again"},
		{"423", 423, `{"status":423,"title":"Locked","type":"t"}`, "http_423", true, "Wait"},
		{"429", 429, `{"status":429,"title":"Too many","type":"t"}`, "http_429", true, "Wait"},
		{"507", 507, `{"status":507,"title":"Plan limit","type":"t"}`, "http_507", false, ""},
		{"unreadable", 201, `<html>`, "outcome_unknown", true, "Call again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixtureOn(t, fixedAnswer(tt.status, tt.body), sandbox.Token, nil)
			e := f.call(t, "create_payment_access_token", `{"order_id":7}`).failure(t)
			if e.Code != tt.code || e.Retryable != tt.retryable || e.NextStep == "" || !strings.Contains(e.NextStep, tt.nextStep) {
				t.Errorf("%+v", e)
			}
		})
	}
}
