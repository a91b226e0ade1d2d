package tools_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
)

// faults makes requests of the sandbox fail.
func (f *fixture) faults(t testing.TB, faults string) {
	t.Helper()
	response, err := http.Post(f.store.URL+"/_sandbox/faults", "application/json", strings.NewReader(faults))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("faults: %d", response.StatusCode)
	}
}

// tokens gives the tokens of a customer.
func (f *fixture) tokens(t testing.TB, customer int) []string {
	t.Helper()
	var all []string
	for _, in := range f.list(t, fmt.Sprintf(`{"customer_id":%d,"limit":100}`, customer)).Instruments {
		all = append(all, in.Token)
	}
	return all
}

// updated is what the tool says of an instrument afterwards.
type updated struct {
	Instrument struct {
		Token     string `json:"token"`
		IsDefault bool   `json:"is_default"`
	} `json:"instrument"`
	BillingAddress map[string]string `json:"billing_address"`
	NextStep       string            `json:"next_step"`
}

func (f *fixture) update(t testing.TB, arguments string) updated {
	t.Helper()
	r := f.call(t, "update_stored_instrument", arguments)
	var u updated
	if err := json.Unmarshal(r.Structured, &u); err != nil {
		t.Fatalf("%v: %s", err, r.Content[0].Text)
	}
	return u
}

func TestMakeDefault(t *testing.T) {
	f := newFixture(t, nil)
	f.fill(t, 12)
	second := f.tokens(t, 1)[1]
	u := f.update(t, fmt.Sprintf(`{"customer_id":1,"token":%q,"make_default":true}`, second))
	if u.Instrument.Token != second || !u.Instrument.IsDefault {
		t.Errorf("%+v", u)
	}
	defaults := 0
	for _, in := range f.list(t, `{"customer_id":1}`).Instruments {
		if in.IsDefault {
			defaults++
		}
	}
	if defaults != 1 {
		t.Errorf("%d defaults", defaults)
	}
}

// TestEveryReadingOfTheDefaultKey: stores that know the key by its other name
// are served, and one that knows neither is told of.
func TestEveryReadingOfTheDefaultKey(t *testing.T) {
	token := strings.Repeat("a", 64)
	for name, tt := range map[string]struct {
		key     string // the one that the store knows
		refuses bool   // the others, with 422
		becomes bool
		says    string
	}{
		"make_default":               {key: "make_default", becomes: true, says: "Nothing"},
		"is_default":                 {key: "is_default", becomes: true, says: "Nothing"},
		"is_default, else a refusal": {key: "is_default", refuses: true, becomes: true, says: "Nothing"},
		"neither":                    {key: "-", says: "did not make"},
	} {
		t.Run(name, func(t *testing.T) {
			isDefault := false
			store := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if r.Method == http.MethodPut {
					var body map[string]any
					_ = json.NewDecoder(r.Body).Decode(&body)
					known := body[tt.key] == true
					isDefault = isDefault || known
					if !known && tt.refuses {
						w.WriteHeader(http.StatusUnprocessableEntity)
						fmt.Fprint(w, `{"status":422,"title":"Unknown field","type":"t"}`)
						return
					}
				}
				instrument := fmt.Sprintf(`{"token":%q,"type":"stored_card","is_default":%t}`, token, isDefault)
				if r.Method == http.MethodPut {
					fmt.Fprintf(w, `{"data":%s,"meta":{}}`, instrument)
					return
				}
				fmt.Fprintf(w, `[%s]`, instrument)
			})
			f := newFixtureOn(t, store, sandbox.Token, nil)
			u := f.update(t, fmt.Sprintf(`{"customer_id":1,"token":%q,"make_default":true}`, token))
			if u.Instrument.IsDefault != tt.becomes || !strings.Contains(u.NextStep, tt.says) {
				t.Errorf("%+v", u)
			}
		})
	}
}

