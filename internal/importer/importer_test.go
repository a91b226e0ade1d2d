package importer_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importertest"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

func ptr[T any](v T) *T { return &v }

func card(customer int64, token string) bcapi.ImportRow { return importertest.Card(customer, token) }

// cards are rows of distinct customers, each third of whom has a second, look-alike card.
func cards(n int) importer.Inline {
	var rows importer.Inline
	for customer := int64(1); len(rows) < n; customer++ {
		rows = append(rows, card(customer, fmt.Sprint("v", customer)))
		if customer%3 == 0 && len(rows) < n {
			rows = append(rows, card(customer, fmt.Sprint("v", customer, "b")))
		}
	}
	return rows
}

// bench is a store, a client of it and an importer.
type bench struct {
	t        *testing.T
	store    *importertest.Store
	client   *bcapi.Client
	importer *importer.Importer
	files    string // the import folder
	last     *importer.Summary
	// meddle, if set, happens just before the importer's next import reaches the
	// client; it is then forgotten.
	meddle atomic.Pointer[func()]
}

// meddled is the client as the importer has it.
type meddled struct {
	*bcapi.Client
	b *bench
}

func (m meddled) ImportInstruments(ctx context.Context, rows []bcapi.ImportRow) (bcapi.ImportResult, error) {
	if meddle := m.b.meddle.Swap(nil); meddle != nil {
		(*meddle)()
	}
	return m.Client.ImportInstruments(ctx, rows)
}

func newBench(t *testing.T, options sandbox.Options, change ...func(*bcapi.Config)) *bench {
	t.Helper()
	return newBenchOn(t, importertest.NewStore(t, sandbox.New(options)), change...)
}

func newBenchOn(t *testing.T, store *importertest.Store, change ...func(*bcapi.Config)) *bench {
	t.Helper()
	b := &bench{t: t, store: store, client: store.Client(change...)}
	config := store.ImporterConfig(meddled{b.client, b})
	b.importer, b.files = newImporter(t, config), config.ImportDir
	return b
}

