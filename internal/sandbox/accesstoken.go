package sandbox

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// tokenLife is how long both kinds of access token live (docs/api-facts.md 2.1; for the instrument access token it is
// an assumption, docs/api-facts.md 2.3).
const tokenLife = time.Hour

type accessTokenRequest struct {
	Order *struct {
		ID          int64 `json:"id"`
		IsRecurring bool  `json:"is_recurring"`
	} `json:"order"`
}

type paymentAccessToken struct {
	ID string `json:"id"`
}

// createPaymentAccessToken mints a payment access token for an Incomplete order.
func (s *Server) createPaymentAccessToken(c *call) (answer, error) {
	var request accessTokenRequest
	if err := c.decodeObject(&request); err != nil {
		return answer{}, err
	}
	if request.Order == nil {
		return answer{}, refuseField("order", "is required")
	}
	if request.Order.ID < 1 || request.Order.ID > math.MaxInt32 {
		return answer{}, refuseField("order.id", "is required and must be between 1 and 2147483647")
	}
	if err := findOrder(request.Order.ID); err != nil {
		return answer{}, err
	}
	token, err := s.tokens.sign(s.options.Now(), &orderClaims{
		StoreID:  "1001336324",
		OrderID:  strconv.FormatInt(request.Order.ID, 10),
		Amount:   1000 + 10*request.Order.ID,
		Currency: "USD",
	})
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: envelope{paymentAccessToken{token}, emptyMeta{}}}, nil
}

type instrumentAccessToken struct {
	AccessToken string `json:"access_token"`
	ExpiresAt   int64  `json:"expires_at"` // Unix seconds
}

// createInstrumentAccessToken mints a token for attaching instruments; its value begins with its scheme, IAT.
func (s *Server) createInstrumentAccessToken(*call) (answer, error) {
	now := s.options.Now()
	token, err := s.tokens.sign(now, nil)
	if err != nil {
		return answer{}, err
	}
	data := instrumentAccessToken{AccessToken: "IAT " + token, ExpiresAt: now.Add(tokenLife).Unix()}
	return answer{status: http.StatusCreated, body: envelope{data, emptyMeta{}}}, nil
}

// tokenClaims are the claims of the documented example (docs/api-facts.md 2.1).
type tokenClaims struct {
	Expires   int64        `json:"exp"`
	NotBefore int64        `json:"nbf"`
	Issuer    string       `json:"iss"`
	Subject   string       `json:"sub"`
	ID        string       `json:"jti"`
	IssuedAt  int64        `json:"iat"`
	Data      *orderClaims `json:"data,omitempty"`
}

type orderClaims struct {
	StoreID  string `json:"store_id"`
	OrderID  string `json:"order_id"`
	Amount   int64  `json:"amount"` // in minor units
	Currency string `json:"currency"`
}

// tokenSigner makes JWTs with a key of its own, so that no token of one run is good in another.
type tokenSigner struct{ key []byte }

func newTokenSigner() tokenSigner {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return tokenSigner{key}
}

// sign makes an HS256 JWT; without an order it is an instrument access token.
func (t tokenSigner) sign(now time.Time, order *orderClaims) (string, error) {
	claims, err := json.Marshal(tokenClaims{
		Expires:   now.Add(tokenLife).Unix(),
		NotBefore: now.Unix(),
		Issuer:    "payments.bigcommerce.com",
		Subject:   StoreHash,
		ID:        uuid.NewString(),
		IssuedAt:  now.Unix(),
		Data:      order,
	})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256"}`)) + "." + encode(claims)
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil)), nil
}
