package bcapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestCreatePaymentAccessToken(t *testing.T) {
	for _, recurring := range []bool{true, false} {
		var method, path, body string
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			method, path, body = r.Method, r.URL.Path, string(text)
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"data":{"id":"header.claims.signature"},"meta":{}}`)
		})
		got, err := client.CreatePaymentAccessToken(t.Context(), PaymentAccessTokenRequest{Order: PaymentAccessTokenOrder{ID: 123456, IsRecurring: recurring}})
		if err != nil || got.Token.Reveal() != "header.claims.signature" {
			t.Fatalf("%v %v", got, err)
		}
		want := map[bool]string{true: `{"order":{"id":123456,"is_recurring":true}}`, false: `{"order":{"id":123456,"is_recurring":false}}`}[recurring]
		if method != "POST" || path != basePath+"/stores/abc123/v3/payments/access_tokens" || body != want {
			t.Errorf("%s %s %s", method, path, body)
		}
	}
}

func TestUnreadableTokenAnswers(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "HTML": "<html>", "half": `{"data":{"id":"a`, "no id": `{"data":{}}`, "null": `null`, "no data": `{}`,
		"space": `{"data":{"id":"a b"}}`, "new line": `{"data":{"id":"a\n"}}`, "not ASCII": `{"data":{"id":"é"}}`, "control character": `{"data":{"id":"a\u007f"}}`,
		"too long": `{"data":{"id":"` + strings.Repeat("a", 8<<10+1) + `"}}`, "card number": `{"data":{"id":"tok_4111-1111-1111-1111"}}`,
		"our access token": `{"data":{"id":"a.` + testToken + `.b"}}`,
		"list":             `[]`, "id of another type": `{"data":{"id":5}}`, "more after it": `{"data":{"id":"a"}} x`, "flat error": `{"status":500,"title":"x"}`,
	} {
		var unknown *UnknownError
		err := mint(t.Context(), serve(t, answerWith(200, "application/json", body)))
		if !errors.As(err, &unknown) || unknown.Kind != UnknownUnreadable || unknown.CorrelationID == "" {
			t.Errorf("%s: %v, want it unreadable", name, err)
		}
	}
}

func TestTokensOfEveryFormPass(t *testing.T) {
	for _, token := range []string{"a", strings.Repeat("a", 8<<10), `!"#$%&'()*+,-./:;<=>?@[\]^_{|}~`} {
		body, err := json.Marshal(map[string]any{"data": map[string]string{"id": token}})
		if err != nil {
			t.Fatal(err)
		}
		client := serve(t, answerWith(201, "application/json", string(body)))
		got, err := client.CreatePaymentAccessToken(t.Context(), PaymentAccessTokenRequest{})
		if err != nil || got.Token.Reveal() != token {
			t.Errorf("%.20q: %v", token, err)
		}
	}
}

func TestClaims(t *testing.T) {
	jwt := func(claims string) string {
		return "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	expires := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	tests := []struct {
		name, token string
		want        PaymentAccessTokenClaims
		ok          bool
	}{
		{
			"documented", jwt(`{"exp":1795230000,"nbf":1795226400,"iss":"payments.bigcommerce.com","sub":"abc123","data":{"store_id":"1001336324","order_id":"166","amount":45790,"currency":"USD"}}`),
			PaymentAccessTokenClaims{ExpiresAt: expires, OrderID: 166, StoreHash: "abc123"}, true,
		},
		{"numbers", jwt(`{"exp":1795230000,"data":{"store_id":1,"order_id":166}}`), PaymentAccessTokenClaims{ExpiresAt: expires, OrderID: 166}, true},
		{"no claims", jwt(`{}`), PaymentAccessTokenClaims{}, true},
		{"absurd expiry", jwt(`{"exp":99999999999999,"sub":7}`), PaymentAccessTokenClaims{StoreHash: "7"}, true},
		{"negative expiry", jwt(`{"exp":-1,"data":"x"}`), PaymentAccessTokenClaims{}, true},
		{"list", jwt(`[{"exp":1795230000}]`), PaymentAccessTokenClaims{}, false},
		{"not JSON", jwt(`{"exp":`), PaymentAccessTokenClaims{}, false},
		{"not base64", "a.!!.c", PaymentAccessTokenClaims{}, false},
		{"one part", "opaque", PaymentAccessTokenClaims{}, false},
		{"cut short, as in the published example", "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE2ODk0NzY4MDAsIm5iZiI6MTY4OTQ3MjQwMCwiaXNzIjoicGF5bWVudHMuYmlnY29tbWVyY2UuY29tIiwic3ViIjoiMTIzNDU2IiwianRpIjoiYWJjZDEyMy00NTY3LTQ4OWEtYmNkZi0xMjM0NTY3ODkwYWJjIiwiaWF0IjE", PaymentAccessTokenClaims{}, false},
	}
	for _, tt := range tests {
		got, ok := PaymentAccessToken{Token: Secret(tt.token)}.Claims()
		if ok != tt.ok || got != tt.want {
			t.Errorf("%s: %+v %t, want %+v %t", tt.name, got, ok, tt.want, tt.ok)
		}
		if text, err := json.Marshal(got.ExpiresAt); err != nil {
			t.Errorf("%s: the expiry cannot be written: %v %s", tt.name, err, text)
		}
	}
}