func newImporter(t *testing.T, config importer.Config) *importer.Importer {
	im := importer.New(config)
	t.Cleanup(func() { im.Close() })
	return im
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func quiet(int, int, string) {}

// plan writes rows to a file and plans its import.
func (b *bench) plan(rows importer.Inline, change ...func(*importer.FileRequest)) *importer.Summary {
	b.t.Helper()
	var file bytes.Buffer
	for i := range rows {
		line, err := json.Marshal(rows[i])
		b.must(err)
		file.Write(append(line, '\n'))
	}
	b.must(os.WriteFile(filepath.Join(b.files, "rows.jsonl"), file.Bytes(), 0o600))
	request := importer.FileRequest{Name: "rows.jsonl"}
	for _, c := range change {
		c(&request)
	}
	var err error
	b.last, err = b.importer.PlanFile(b.t.Context(), request, quiet)
	b.must(err)
	return b.last
}

// run carries the plan out, and goes on with it at most so many times.
func (b *bench) run(times int) *importer.Summary {
	b.t.Helper()
	for range times {
		var err error
		b.last, err = b.importer.Apply(b.t.Context(), b.last.ID, importer.Leave, quiet)
		b.must(err)
		if s := b.last; s.Imported+s.Failed+s.Already+s.Unconfirmed+s.Remaining != s.Total {
			b.t.Fatalf("the numbers do not add up: %+v", s)
		}
		if b.last.Status == importer.Completed || b.last.Status == importer.CompletedWithFailures {
			break
		}
	}
	return b.last
}

func (b *bench) faults(faults string) {
	b.t.Helper()
	b.store.Fault(faults)
}

func (b *bench) stored() []importertest.Stored {
	b.t.Helper()
	return b.store.Stored()
}

// eachOnce holds the store to the rows: each once, with the token that the
// report has for it.
func (b *bench) eachOnce(rows importer.Inline) {
	b.t.Helper()
	tokens := make(map[string]string)
	for _, s := range b.stored() {
		if tokens[s.VaultToken] != "" {
			b.t.Errorf("%s is stored twice", s.VaultToken)
		}
		tokens[s.VaultToken] = s.Token
	}
	if len(tokens) != len(rows) {
		b.t.Errorf("%d instruments are stored, want %d", len(tokens), len(rows))
	}
	lines := b.reportLines(b.last)
	if len(lines) != len(rows) {
		b.t.Fatalf("the report has %d rows", len(lines))
	}
	for i, line := range lines {
		want := tokens[rows[i].Instrument.VaultToken]
		if line[0] != fmt.Sprint(i+1) || line[1] != fmt.Sprint(rows[i].CustomerID) || line[3] != want || !strings.Contains(line[2], "imported") {
			b.t.Errorf("report line %q, want token %s", line, want)
		}
	}
}

// reportLines is a job's report, a line per row.
func (b *bench) reportLines(s *importer.Summary) [][]string {
	b.t.Helper()
	report, err := os.Open(s.Report)
	b.must(err)
	defer report.Close()
	lines, err := csv.NewReader(report).ReadAll()
	b.must(err)
	return lines[1:]
}

const importPath = `"method":"POST","path":"/payments/stored-instruments"`

// TestFaults: whatever goes wrong on the way, the store holds each row once in
// the end, and the ledger knows it.
func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		options sandbox.Options
		faults  string
		timeout time.Duration // of an attempt
	}{
		"none":                          {},
		"flat results":                  {options: sandbox.Options{Results: sandbox.ResultsFlat}},
		"a small limit":                 {options: sandbox.Options{MaxBatch: 3}},
		"dropped before":                {faults: `[{` + importPath + `,"times":1,"action":{"drop":"before"}}]`},
		"dropped after":                 {faults: `[{` + importPath + `,"times":2,"action":{"drop":"after"}}]`},
		"dropped in the middle":         {faults: `[{` + importPath + `,"times":2,"action":{}},{` + importPath + `,"times":1,"action":{"drop":"after"}}]`},
		"429":                           {faults: `[{` + importPath + `,"times":2,"action":{"status":429,"headers":{"X-Retry-After":"1"}}}]`},
		"423":                           {faults: `[{` + importPath + `,"times":1,"action":{"status":423,"headers":{"X-Retry-After":"1"}}}]`},
		"500":                           {faults: `[{` + importPath + `,"times":1,"action":{"status":500}}]`},
		"503":                           {faults: `[{` + importPath + `,"times":2,"action":{"status":503}}]`},
		"413":                           {faults: `[{` + importPath + `,"times":2,"action":{"status":413}}]`},
		"HTML":                          {faults: `[{` + importPath + `,"times":1,"action":{"status":200,"body":"<html>oops</html>"}}]`},
		"truncated JSON, nothing done":  {faults: `[{` + importPath + `,"times":1,"action":{"status":200,"body":"{\"data\":["}}]`},
		"truncated JSON, all done":      {faults: `[{` + importPath + `,"times":1,"action":{"body":"{\"data\":["}}]`},
		"an answer that is silent":      {faults: `[{` + importPath + `,"times":1,"action":{"body":{"data":[],"errors":[],"meta":{"total":10,"success":10,"failed":0}}}}]`},
		"422 without naming a row":      {faults: `[{` + importPath + `,"times":2,"action":{"status":422,"body":{"status":422,"title":"Invalid","type":"t"}}}]`},
		"422 without naming, all taken": {faults: `[{` + importPath + `,"times":1,"action":{"headers":{"X-T":"1"},"body":{"status":422,"title":"Invalid","type":"t"}}}]`},
		"slow":                          {faults: `[{` + importPath + `,"times":2,"action":{"delay_ms":300}}]`},
		"committed late":                {faults: `[{` + importPath + `,"times":1,"action":{"delay_ms":2050}}]`, timeout: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tt.options, func(c *bcapi.Config) { c.AttemptTimeout = tt.timeout })
			rows := cards(150)
			b.plan(rows)
			if tt.faults != "" {
				b.faults(tt.faults)
			}
			if s := b.run(3); s.Status != importer.Completed || s.Imported != len(rows) {
				t.Fatalf("%+v", s)
			}
			b.eachOnce(rows)
		})
	}
}

