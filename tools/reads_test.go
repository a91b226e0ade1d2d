package tools_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/tools"
)

// listed is one answer of list_stored_instruments.
type listed struct {
	Instruments []struct {
		CustomerID int64  `json:"customer_id"`
		Token      string `json:"token"`
		Type       string `json:"type"`
		Brand      string `json:"brand"`
		IIN        string `json:"iin"`
		IsDefault  bool   `json:"is_default"`
	} `json:"instruments"`
	Total      *int   `json:"total"`
	NextCursor string `json:"next_cursor"`
}

func (f *fixture) list(t testing.TB, arguments string) listed {
	t.Helper()
	r := f.call(t, "list_stored_instruments", arguments)
	if r.IsError {
		t.Fatal(r.Content[0].Text)
	}
	var page listed
	if err := json.Unmarshal(r.Structured, &page); err != nil {
		t.Fatal(err)
	}
	return page
}

// row is a card of a customer.
func row(customer int, token string) string {
	return fmt.Sprintf(`{"payment_method_id":"braintree.credit_card","currency_code":"USD","customer_id":%d,
		"instrument":{"type":"credit_card","vault_token":%q,"brand":"visa","expiry_month":11,"expiry_year":2030,"last_4":"1111","iin":"411111"},
		"billing_address":{"first_name":"Ada","email":"ada@example.com","street_1":"1 Road","city":"Austin","country_code":"US"}}`, customer, token)
}

// fill stores so many cards: a third of them are customer 1's.
func (f *fixture) fill(t testing.TB, n int) {
	t.Helper()
	for from := 0; from < n; from += 50 {
		var rows []string
		for i := from; i < min(from+50, n); i++ {
			customer := 1
			if i%3 > 0 {
				customer = i + 10
			}
			rows = append(rows, row(customer, fmt.Sprint("v", i)))
		}
		if j := f.importRows(t, `{"instruments":[`+strings.Join(rows, ",")+`]}`); j.Status != "completed" {
			t.Fatalf("%+v", j)
		}
	}
}

// TestListsGoOnWithACursor walks both lists in pages and finds each instrument
// once, in one vocabulary.
func TestListsGoOnWithACursor(t *testing.T) {
	f := newFixture(t, nil)
	f.fill(t, 60)
	for name, tt := range map[string]struct {
		arguments string
		limit     int
		want      int
		calls     int
	}{
		"the store, by default":  {``, 20, 60, 4}, // the API's cursor leads to an empty page
		"the store, in sevens":   {`"limit":7,`, 7, 60, 9},
		"a customer, in sevens":  {`"customer_id":1,"limit":7,`, 7, 20, 3},
		"a customer, at once":    {`"customer_id":1,"limit":100,`, 100, 20, 1},
		"a customer of nothing":  {`"customer_id":99,`, 20, 0, 1},
		"the store, by hundreds": {`"limit":100,`, 100, 60, 1},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(map[string]bool)
			cursor, calls := "", 0
			for cursor != "" || calls == 0 {
				calls++
				arguments := strings.TrimSuffix(tt.arguments, ",")
				if cursor != "" {
					arguments = fmt.Sprintf(`%s"cursor":%q`, tt.arguments, cursor)
				}
				page := f.list(t, "{"+arguments+"}")
				if len(page.Instruments) > tt.limit || page.Total != nil && *page.Total != tt.want {
					t.Fatalf("%+v", page)
				}
				for _, in := range page.Instruments {
					if seen[in.Token] || in.Type != "credit_card" || in.Brand != "visa" || in.IIN != "411111" || in.CustomerID == 0 {
						t.Fatalf("%+v", in)
					}
					seen[in.Token] = true
				}
				cursor = page.NextCursor
			}
			if len(seen) != tt.want || calls != tt.calls {
				t.Errorf("%d instruments in %d calls, want %d in %d", len(seen), calls, tt.want, tt.calls)
			}
		})
	}
}

// TestPagesLongerThanAsked: an API that ignores the limit loses nothing.
func TestPagesLongerThanAsked(t *testing.T) {
	store := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("after") != "" {
			fmt.Fprint(w, `{"data":[{"customer_id":3,"token":"c","type":"paypal_account","email":"p@example.com"}],"meta":{}}`)
			return
		}
		fmt.Fprint(w, `{"data":[{"customer_id":1,"token":"a","type":"stored_card","brand":"VISA"},{"customer_id":2,"token":"b","type":"credit_card"}],
			"meta":{"cursor_pagination":{"end_cursor":"Mg=="}}}`)
	})
	f := newFixtureOn(t, store, sandbox.Token, nil)
	var got []string
	for arguments := `{"limit":1}`; ; {
		page := f.list(t, arguments)
		for _, in := range page.Instruments {
			got = append(got, fmt.Sprintf("%d %s %s", in.CustomerID, in.Token, in.Type))
		}
		if page.NextCursor == "" {
			break
		}
		arguments = fmt.Sprintf(`{"limit":1,"cursor":%q}`, page.NextCursor)
	}
	if got, want := strings.Join(got, ", "), "1 a credit_card, 2 b credit_card, 3 c paypal_account"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A server that was started again goes on with a list.
