package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/internal/sandbox"
)

type claims struct {
	Exp, Nbf, Iat int64
	Iss, Sub, Jti string
	Data          *struct {
		StoreID  string `json:"store_id"`
		OrderID  string `json:"order_id"`
		Amount   int64  `json:"amount"`
		Currency string `json:"currency"`
	}
}

func parseJWT(t *testing.T, token string) (c claims) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			t.Fatal(err)
		}
	}
	if string(decoded[0]) != `{"alg":"HS256"}` || len(decoded[2]) != 32 {
		t.Errorf("header %s, signature of %d bytes", decoded[0], len(decoded[2]))
	}
	if err := json.Unmarshal(decoded[1], &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPaymentAccessToken(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := newStore(t, sandbox.Options{Now: func() time.Time { return now }})
	mint := func() claims {
		r := s.do("POST", accessTokenPath, `{"order":{"id":123456,"is_recurring":true}}`).want(201)
		return parseJWT(t, into[struct{ Data struct{ ID string } }](r).Data.ID)
	}
	c := mint()
	if c.Iat != now.Unix() || c.Nbf != now.Unix() || c.Exp != now.Unix()+3600 {
		t.Errorf("times: %+v", c)
	}
	if c.Iss != "payments.bigcommerce.com" || c.Sub != sandbox.StoreHash || len(c.Jti) != 36 || c.Jti == mint().Jti {
		t.Errorf("issuer, subject or id: %+v", c)
	}
	if c.Data == nil || c.Data.OrderID != "123456" || c.Data.Amount < 1 || c.Data.Currency != "USD" || c.Data.StoreID == "" {
		t.Errorf("data: %+v", c.Data)
	}
}

func TestPaymentAccessTokenOrders(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for _, tt := range []struct {
		order                 string
		status, listing, code int
	}{
		{"1", 201, 200, 0}, {"1000", 201, 200, 0}, {"123456", 201, 200, 0},
		{"1001", 409, 409, 30101}, {"1010", 409, 409, 30101},
		{"1011", 404, 404, 30003}, {"2147483647", 404, 404, 30003},
	} {
		r := s.do("POST", accessTokenPath, `{"order":{"id":`+tt.order+`}}`).want(tt.status)
		if f := into[failure](r); f.Code != tt.code {
			t.Errorf("order %s: code %d, want %d", tt.order, f.Code, tt.code)
		}
		s.do("GET", "/payments/methods?order_id="+tt.order, "").want(tt.listing)
	}
	r := s.do("POST", accessTokenPath, `{"order":{"id":1001}}`)
	if f := into[failure](r); f.Title != "Order is not in a correct status." || f.Status != 409 {
		t.Errorf("conflict: %s", r.body)
	}
}

func TestPaymentAccessTokenRefusesBadBodies(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for _, tt := range []struct {
		body, field string
		status      int
	}{
		{`{}`, "order", 422},
		{`{"order":null}`, "order", 422},
		{`{"order":{}}`, "order.id", 422},
		{`{"order":{"id":0}}`, "order.id", 422},
		{`{"order":{"id":-1}}`, "order.id", 422},
		{`{"order":{"id":2147483648}}`, "order.id", 422},
		{`{"order":{"id":99999999999999999999}}`, "order.id", 422},
		{`{"order":{"id":"12"}}`, "order.id", 422},
		{`{"order":{"id":1.5}}`, "order.id", 422},
		{`{"order":{"id":1,"is_recurring":"yes"}}`, "order.is_recurring", 422},
		{`[]`, "body", 422},
		{`{"order":`, "", 400},
		{`{"order":{"id":1}} {}`, "", 400},
		{"{\"order\":{\"id\":1},\"x\":\"\xff\"}", "", 400},
	} {
		r := s.do("POST", accessTokenPath, tt.body, malformed).want(tt.status)
		f := into[failure](r)
		if _, ok := f.Errors[tt.field]; tt.field != "" && (!ok || f.Code != 10001) {
			t.Errorf("%s: %s", tt.body, r.body)
		}
	}
}

func TestInstrumentAccessToken(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := newStore(t, sandbox.Options{Now: func() time.Time { return now }})
	r := s.do("POST", instrumentsPath+"/access-tokens", "").want(201)
	token := into[struct {
		Data struct {
			AccessToken string `json:"access_token"`
			ExpiresAt   int64  `json:"expires_at"`
		}
	}](r).Data
	jwt, ok := strings.CutPrefix(token.AccessToken, "IAT ")
	if c := parseJWT(t, jwt); !ok || c.Data != nil || c.Exp != token.ExpiresAt || token.ExpiresAt != now.Unix()+3600 {
		t.Errorf("token: %s", r.body)
	}
	s.do("POST", instrumentsPath+"/access-tokens", "", header("X-Auth-Token", sandbox.ReadOnlyToken)).want(403)
}

func TestPaymentMethods(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	type method struct {
		ID string
	}
	ids := func(query string) (ids []string) {
		for _, m := range into[struct{ Data []method }](s.do("GET", "/payments/methods?"+query, "").want(200)).Data {
			ids = append(ids, m.ID)
		}
		return ids
	}
	got := fmt.Sprint(ids("order_id=7"))
	if !strings.Contains(got, "braintree.card") || strings.Contains(got, "credit_card") {
		t.Errorf("the charging side's ids end in .card: %s", got)
	}
	if other := fmt.Sprint(ids("checkout_id=3f2c")); other != got {
		t.Errorf("by checkout: %s", other)
	}
	s.do("GET", "/payments/methods", "").want(422)
	s.do("GET", "/payments/methods?checkout_id=", "", malformed).want(422)
	for _, id := range []string{"0", "-4", "x", "2147483648", "1.5"} {
		s.do("GET", "/payments/methods?order_id="+id, "", malformed).want(422)
	}
}

func TestImportMethods(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	const cards = "braintree.credit_card stripe.credit_card authorizenet.credit_card cybersourcev2.credit_card adyenv3.scheme"
	for currency, want := range map[string]string{
		"USD": cards + " braintree.paypal paypalcommerce.paypal braintree.ach",
		"EUR": cards, "GBP": cards, "AUD": cards, "CAD": cards,
		"JPY": "", "XXX": "",
	} {
		r := s.do("GET", instrumentsPath+"/methods?currency_code="+currency, "").want(200)
		var ids []string
		for _, m := range into[struct {
			Data []struct {
				ID string `json:"method_id"`
			}
		}](r).Data {
			ids = append(ids, m.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %s, want %s", currency, got, want)
		}
	}
	for _, query := range []string{"", "?currency_code=", "?currency_code=US", "?currency_code=U%24D"} {
		s.do("GET", instrumentsPath+"/methods"+query, "", malformed).want(422)
	}
}
