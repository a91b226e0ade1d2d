package bcapi

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"
)

// PaymentAccessTokenRequest asks for the token that pays one order
// (docs/api-facts.md 2.1).
type PaymentAccessTokenRequest struct {
	Order PaymentAccessTokenOrder `json:"order"`
}

// PaymentAccessTokenOrder is the order to be paid.
type PaymentAccessTokenOrder struct {
	ID          int64 `json:"id" jsonschema:"description=The order to be paid. Its status must be Incomplete."`
	IsRecurring bool  `json:"is_recurring" jsonschema:"description=True for a renewal charged without the shopper present."`
}

// PaymentAccessToken pays one order, once, within the hour.
type PaymentAccessToken struct {
	Token Secret `json:"token"`
}

// PaymentAccessTokenClaims is what a token says of itself. A claim that it does
// not make is zero.
type PaymentAccessTokenClaims struct {
	ExpiresAt time.Time // UTC
	OrderID   int64
	StoreHash string
}

var createPaymentAccessToken = route{
	method:   http.MethodPost,
	template: "/payments/access_tokens",
	scopes:   []string{"store_payments_access_token_create"},
}

// CreatePaymentAccessToken mints the token for one order. An answer with a token
// that cannot go into a header, or that holds what must not be passed on, cannot
// be read.
func (c *Client) CreatePaymentAccessToken(ctx context.Context, request PaymentAccessTokenRequest) (PaymentAccessToken, error) {
	call, err := newCall(createPaymentAccessToken, nil, nil, request)
	if err != nil {
		return PaymentAccessToken{}, err
	}
	got, err := c.do(ctx, call)
	if err != nil {
		return PaymentAccessToken{}, err
	}
	var body struct {
		Data struct {
			ID Secret `json:"id"`
		} `json:"data"`
	}
	if err := decode(call, got, &body); err != nil {
		return PaymentAccessToken{}, err
	}
	if body.Data.ID == "" {
		return PaymentAccessToken{}, unreadable(call, errors.New("it holds no token"))
	}
	if !c.passable(body.Data.ID.Reveal()) {
		return PaymentAccessToken{}, unreadable(call, errors.New("what it gives as the token cannot be one"))
	}
	return PaymentAccessToken{Token: body.Data.ID}, nil
}

// maxPaymentToken is the length, in bytes, of the longest payment access token that is
// believed: what servers take as one header.
const maxPaymentToken = 8 << 10

// passable reports whether a token can go into a header and be shown to the
// caller: cleaning would take a card number and the client's own access token
// out of it, and cut it if it is too long.
func (c *Client) passable(token string) bool {
	return isVisibleASCII(token) && c.clean(token, maxPaymentToken) == token
}

// Claims reads the token without verifying it, and reports whether it could be
// read. The token is the API's business: one that cannot be read is as good.
func (t PaymentAccessToken) Claims() (PaymentAccessTokenClaims, bool) {
	parts := strings.Split(t.Token.Reveal(), ".")
	if len(parts) != 3 {
		return PaymentAccessTokenClaims{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return PaymentAccessTokenClaims{}, false
	}
	body := jsonObject(payload)
	if body == nil {
		return PaymentAccessTokenClaims{}, false
	}
	data, _ := body["data"].(map[string]any)
	claims := PaymentAccessTokenClaims{OrderID: integer(data["order_id"]), StoreHash: text(body["sub"])}
	if expires := integer(body["exp"]); 0 < expires && expires < lastUnix {
		claims.ExpiresAt = time.Unix(expires, 0).UTC()
	}
	return claims, true
}

// lastUnix is the end of the last year that RFC 3339 can write.
const lastUnix = 253402300800
