package tools_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
)

// braintreeCard is the example of the API's documentation.
const braintreeCard = `{"payment_method_id":"braintree.credit_card","currency_code":"USD","customer_id":1,
	"instrument":{"vault_token":"5292sx35","provider_customer_id":"321123","type":"credit_card","brand":"visa","expiry_year":26,"expiry_month":11,"last_4":"1111","iin":"411111"},
	"billing_address":{"first_name":"Sam","last_name":"Williams","email":"sam.williams@email.com","company":"BigCommerce","street_1":"1 Sample Street","street_2":"Bldg 5","city":"Austin","state_or_province_code":"TX","country_code":"US","phone":"101-192-0293","postal_code":"55555"}}`

// job is the part of an import's answer that tests look at.
type job struct {
	JobID           string `json:"job_id"`
	PlanID          string `json:"plan_id"`
	ReportFile      string `json:"report_file"`
	Status          string `json:"status"`
	Reason          string `json:"reason"`
	Total           int    `json:"total"`
	Imported        int    `json:"imported"`
	Failed          int    `json:"failed"`
	AlreadyImported int    `json:"already_imported"`
	Unconfirmed     int    `json:"unconfirmed"`
	Remaining       int    `json:"remaining"`
	Failures        []struct {
		Row        int    `json:"row"`
		CustomerID *int64 `json:"customer_id"`
		Problems   []struct {
			Field   string `json:"field"`
			Message string `json:"message"`
		} `json:"problems"`
	} `json:"failures"`
	FailureSummary []struct {
		Field    string `json:"field"`
		Count    int    `json:"count"`
		FirstRow int    `json:"first_row"`
	} `json:"failure_summary"`
	Instruments []struct {
		Row        int    `json:"row"`
		CustomerID int64  `json:"customer_id"`
		Token      string `json:"token"`
		Type       string `json:"type"`
	} `json:"instruments"`
	NextStep string `json:"next_step"`
}

// importRows calls the tool and checks that its numbers add up.
func (f *fixture) importRows(t testing.TB, arguments string) job {
	t.Helper()
	r := f.call(t, "bulk_import_instruments", arguments)
	if r.IsError {
		t.Fatalf("an error: %s", r.Content[0].Text)
	}
	var j job
	if err := json.Unmarshal(r.Structured, &j); err != nil {
		t.Fatal(err)
	}
	if j.Imported+j.Failed+j.AlreadyImported+j.Unconfirmed+j.Remaining != j.Total || j.NextStep == "" {
		t.Errorf("the answer does not add up: %s", r.Structured)
	}
	return j
}

// stored is what the store holds.
func (f *fixture) stored(t testing.TB) []struct {
	CustomerID int64           `json:"customer_id"`
	Token      string          `json:"token"`
	Sent       json.RawMessage `json:"sent"`
} {
	t.Helper()
	response, err := http.Get(f.store.URL + "/_sandbox/instruments")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		CustomerID int64           `json:"customer_id"`
		Token      string          `json:"token"`
		Sent       json.RawMessage `json:"sent"`
	}
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func sameJSON(t testing.TB, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(x) == fmt.Sprint(y)
}

func TestImportSendsWhatWasGiven(t *testing.T) {
	withOptions := strings.TrimSuffix(braintreeCard, "}") + `,"default_instrument":false,"trusted_shipping_addresses":[]}`
	for name, row := range map[string]string{"the documentation's row": braintreeCard, "with false and an empty list": withOptions} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, nil)
			j := f.importRows(t, `{"instruments":[`+row+`]}`)
			stored := f.stored(t)
			if j.Status != "completed" || j.Imported != 1 || j.JobID == "" || len(stored) != 1 {
				t.Fatalf("%+v, stored %d", j, len(stored))
			}
			if !sameJSON(t, row, string(stored[0].Sent)) {
				t.Errorf("sent %s", stored[0].Sent)
			}
			if got := j.Instruments[0]; got.Row != 1 || got.CustomerID != 1 || got.Type != "credit_card" || got.Token != stored[0].Token {
				t.Errorf("instrument %+v", got)
			}
		})
	}
}

func TestDryRunSendsNothing(t *testing.T) {
	f := newFixture(t, nil)
	j := f.importRows(t, `{"dry_run":true,"instruments":[`+braintreeCard+`]}`)
	if j.Status != "planned" || j.JobID != "" || j.Remaining != 1 || len(f.stored(t)) != 0 {
		t.Errorf("%+v", j)
	}
}

