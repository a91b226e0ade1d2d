package sandbox

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The one store, and its two API accounts. Any other token is answered with 401.
const (
	StoreHash     = "sandbox"
	Token         = "sandbox-token"           // every scope
	ReadOnlyToken = "sandbox-read-only-token" // the scopes that read
)

// scope is an OAuth scope (docs/api-facts.md 1.4).
type scope string

const (
	scopeAccessTokens    scope = "store_payments_access_token_create"
	scopeMethodsRead     scope = "store_payments_methods_read"
	scopeInstruments     scope = "store_stored_payment_instruments"
	scopeInstrumentsRead scope = "store_stored_payment_instruments_read_only"
	scopeCustomersRead   scope = "store_v2_customers_read_only"
)

// writes tells whether the read-only account lacks the scope.
func (s scope) writes() bool { return s == scopeAccessTokens || s == scopeInstruments }

func authenticate(r *http.Request) error {
	switch r.Header.Get("X-Auth-Token") {
	case Token, ReadOnlyToken:
		return nil
	}
	return refuse(http.StatusUnauthorized, "Unauthorized")
}

func authorize(r *http.Request, needed scope) error {
	if r.Header.Get("X-Auth-Token") == ReadOnlyToken && needed.writes() {
		refused := refuse(http.StatusForbidden, "You don't have a required scope to access the endpoint")
		refused.fields = map[string]string{"scope": string(needed)}
		return refused
	}
	return nil
}

// checkMediaTypes wants an Accept that takes JSON and, with a body, JSON in UTF-8. A missing Accept takes anything.
func checkMediaTypes(r *http.Request, hasBody bool) error {
	if accept := r.Header.Values("Accept"); len(accept) > 0 && !acceptsJSON(accept) {
		return refuse(http.StatusNotAcceptable, "Not Acceptable: only application/json is served")
	}
	if !hasBody {
		return nil
	}
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || mediaType != jsonMediaType ||
		charset != "" && !strings.EqualFold(charset, "utf-8") {
		return refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type: send application/json")
	}
	return nil
}

func acceptsJSON(accept []string) bool {
	for _, part := range strings.Split(strings.Join(accept, ","), ",") {
		mediaType, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		if quality, err := strconv.ParseFloat(params["q"], 64); err == nil && quality == 0 {
			continue
		}
		switch mediaType {
		case jsonMediaType, "application/*", "*/*":
			return true
		}
	}
	return false
}