func TestAnAddressChangeIsAskedAbout(t *testing.T) {
	f := newFixture(t, nil)
	f.fill(t, 6)
	token := f.tokens(t, 1)[0]
	street := func() string {
		u := f.update(t, fmt.Sprintf(`{"customer_id":1,"token":%q,"make_default":true}`, token))
		return u.BillingAddress["street_1"]
	}
	change := func(to string) string {
		return fmt.Sprintf(`{"customer_id":1,"token":%q,"billing_address":{"first_name":"Ada","email":"ada@example.com","street_1":%q,"city":"Austin","country_code":"US"}}`, token, to)
	}
	f.holdsBack(t, "update_stored_instrument", change("2 Road"), change("3 Road"), func() bool { return street() == "1 Road" })
	if question, _ := f.asked(t, "update_stored_instrument", change("2 Road")); !strings.Contains(question, "visa ending in 1111") || !strings.Contains(question, `sandbox store \"sandbox\"`) {
		t.Errorf("asked %s", question)
	}
	if got := f.says(t, "update_stored_instrument", change("2 Road"), agrees); !strings.Contains(got, "2 Road") || street() != "2 Road" {
		t.Errorf("agreed: %s", got)
	}
	if u := f.update(t, change("4 Road")); u.BillingAddress["street_1"] != "4 Road" { // a client that cannot ask
		t.Errorf("%+v", u)
	}
}

func TestUpdateRefusesWhatItCannotDo(t *testing.T) {
	f := newFixture(t, nil)
	f.fill(t, 6)
	token, other := f.tokens(t, 1)[0], f.tokens(t, 11)[0]
	for name, tt := range map[string]struct{ arguments, code, says string }{
		"nothing to change":   {fmt.Sprintf(`{"customer_id":1,"token":%q}`, token), "invalid_arguments", "must change something"},
		"make_default false":  {fmt.Sprintf(`{"customer_id":1,"token":%q,"make_default":false}`, token), "invalid_arguments", "must change something"},
		"another customer's":  {fmt.Sprintf(`{"customer_id":1,"token":%q,"make_default":true}`, other), "unknown_instrument", "list_stored_instruments"},
		"a short token":       {`{"customer_id":1,"token":"abc","make_default":true}`, "invalid_arguments", "/token"},
		"a country":           {fmt.Sprintf(`{"customer_id":1,"token":%q,"billing_address":{"country_code":"Texas"}}`, token), "invalid_arguments", "/billing_address/country_code"},
		"an e-mail":           {fmt.Sprintf(`{"customer_id":1,"token":%q,"trusted_shipping_addresses":[{},{"email":"nobody"}]}`, token), "invalid_arguments", "/trusted_shipping_addresses/1/email"},
		"a card number in it": {fmt.Sprintf(`{"customer_id":1,"token":%q,"billing_address":{"company":"4111111111111111"}}`, token), "invalid_arguments", "/billing_address/company"},
		"an unknown field":    {fmt.Sprintf(`{"customer_id":1,"token":%q,"billing_address":{"zip":"1"}}`, token), "invalid_arguments", "postal_code"},
	} {
		t.Run(name, func(t *testing.T) {
			r := f.call(t, "update_stored_instrument", tt.arguments)
			if e := r.failure(t); e.Code != tt.code || !strings.Contains(r.Content[0].Text, tt.says) || strings.Contains(r.Content[0].Text, "4111111111111111") {
				t.Errorf("%s", r.Content[0].Text)
			}
		})
	}
	for _, sent := range f.sent(t) {
		if sent.Method == http.MethodPut {
			t.Errorf("sent %+v", sent)
		}
	}
}

// sent is what reached the store.
func (f *fixture) sent(t testing.TB) []struct{ Method, Path string } {
	t.Helper()
	response, err := http.Get(f.store.URL + "/_sandbox/requests")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all []struct{ Method, Path string }
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestALostAnswerToAnUpdate is told as unknown, and repeating does no harm.
func TestALostAnswerToAnUpdate(t *testing.T) {
	f := newFixture(t, nil)
	f.fill(t, 6)
	arguments := fmt.Sprintf(`{"customer_id":1,"token":%q,"make_default":true}`, f.tokens(t, 1)[1])
	f.faults(t, `[{"method":"PUT","path":"/payments/stored-instruments","times":1,"action":{"drop":"after"}}]`)
	if e := f.call(t, "update_stored_instrument", arguments).failure(t); e.Code != "outcome_unknown" || !e.Retryable {
		t.Errorf("%+v", e)
	}
	if u := f.update(t, arguments); !u.Instrument.IsDefault {
		t.Errorf("%+v", u)
	}
}