// A shopper who has the same card already, from an older gateway, keeps it and
// gets the new one: the old one proves nothing.
func TestLookAlikesOfBeforeProveNothing(t *testing.T) {
	for name, fault := range map[string]string{"before": `{"drop":"before"}`, "after": `{"drop":"after"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sandbox.Options{})
			old := card(1, "old")
			old.PaymentMethodID = "stripe.credit_card"
			_, err := b.client.ImportInstruments(t.Context(), []bcapi.ImportRow{old})
			b.must(err)
			rows := importer.Inline{card(1, "new")}
			b.plan(rows)
			b.faults(`[{` + importPath + `,"times":1,"action":` + fault + `}]`)
			b.run(1)
			all := b.stored()
			if len(all) != 2 || all[1].VaultToken != "new" {
				t.Fatalf("stored %+v", all)
			}
			if found := b.last.Instruments; len(found) != 1 || found[0].Token != all[1].Token || found[0].Adopted != (name == "after") {
				t.Errorf("row %+v, stored %+v", found, all)
			}
		})
	}
}

func TestRefusedRowsUnderEveryKnob(t *testing.T) {
	for _, keys := range []sandbox.ErrorKeyStyle{sandbox.ErrorKeysDotted, sandbox.ErrorKeysIndex, sandbox.ErrorKeysBracket, sandbox.ErrorKeysField} {
		for _, atomic := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s atomic=%v", keys, atomic), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, sandbox.Options{ErrorKeys: keys, Atomic: atomic, Duplicates: sandbox.DuplicatesReject})
				rows := cards(60)
				for _, i := range []int{7, 33} { // the store has these already, and refuses them
					_, err := b.client.ImportInstruments(t.Context(), []bcapi.ImportRow{rows[i]})
					b.must(err)
				}
				b.plan(rows)
				if s := b.run(3); s.Imported != 58 || s.Failed != 2 || s.Status != importer.CompletedWithFailures || len(b.stored()) != 60 {
					t.Errorf("%+v, stored %d", s, len(b.stored()))
				}
			})
		}
	}
}

// The same refusal of everything is a mistake of the set-up: the rows go back.
func TestASystemicRefusalStops(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(200)
	b.plan(rows)
	b.faults(`[{` + importPath + `,"times":50,"action":{"status":403}}]`)
	if s := b.run(1); s.Status != importer.Interrupted || s.Remaining != 200 || !strings.Contains(s.Reason, "403") {
		t.Errorf("%+v", s)
	}
}

// Rows that wait behind refused ones of their customers are sent in the end.
func TestRefusalsForOneReasonHoldNobodyUp(t *testing.T) {
	b := newBench(t, sandbox.Options{Duplicates: sandbox.DuplicatesReject})
	var rows importer.Inline
	for customer := int64(1); customer <= 12; customer++ {
		first := card(customer, fmt.Sprint("v", customer))
		_, err := b.client.ImportInstruments(t.Context(), []bcapi.ImportRow{first})
		b.must(err)
		rows = append(rows, first, card(customer, fmt.Sprint("v", customer, "b")))
	}
	b.plan(rows)
	if s := b.run(1); s.Imported != 12 || s.Failed != 12 || s.Status != importer.CompletedWithFailures {
		t.Errorf("%+v", s)
	}
}

func TestThreeUnknownsStop(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(200)
	b.plan(rows)
	b.faults(`[{` + importPath + `,"times":8,"action":{"drop":"after"}}]`)
	if s := b.run(1); s.Status != importer.Interrupted || s.Reason != importer.ErrUnknowns.Error() || s.Unconfirmed == 0 {
		t.Fatalf("%+v", s)
	}
	if s := b.run(5); s.Status != importer.Completed {
		t.Fatalf("%+v", s)
	}
	b.eachOnce(rows)
}

// TestCancelAndGoOn stops an import again and again; every row is in once.
func TestCancelAndGoOn(t *testing.T) {
	b := newBench(t, sandbox.Options{Latency: time.Millisecond})
	rows := cards(400)
	b.plan(rows)
	stops := 0
	for b.last.Status != importer.Completed && stops < 50 {
		ctx, cancel := context.WithCancelCause(t.Context())
		start := -1
		var err error
		b.last, err = b.importer.Apply(ctx, b.last.ID, importer.Leave, func(done, _ int, _ string) {
			if start < 0 {
				start = done
			}
			if done > start+30 {
				cancel(importer.ErrStopping)
			}
		})
		cancel(nil)
		b.must(err)
		if b.last.Status == importer.Interrupted && b.last.Reason == importer.ErrStopping.Error() {
			stops++
		}
	}
	if stops < 2 {
		t.Errorf("stopped %d times", stops)
	}
	b.eachOnce(rows)
}

func TestTheSameFileAgainIsAlreadyIn(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(100)
	b.plan(rows)
	b.run(1)
	if s := b.plan(rows); s.Already != 100 || s.Remaining != 0 {
		t.Errorf("plan %+v", s)
	}
	if s := b.run(1); s.Status != importer.Completed || s.Already != 100 || len(b.stored()) != 100 {
		t.Errorf("%+v, stored %d", s, len(b.stored()))
	}
	b.eachOnce(rows)
}

func TestAPlanIsGivenOnce(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(10)
	first := b.plan(rows).ID
	if again := b.plan(rows).ID; again != first {
		t.Errorf("plans %s and %s", first, again)
	}
	if pilot := b.plan(rows, func(r *importer.FileRequest) { r.Limit = 3 }); pilot.ID == first || pilot.Total != 3 {
		t.Errorf("pilot %+v", pilot)
	}
}

// A pilot takes the first good rows that are not in, and the whole file later
// takes the rest.
func TestPilotThenTheRest(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(30)
	rows[1].Instrument.ExpiryMonth = ptr(13)
	rows[20].Instrument = bcapi.ImportInstrument{Type: bcapi.PayPalAccount, VaultToken: "p", Email: "p@example.com"}
	rows[20].PaymentMethodID = "braintree.paypal"
	behind := importer.Count{Message: "good rows are behind the limit and not part of this import", Count: 24, FirstRow: 7}
	pilot := b.plan(rows, func(r *importer.FileRequest) { r.Limit = 5 })
	want := ledger.Unsent{Customers: 4, FirstRow: 1, LastRow: 6, Types: map[string]int{"credit_card": 5}}
	if pilot.Total != 5 || pilot.BeyondLimit != 24 || len(pilot.Warnings) != 3 || !slices.Contains(pilot.Warnings, behind) || !reflect.DeepEqual(pilot.Unsent, want) {
		t.Errorf("pilot %+v", pilot)
	}
	if s := b.run(1); s.Status != importer.Completed || s.Imported != 5 || s.BeyondLimit != 24 || slices.Contains(s.Warnings, behind) || len(b.stored()) != 5 {
		t.Errorf("%+v", s)
	}
	again := b.plan(rows, func(r *importer.FileRequest) { r.Limit = 1 })
	already := importer.Count{Message: "rows are already imported", Count: 5, FirstRow: 1}
	if again.Unsent.FirstRow != 7 || !slices.Contains(again.Warnings, already) {
		t.Errorf("the next pilot %+v", again)
	}
	if s := b.plan(rows); !reflect.DeepEqual(s.Unsent.Types, map[string]int{"credit_card": 23, "paypal_account": 1}) {
		t.Errorf("the rest %+v", s)
	}
	b.plan(rows)
	if s := b.run(1); s.Already != 5 || s.Imported != 24 || s.Failed != 1 || len(b.stored()) != 29 {
		t.Errorf("%+v, stored %d", s, len(b.stored()))
	}
}

// Every row of the file is told of in a pilot's plan, those that repeat another
// too.
func TestAPilotCountsWhatRepeats(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(6)
	rows = append(rows, rows[0], rows[5])
	pilot := b.plan(rows, func(r *importer.FileRequest) { r.Limit = 2 })
	repeats := importer.Count{Message: "rows repeat another row and are not part of this import", Count: 2, FirstRow: 7}
	if pilot.Total != 2 || pilot.BeyondLimit != 4 || !slices.Contains(pilot.Warnings, repeats) {
		t.Errorf("%+v", pilot)
	}
}

// A plan of which every row is in says so, and has a report.
func TestAPlanThatCanSendNothing(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(6)
	b.plan(rows)
	b.run(1)
	s := b.plan(rows)
	if s.Status != importer.NothingToSend || s.Already != 6 || s.Report == "" {
		t.Errorf("%+v", s)
	}
	if lines := b.report(s); lines["1"][0] != "already_imported" {
		t.Errorf("report %q", lines)
	}
}

func TestAChangedFileIsStale(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.plan(cards(10))
	b.must(os.WriteFile(filepath.Join(b.files, "rows.jsonl"), []byte(`{"customer_id":1}`), 0o600))
	if _, err := b.importer.Apply(t.Context(), b.last.ID, importer.Leave, quiet); !errors.Is(err, importer.ErrStale) {
		t.Errorf("error %v", err)
	}
	if len(b.stored()) != 0 {
		t.Error("something was sent")
	}
}

func TestChargingMethodIsRefused(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	row := card(1, "a")
	row.PaymentMethodID = "braintree.card"
	if s := b.plan(importer.Inline{row}); s.Failed != 1 || s.Failures[0].Problems[0].Field != "payment_method_id" {
		t.Errorf("%+v", s)
	}
}

// What may be one card twice is told, with its first row, and imported.
func TestLookalikesAreWarnedOf(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := importer.Inline{card(1, "a"), card(2, "b"), card(2, "c"), card(3, "d"), card(3, "e")}
	rows[4].Instrument.Last4 = "4444"
	rows = append(rows, rows[4]) // repeats it
	want := []importer.Count{{Field: "instrument.vault_token", Message: ledger.LookalikeWarning, Count: 2, FirstRow: 2}}
	if s := b.plan(rows); !slices.Equal(s.Warnings, want) || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
	if s := b.run(1); s.Imported != 5 || s.Already != 1 {
		t.Errorf("%+v", s)
	}
	rows = append(rows, card(1, "f"))
	want[0].Count, want[0].FirstRow = 1, 7
	if s := b.plan(rows); !slices.Equal(s.Warnings, want) || s.Remaining != 1 {
		t.Errorf("with what is in: %+v", s)
	}
}

// Warnings are of rows that can be sent, and expired cards of those that are.
func TestWarningsAreNotOfRefusedRows(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := importer.Inline{card(1, "a"), card(2, "b"), card(3, "c")}
	for i := range rows {
		rows[i].Instrument.ExpiryYear = ptr(2020)
	}
	rows[0].CurrencyCode = "?"
	if s := b.plan(rows); s.Expired != 2 || len(s.Warnings) != 1 || s.Warnings[0].Count != 2 || s.Warnings[0].FirstRow != 2 {
		t.Errorf("%+v", s)
	}
	b.run(1)
	if s := b.plan(append(rows, card(4, "d"))); s.Expired != 0 || s.Warnings[0].Count != 2 {
		t.Errorf("with what is in: %+v", s)
	}
}

// A summary lists the first rows, or those behind a row.
func TestListsGoOn(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(60)
	for i := 30; i < 60; i++ {
		rows[i].CurrencyCode = "?"
	}
	b.plan(rows)
	s := b.run(1)
	if len(s.Failures) != 20 || s.Failures[19].Row != 50 || len(s.Instruments) != 20 || s.Instruments[19].Row != 20 {
		t.Errorf("%+v", s)
	}
	b.must(b.importer.ListAfter(t.Context(), s, 20))
	if len(s.Failures) != 20 || s.Failures[0].Row != 31 || len(s.Instruments) != 10 || s.Instruments[0].Row != 21 {
		t.Errorf("behind row 20: %+v", s)
	}
	b.must(b.importer.ListAfter(t.Context(), s, 50))
	if len(s.Failures) != 10 || s.Failures[9].Row != 60 || len(s.Instruments) != 0 {
		t.Errorf("behind row 50: %+v", s)
	}
}

// What a whole vault costs a model does not grow with it: while it is imported it
// is told in numbers, and of its instruments the first few.
func TestALargeJobIsToldInShort(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	var rows importer.Inline
	for customer := range int64(1001) {
		rows = append(rows, card(customer+1, fmt.Sprint("v", customer)))
	}
	rows[7].CurrencyCode = "?"
	id := b.plan(rows).ID
	told := 0
	s, err := b.importer.Apply(t.Context(), id, importer.Leave, func(int, int, string) {
		if s := b.job(id); s.Status == importer.Running {
			told++
			if s.Failed != 1 || len(s.Instruments)+len(s.Failures)+len(s.FailureSummary)+len(s.Warnings) != 0 {
				t.Errorf("while it runs: %+v", s)
			}
		}
	})
	b.must(err)
	if told == 0 || len(s.Instruments) != 5 || len(s.Failures) != 1 || s.Imported != 1000 {
		t.Errorf("%+v, told %d times", s, told)
	}
	b.must(b.importer.ListAfter(t.Context(), s, 5))
	if len(s.Instruments) != 20 {
		t.Errorf("asked for, it lists %d", len(s.Instruments))
	}
}

// The store tells what a method is for, but not reliably: a row that has another
// type is warned of, and can be sent.
func TestAMethodForAnotherTypeIsWarnedOf(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(3)
	rows[2].PaymentMethodID = "braintree.paypal"
	s := b.plan(rows)
	if s.Failed != 0 || s.Remaining != 3 || len(s.Warnings) != 1 || s.Warnings[0].Field != "payment_method_id" || s.Warnings[0].Count != 1 || s.Warnings[0].FirstRow != 3 {
		t.Errorf("%+v", s)
	}
}

// TestVerifyCustomers: the sandbox's customers are 1 to 100000, each with an
// address of its own.
func TestVerifyCustomers(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := importer.Inline{card(1, "a"), card(2, "b"), card(200_000, "c"), card(4, "d")}
	rows[0].BillingAddress.Email = "Shopper1@example.com"
	rows[3].BillingAddress.Email = ""
	s, err := b.importer.Check(t.Context(), rows, importer.Options{VerifyCustomers: true})
	b.must(err)
	if s.Failed != 2 || s.Failures[0].Problems[0].Field != "billing_address.email" || s.Failures[1].Problems[0].Field != "customer_id" {
		t.Errorf("%+v", s)
	}
}

// TestInlineFaults: the same call again after a fault brings every row in once.
func TestInlineFaults(t *testing.T) {
	for name, fault := range map[string]string{
		"dropped after":  `{"drop":"after"}`,
		"dropped before": `{"drop":"before"}`,
		"500":            `{"status":500}`,
		"403":            `{"status":403}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sandbox.Options{})
			rows := cards(50)
			b.faults(`[{` + importPath + `,"times":4,"action":` + fault + `}]`)
			for range 6 {
				var err error
				b.last, err = b.importer.Inline(t.Context(), rows, importer.Options{}, quiet)
				b.must(err)
				if b.last.Status == importer.Completed {
					break
				}
			}
			if b.last.Status != importer.Completed {
				t.Fatalf("%+v", b.last)
			}
			b.eachOnce(rows)
		})
	}
}

