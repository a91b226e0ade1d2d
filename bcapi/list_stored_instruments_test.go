package bcapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListStoredInstrumentsAsksByCursor(t *testing.T) {
	for _, tt := range []struct {
		page StoredInstrumentsPage
		want string
	}{
		{StoredInstrumentsPage{}, ""},
		{StoredInstrumentsPage{Limit: 25}, "limit=25"},
		{StoredInstrumentsPage{After: "ODc="}, "after=ODc%3D"},
		{StoredInstrumentsPage{After: "a&page=2+/", Limit: 250}, "after=a%26page%3D2%2B%2F&limit=250"},
	} {
		var method, path, query string
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			method, path, query = r.Method, r.URL.Path, r.URL.RawQuery
			answerWith(200, "application/json", `{"data":[]}`)(w, r)
		})
		if _, err := client.ListStoredInstruments(t.Context(), tt.page); err != nil {
			t.Fatal(err)
		}
		if method != "GET" || path != basePath+"/stores/abc123/v3/payments/stored-instruments" || query != tt.want {
			t.Errorf("%+v: %s %s?%s, want %s", tt.page, method, path, query, tt.want)
		}
	}
}

func TestStoredInstrumentsPages(t *testing.T) {
	number := func(n int) *int { return &n }
	one := []CustomerInstrument{{CustomerID: 7, StoredInstrument: StoredInstrument{Token: "t", Type: CreditCard}}}
	const item = `{"customer_id":7,"token":"t","type":"credit_card"}`
	tests := map[string]struct {
		body string
		want StoredInstruments
	}{
		"as documented": {`{"data":[` + item + `],"meta":{"pagination":{"total":9},"cursor_pagination":{"start_cursor":"ODc=","end_cursor":"ODg="}}}`, StoredInstruments{one, "ODg=", number(9)}},
		"no cursor":     {`{"data":[` + item + `],"meta":{"pagination":{"total":1}}}`, StoredInstruments{one, "", number(1)}},
		"no total":      {`{"data":[` + item + `],"meta":{"cursor_pagination":{"end_cursor":"ODg="}}}`, StoredInstruments{one, "ODg=", nil}},
		"no meta":       {`{"data":[` + item + `]}`, StoredInstruments{one, "", nil}},
		"odd meta":      {`{"data":[` + item + `],"meta":{"pagination":{"total":"x"},"cursor_pagination":[]}}`, StoredInstruments{one, "", nil}},
		"a number for a cursor, a string for a total": {`{"data":[` + item + `],"meta":{"pagination":{"total":"9"},"cursor_pagination":{"end_cursor":88}}}`, StoredInstruments{one, "88", number(9)}},
		"absurd total":             {`{"data":[` + item + `],"meta":{"pagination":{"total":-1}}}`, StoredInstruments{one, "", nil}},
		"nested, a string for id":  {`{"data":[{"customer_id":"7","instrument":{"token":"t","type":"credit_card"}}]}`, StoredInstruments{one, "", nil}},
		"the customer's id inside": {`{"data":[{"instrument":{"customer_id":7,"token":"t","type":"stored_card"}}]}`, StoredInstruments{one, "", nil}},
		"item of nothing":          {`{"data":[{}]}`, StoredInstruments{[]CustomerInstrument{{}}, "", nil}},
		"no data":                  {`{"meta":{"pagination":{"total":0}}}`, StoredInstruments{nil, "", number(0)}},
		"null data":                {`{"data":null,"meta":{"pagination":{"total":5}}}`, StoredInstruments{nil, "", number(5)}},
		"empty with a cursor":      {`{"data":[],"meta":{"cursor_pagination":{"end_cursor":"ODg="}}}`, StoredInstruments{[]CustomerInstrument{}, "", nil}},
	}
	for name, tt := range tests {
		client := serve(t, answerWith(200, "application/json", tt.body))
		got, err := client.ListStoredInstruments(t.Context(), StoredInstrumentsPage{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What a tool prints: flat, and without what the API left out.
func TestCustomerInstrumentAsJSON(t *testing.T) {
	text, err := json.Marshal(CustomerInstrument{CustomerID: 7, StoredInstrument: StoredInstrument{
		Token: "t", Type: CreditCard, Last4: "0011", BillingAddress: &StoredAddress{Street1: "s"},
	}})
	want := `{"customer_id":7,"token":"t","type":"credit_card","is_default":false,"last_4":"0011","billing_address":{"street_1":"s"}}`
	if err != nil || string(text) != want {
		t.Errorf("%s %v", text, err)
	}
}

func FuzzReadStoredInstruments(f *testing.F) {
	f.Add([]byte(storedInstrumentsPage(2)))
	f.Add([]byte(`{"data":null,"meta":{"pagination":{"total":5}}}`))
	f.Add([]byte(`[{"instrument":{"token":"4111111111111111","billing_address":{"address1":"\u001b"}}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		page, ok := readStoredInstruments(parseJSON(body), newCleaner(testToken))
		if ok && !json.Valid(body) {
			t.Fatal("invalid JSON was read")
		}
		if page.Next != "" && len(page.Instruments) == 0 {
			t.Error("an empty page leads on")
		}
		for _, i := range page.Instruments {
			if text, err := json.Marshal(i); err != nil || strings.Contains(string(text), testToken) {
				t.Errorf("%s %v", text, err)
			}
		}
	})
}

// storedInstrumentsPage is a first page of so many cards.
func storedInstrumentsPage(n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`{"customer_id":%d,"token":"%064x","type":"credit_card","is_default":true,"brand":"visa","expiry_month":1,"expiry_year":2027,"iin":"411111","last_4":"1111","billing_address":{"first_name":"Tester","last_name":"Tester","email":"example@email.com","company":"","address1":"1 Sample Street","address2":"","city":"","state_or_province":"Nevada","state_or_province_code":"NV","country_code":"US","phone":"101-192-0293","postal_code":"55555"}}`, i+1, i+1)
	}
	return fmt.Sprintf(`{"data":[%s],"meta":{"pagination":{"total":%d},"cursor_pagination":{"start_cursor":"MQ==","end_cursor":"%d"}}}`, strings.Join(items, ","), n, n)
}

func BenchmarkReadStoredInstruments250(b *testing.B) {
	body, clean := []byte(storedInstrumentsPage(250)), newCleaner(testToken)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if page, ok := readStoredInstruments(parseJSON(body), clean); !ok || len(page.Instruments) != 250 {
			b.Fatal("not read")
		}
	}
}

// BenchmarkListStoredInstruments250 has a connection in it.
func BenchmarkListStoredInstruments250(b *testing.B) {
	client := serve(b, answerWith(200, "application/json", storedInstrumentsPage(250)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.ListStoredInstruments(b.Context(), StoredInstrumentsPage{Limit: 250}); err != nil {
			b.Fatal(err)
		}
	}
}
