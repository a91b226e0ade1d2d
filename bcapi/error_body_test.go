package bcapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func silent() *log.Logger { return log.New(io.Discard, "", 0) }

func apiErrorOf(t *testing.T, status int, contentType, body string, headers ...string) *Error {
	t.Helper()
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		answerWith(status, contentType, body)(w, r)
	}, withoutWaiting)
	var api *Error
	if err := mint(t.Context(), client); !errors.As(err, &api) {
		t.Fatalf("no API error in %v", err)
	}
	return api
}

func TestErrorBodies(t *testing.T) {
	const jsonType = "application/json"
	tests := []struct {
		name        string
		status      int
		contentType string
		body        string
		want        Error
	}{
		{
			"flat error", 409, jsonType, `{"status":409,"title":"Order is not in a correct status.","type":"https://x","code":30101,"detail":"It is 1."}`,
			Error{Code: "30101", Title: "Order is not in a correct status.", Detail: "It is 1."},
		},
		{"code as text", 422, jsonType, `{"title":"t","code":"30102"}`, Error{Code: "30102", Title: "t"}},
		{
			"field errors, sorted", 422, jsonType, `{"status":422,"title":"Missing Required Fields","errors":{"order.id":"is missing","name":["b","a"],"deep":{"er":"c"}}}`,
			Error{Title: "Missing Required Fields", Fields: []FieldError{{"deep.er", "c"}, {"name", "a"}, {"name", "b"}, {"order.id", "is missing"}}},
		},
		{"code and message", 401, jsonType, `{"code":401,"message":"Unauthorized"}`, Error{Title: "Unauthorized", Scopes: []string{"store_payments_access_token_create"}}},
		{"missing scope", 403, jsonType, `{"code":403,"message":"Missing scope"}`, Error{Title: "Missing scope", Scopes: []string{"store_payments_access_token_create"}}},
		{"HTML", 404, "text/html; charset=utf-8", `<html><script>alert(1)</script>`, Error{Title: "Not Found", Detail: "the body is an HTML page"}},
		{"HTML in disguise", 404, jsonType, "\n <!DOCTYPE html>", Error{Title: "Not Found", Detail: "the body is an HTML page"}},
		{"empty", 404, jsonType, ``, Error{Title: "Not Found"}},
		{"text", 404, "text/plain; charset=utf-8", "no\r\nsuch\x00 thing", Error{Title: "Not Found", Detail: "no such thing"}},
		{"half a JSON", 404, jsonType, `{"title":"x`, Error{Title: "Not Found", Detail: "the body cannot be read"}},
		{"JSON of no use", 404, jsonType, `[1]`, Error{Title: "Not Found", Detail: "the body cannot be read"}},
		{
			"about several things", 422, jsonType, `{"errors":[{"status":409,"title":"In use","errors":{"a":"is in use"}},{"title":"Other"}],"meta":{}}`,
			Error{Title: "In use", Fields: []FieldError{{"", "Other"}, {"a", "is in use"}}},
		},
		{"errors of no use", 422, jsonType, `{"title":3,"errors":7}`, Error{Title: "Unprocessable Entity", Fields: []FieldError{{"", "7"}}}},
		{
			"dirty", 400, jsonType, `{"title":"card 4111 1111 1111 1111 \u001b[31m\u202e\u200bbad","detail":"token ` + testToken + `","errors":{"a\n4111111111111111":"378282246310005"}}`,
			Error{Title: "card [card number removed] [31mbad", Detail: "token [redacted]", Fields: []FieldError{{"a [card number removed]", "[card number removed]"}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := apiErrorOf(t, tt.status, tt.contentType, tt.body)
			tt.want.Status, tt.want.Method, tt.want.Path = tt.status, "POST", "/payments/access_tokens"
			if diff := cmp.Diff(tt.want, *got, cmpopts.IgnoreFields(Error{}, "CorrelationID")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLegacyBandwidthError(t *testing.T) {
	got := apiErrorOf(t, 509, "application/json", `[{"status":509,"message":"Come back later"}]`, "X-Retry-After", "60")
	if got.Title != "Come back later" || got.Code != "" || !got.Retryable || got.RetryAfter != time.Minute {
		t.Errorf("%+v", got)
	}
}

func TestImportErrorNamesBothScopes(t *testing.T) {
	client := serve(t, answerWith(403, "application/json", `{}`))
	var api *Error
	if err := importOne(t, client); !errors.As(err, &api) {
		t.Fatal("no API error")
	}
	want := []string{"store_stored_payment_instruments", "store_payments_access_token_create"}
	if diff := cmp.Diff(want, api.Scopes); diff != "" {
		t.Error(diff)
	}
}

func TestErrorTextsAreCut(t *testing.T) {
	body, _ := json.Marshal(map[string]any{"title": strings.Repeat("é", 5000), "detail": strings.Repeat("d ", 5000), "errors": manyFields(300)})
	got := apiErrorOf(t, 400, "application/json", string(body))
	if len([]rune(got.Title)) != maxTitle || len([]rune(got.Detail)) != maxDetail || len(got.Fields) != maxFields {
		t.Errorf("title %d, detail %d, fields %d", len([]rune(got.Title)), len([]rune(got.Detail)), len(got.Fields))
	}
}

func manyFields(n int) map[string]string {
	fields := make(map[string]string)
	for i := range n {
		fields[fmt.Sprintf("field%03d", i)] = "bad"
	}
	return fields
}

func TestErrorIsALogValuer(t *testing.T) {
	var b strings.Builder
	e := &Error{Status: 422, Code: "30050", Title: "Bad", Detail: "hidden", Fields: []FieldError{{"email", "sam@example.com is bad"}}, Method: "POST", Path: "/x", CorrelationID: "c-1", RetryAfter: time.Second}
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "error", e)
	for _, wanted := range []string{`"status":422`, `"code":"30050"`, `"fields":["email"]`, `"correlation_id":"c-1"`} {
		if !strings.Contains(b.String(), wanted) {
			t.Errorf("the log lacks %s: %s", wanted, b.String())
		}
	}
	if strings.Contains(b.String(), "sam@") || strings.Contains(b.String(), "hidden") {
		t.Errorf("the log quotes messages: %s", b.String())
	}
}