func TestCheckLeavesNothingBehind(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(5)
	rows[0].CurrencyCode = "?"
	s, err := b.importer.Check(t.Context(), rows, importer.Options{})
	b.must(err)
	if s.ID != "" || s.Failed != 1 || s.Remaining != 4 || len(b.stored()) != 0 {
		t.Errorf("%+v", s)
	}
	b.recorded(0, 0)
}

// TestAPersonAnswers: a row whose outcome cannot be told waits for a person.
func TestAPersonAnswers(t *testing.T) {
	for _, answer := range []importer.UnconfirmedPolicy{importer.Resend, importer.Skip} {
		t.Run(string(answer), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sandbox.Options{})
			rows := importer.Inline{card(1, "a"), card(2, "b")}
			b.plan(rows)
			// While the answer is lost, two look-alikes appear: neither can be told
			// to be the row's own.
			strangers := func() {
				for _, token := range []string{"x", "y"} {
					_, err := b.client.ImportInstruments(context.Background(), []bcapi.ImportRow{card(1, token)})
					b.must(err)
				}
				b.faults(`[{` + importPath + `,"times":1,"action":{"drop":"after"}}]`)
			}
			b.meddle.Store(&strangers)
			s := b.run(1)
			if s.Status != importer.Interrupted || s.Unconfirmed != 1 || s.Imported != 1 {
				t.Fatalf("%+v", s)
			}
			before := len(b.stored())
			var err error
			b.last, err = b.importer.Apply(t.Context(), s.ID, answer, quiet)
			b.must(err)
			if answer == importer.Resend && (b.last.Imported != 2 || len(b.stored()) != before+1) {
				t.Errorf("%+v", b.last)
			}
			if answer == importer.Skip && (b.last.Failed != 1 || len(b.stored()) != before) {
				t.Errorf("%+v", b.last)
			}
		})
	}
}