// TestBadRowsAreReportedGoodRowsAreSent, a card number among the bad ones.
func TestBadRowsAreReportedGoodRowsAreSent(t *testing.T) {
	f := newFixture(t, nil)
	rowOf := func(customer int, token string) string {
		return strings.NewReplacer(`"customer_id":1,`, fmt.Sprintf(`"customer_id":%d,`, customer), "5292sx35", token, "321123", fmt.Sprint("pc", customer)).Replace(braintreeCard)
	}
	j := f.importRows(t, `{"instruments":[`+strings.Join([]string{
		rowOf(1, "a"), rowOf(2, "4111111111111111"), rowOf(0, "c"), rowOf(4, "d"), rowOf(5, "d"), rowOf(6, "f"), rowOf(6, "f"),
	}, ",")+`]}`)
	if j.Status != "completed_with_failures" || j.Imported != 2 || j.Failed != 4 || j.AlreadyImported != 1 || len(f.stored(t)) != 2 {
		t.Fatalf("%+v, stored %d", j, len(f.stored(t)))
	}
	for i, want := range []struct {
		row   int
		field string
	}{{2, "instrument.vault_token"}, {3, "customer_id"}, {4, "instrument.vault_token"}, {5, "instrument.vault_token"}} {
		got := j.Failures[i]
		if got.Row != want.row || got.Problems[0].Field != want.field || (got.CustomerID == nil) != (want.row == 3) {
			t.Errorf("failure %+v, want %+v", got, want)
		}
	}
	if strings.Contains(fmt.Sprint(j), "4111111111111111") || strings.Contains(f.log.String(), "4111111111111111") {
		t.Error("the card number is echoed")
	}
}

// TestListsAreShort: a hundred failures cost a model twenty, and a year of jobs
// fifty.
func TestListsAreShort(t *testing.T) {
	rows := make([]string, 100)
	for i := range rows {
		rows[i] = strings.Replace(braintreeCard, `"USD"`, `"usd"`, 1)
	}
	f := newFixture(t, nil)
	j := f.importRows(t, `{"instruments":[`+strings.Join(rows, ",")+`]}`)
	for customer := range 52 {
		f.importRows(t, `{"instruments":[`+row(customer+1, fmt.Sprint("v", customer))+`]}`)
	}
	if n := len(f.jobs(t)); n != 50 {
		t.Errorf("%d jobs are listed", n)
	}
	if j.Failed != 100 || len(j.Failures) != 20 || len(j.FailureSummary) != 1 || j.FailureSummary[0].Count != 100 || j.FailureSummary[0].FirstRow != 1 {
		t.Errorf("%+v", j)
	}
}

// TestImportUnderEveryKnob: whatever form the store's answers take, good rows
// are in once and bad ones are told apart.
func TestImportUnderEveryKnob(t *testing.T) {
	for _, results := range []sandbox.ResultForm{sandbox.ResultsNested, sandbox.ResultsFlat} {
		for _, keys := range []sandbox.ErrorKeyStyle{sandbox.ErrorKeysDotted, sandbox.ErrorKeysIndex, sandbox.ErrorKeysBracket, sandbox.ErrorKeysField} {
			for _, atomic := range []bool{false, true} {
				for _, maxBatch := range []int{0, 3} {
					name := fmt.Sprintf("%s %s atomic=%v max=%d", results, keys, atomic, maxBatch)
					t.Run(name, func(t *testing.T) {
						store := sandbox.New(sandbox.Options{Results: results, ErrorKeys: keys, Atomic: atomic, MaxBatch: maxBatch, Duplicates: sandbox.DuplicatesReject})
						importUnderKnobs(t, newFixtureOn(t, store, sandbox.Token, nil))
					})
				}
			}
		}
	}
}

// importUnderKnobs imports two rows, and then thirty that hold the same two.
func importUnderKnobs(t *testing.T, f *fixture) {
	t.Helper()
	rowOf := func(customer int) string {
		return strings.NewReplacer(`"customer_id":1,`, fmt.Sprintf(`"customer_id":%d,`, customer), "5292sx35", fmt.Sprint("v", customer), "321123", fmt.Sprint("pc", customer)).Replace(braintreeCard)
	}
	if j := f.importRows(t, `{"instruments":[`+rowOf(3)+`,`+rowOf(17)+`]}`); j.Imported != 2 {
		t.Fatalf("%+v", j)
	}
	rows := make([]string, 30)
	for i := range rows {
		rows[i] = rowOf(i + 1)
	}
	j := f.importRows(t, `{"instruments":[`+strings.Join(rows, ",")+`]}`)
	if j.Status != "completed" || j.Imported != 28 || j.AlreadyImported != 2 || len(f.stored(t)) != 30 {
		t.Errorf("%s, imported %d, already imported %d, stored %d", j.Status, j.Imported, j.AlreadyImported, len(f.stored(t)))
	}
}

func TestReadOnlyTokenIsTold(t *testing.T) {
	f := newFixtureOn(t, sandbox.New(sandbox.Options{}), sandbox.ReadOnlyToken, nil)
	j := f.importRows(t, `{"instruments":[`+braintreeCard+`]}`)
	if j.Status != "interrupted" || j.Remaining != 1 || !strings.Contains(j.Reason, "store_stored_payment_instruments") {
		t.Errorf("%+v", j)
	}
}