func TestCursorsOutliveTheServer(t *testing.T) {
	var d tools.Dependencies
	f := newFixture(t, func(own *tools.Dependencies) { d = *own })
	f.fill(t, 9)
	first := f.list(t, `{"limit":5}`)
	rest := f.again(t, d).list(t, fmt.Sprintf(`{"limit":5,"cursor":%q}`, first.NextCursor))
	if len(rest.Instruments) != 4 || rest.NextCursor != "" || rest.Instruments[0].Token == first.Instruments[0].Token {
		t.Errorf("%+v", rest)
	}
}

func TestCursorsOfOthersAreRefused(t *testing.T) {
	f := newFixture(t, nil)
	f.fill(t, 60)
	cursor := f.list(t, `{"limit":5}`).NextCursor
	of1 := f.list(t, `{"limit":5,"customer_id":1}`).NextCursor
	other := newFixture(t, nil)
	other.fill(t, 30)
	for name, arguments := range map[string]string{
		"altered":               fmt.Sprintf(`{"cursor":%q}`, flip(cursor)),
		"cut":                   fmt.Sprintf(`{"cursor":%q}`, cursor[:20]),
		"made up":               `{"cursor":"ODc="}`,
		"of the store, for one": fmt.Sprintf(`{"cursor":%q,"customer_id":1}`, cursor),
		"of one, for the store": fmt.Sprintf(`{"cursor":%q}`, of1),
		"of one, for another":   fmt.Sprintf(`{"cursor":%q,"customer_id":2}`, of1),
		"of another store's":    fmt.Sprintf(`{"cursor":%q}`, other.list(t, `{"limit":5}`).NextCursor),
	} {
		t.Run(name, func(t *testing.T) {
			if e := f.call(t, "list_stored_instruments", arguments).failure(t); e.Code != "invalid_arguments" || e.Retryable {
				t.Errorf("%+v", e)
			}
		})
	}
}

// flip alters a signed text in its middle.
func flip(text string) string {
	b := []byte(text)
	i := len(b) / 2
	if b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	return string(b)
}

func TestListImportPaymentMethods(t *testing.T) {
	f := newFixture(t, nil)
	var usd struct {
		PaymentMethods []struct {
			ID string `json:"payment_method_id"`
		} `json:"payment_methods"`
		NextStep string `json:"next_step"`
	}
	if err := json.Unmarshal(f.call(t, "list_import_payment_methods", `{"currency_code":"USD"}`).Structured, &usd); err != nil || len(usd.PaymentMethods) != 8 {
		t.Errorf("%+v, %v", usd, err)
	}
	var jpy = usd
	jpy.PaymentMethods = nil
	if err := json.Unmarshal(f.call(t, "list_import_payment_methods", `{"currency_code":"JPY"}`).Structured, &jpy); err != nil || len(jpy.PaymentMethods) != 0 || jpy.NextStep == "" {
		t.Errorf("%+v, %v", jpy, err)
	}
	for _, arguments := range []string{`{"currency_code":"usd"}`, `{"currency_code":"XXQ"}`, `{"currency_code":""}`, `{}`, `{"currency_code":"USD","x":1}`} {
		if e := f.call(t, "list_import_payment_methods", arguments).failure(t); e.Code != "invalid_arguments" {
			t.Errorf("%s: %+v", arguments, e)
		}
	}
}

func TestListPaymentMethods(t *testing.T) {
	f := newFixture(t, nil)
	r := f.call(t, "list_payment_methods", `{"order_id":123456}`)
	if r.IsError || !strings.Contains(string(r.Structured), `"id":"braintree.card"`) || !strings.Contains(string(r.Structured), `"instrument_type":"VISA"`) {
		t.Errorf("%s", r.Content[0].Text)
	}
	for arguments, code := range map[string]string{
		`{}`:                                    "invalid_arguments",
		`{"order_id":1,"checkout_id":"x"}`:      "invalid_arguments",
		`{"order_id":0}`:                        "invalid_arguments",
		`{"checkout_id":""}`:                    "invalid_arguments",
		`{"order_id":1001}`:                     "30101",
		`{"order_id":99999}`:                    "30003",
		`{"checkout_id":"4111 1111 1111 1111"}`: "invalid_arguments",
	} {
		if e := f.call(t, "list_payment_methods", arguments).failure(t); e.Code != code || e.NextStep == "" {
			t.Errorf("%s: %+v", arguments, e)
		}
	}
}
