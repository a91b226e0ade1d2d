package e2e

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/examples/vaultfile"
)

// gatewayColumns are the headers that a gateway's export has of its own, and the
// fields they hold.
func gatewayColumns() [][2]string {
	return [][2]string{
		{"Shop Customer", "customer_id"}, {"Gateway Customer", "instrument.provider_customer_id"}, {"Token", "instrument.vault_token"},
		{"Card Type", "instrument.brand"}, {"Exp Month", "instrument.expiry_month"}, {"Exp Year", "instrument.expiry_year"},
		{"First", "billing_address.first_name"}, {"Last Four", "instrument.last_4"}, {"Last", "billing_address.last_name"},
		{"BIN", "instrument.iin"}, {"E-mail", "billing_address.email"}, {"Street", "billing_address.street_1"},
		{"Town", "billing_address.city"}, {"State", "billing_address.state_or_province_code"}, {"Country", "billing_address.country_code"},
		{"ZIP", "billing_address.postal_code"},
	}
}

// exportRows are those of the gateway's file; three of them are spoilt.
const (
	exportRows = 240
	pilotRows  = 50
)

// spoilt are what is wrong with some rows, by their number in the file.
func spoilt() map[int]func(row map[string]string) {
	return map[int]func(map[string]string){
		20:  func(row map[string]string) { row["instrument.vault_token"] = "" },
		120: func(row map[string]string) { row["instrument.expiry_month"] = "13" },
		220: func(row map[string]string) { row["customer_id"] = "4000000" }, // the store has no such customer
	}
}

// writeExport writes the gateway's file.
func writeExport(t *testing.T, dir string, spoilt map[int]func(map[string]string)) {
	t.Helper()
	header := []string{"Exported At"}
	for _, column := range gatewayColumns() {
		header = append(header, column[0])
	}
	lines := [][]string{header}
	for row := range vaultfile.Rows(vaultfile.Options{Rows: 10 * exportRows, Seed: 7}) {
		if row.Fields["payment_method_id"] != "braintree.credit_card" || len(lines) > exportRows {
			continue
		}
		fields := maps.Clone(row.Fields) // which are only to be read
		if spoil := spoilt[len(lines)]; spoil != nil {
			spoil(fields)
		}
		line := []string{"2026-10-30"}
		for _, column := range gatewayColumns() {
			line = append(line, fields[column[1]])
		}
		lines = append(lines, line)
	}
	file, err := os.Create(filepath.Join(dir, "export.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := csv.NewWriter(file).WriteAll(lines); err != nil {
		t.Fatal(err)
	}
}

// exportArguments are those of every call with the file, and more.
func exportArguments(more string) string {
	columns := []string{`"Exported At":"-"`}
	for _, column := range gatewayColumns() {
		columns = append(columns, fmt.Sprintf("%q:%q", column[0], column[1]))
	}
	return `{"file":"export.csv","verify_customers":true,"columns":{` + strings.Join(columns, ",") +
		`},"defaults":{"payment_method_id":"braintree.credit_card","currency_code":"USD","instrument.type":"credit_card"}` + more + `}`
}

// migration is a shop that moves its cards into the store, with an assistant
// that goes step by step and a person who is asked.
type migration struct {
	*mcpClient
	person *person
	dir    string // the import folder

	pilot, whole importAnswer
}

// TestAMigration goes through a whole one, as a client's assistant would, from
// an empty store to what the gateway has, and takes the pilot back.
func TestAMigration(t *testing.T) {
	for _, revision := range []string{lastHandshake, stateless} {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			m := &migration{person: new(person), dir: t.TempDir()}
			m.mcpClient = connect(t, revision, m.person,
				"BIGCOMMERCE_SANDBOX=true", "BIGCOMMERCE_ALLOW_DELETES=true", "BIGCOMMERCE_IMPORT_DIR="+m.dir)
			writeExport(t, m.dir, spoilt())
			m.findsTheMethod()
			m.plansAPilot()
			m.sendsThePilot()
			m.triesACharge()
			m.sendsTheRest()
			m.correctsTheFile()
			m.takesThePilotBack()
		})
	}
}

// imports makes a call of an import and holds its answer to the numbers.
func (m *migration) imports(tool, arguments string, want importAnswer) importAnswer {
	m.t.Helper()
	var got importAnswer
	m.success(tool, arguments, &got)
	numbers := func(a importAnswer) importAnswer {
		return importAnswer{
			Status: a.Status, Total: a.Total, Imported: a.Imported, Failed: a.Failed,
			AlreadyImported: a.AlreadyImported, Unconfirmed: a.Unconfirmed, Remaining: a.Remaining, Verified: a.Verified,
		}
	}
	if diff := cmp.Diff(numbers(want), numbers(got)); diff != "" {
		m.t.Fatalf("%s %s (-want +got):\n%s", tool, arguments, diff)
	}
	return got
}

// asks holds the questions since the last time to what is wanted.
func (m *migration) asks(want ...string) {
	m.t.Helper()
	if diff := cmp.Diff(want, m.person.questions()); diff != "" {
		m.t.Errorf("questions (-want +got):\n%s", diff)
	}
}

// stores holds the store to so many instruments.
func (m *migration) stores(want int) {
	m.t.Helper()
	var list struct{ Total int }
	m.success("list_stored_instruments", `{"limit":1}`, &list)
	if list.Total != want {
		m.t.Fatalf("the store has %d instruments, want %d", list.Total, want)
	}
}

func (m *migration) findsTheMethod() {
	m.t.Helper()
	var methods struct {
		PaymentMethods []struct {
			ID string `json:"payment_method_id"`
		} `json:"payment_methods"`
	}
	m.success("list_import_payment_methods", `{"currency_code":"USD"}`, &methods)
	for _, method := range methods.PaymentMethods {
		if method.ID == "braintree.credit_card" {
			return
		}
	}
	m.t.Fatalf("no method for cards of Braintree in %+v", methods)
}

// plansAPilot: nothing is sent, and nobody is asked.
func (m *migration) plansAPilot() {
	m.t.Helper()
	m.pilot = m.imports("bulk_import_instruments", exportArguments(fmt.Sprintf(`,"limit":%d`, pilotRows)),
		importAnswer{Status: "planned", Total: pilotRows, Remaining: pilotRows})
	m.asks()
	m.stores(0)
}

// sendsThePilot when the person has agreed, which takes them two questions.
func (m *migration) sendsThePilot() {
	m.t.Helper()
	const question = `Import 50 instruments of 48 customers from export.csv into the sandbox store "sandbox"?`
	plan := fmt.Sprintf(`{"plan_id":%q}`, m.pilot.PlanID)
	m.person.will(refusals()["declined"])
	if code := m.failure("bulk_import_instruments", plan); code != "declined" {
		m.t.Errorf("the answer to a refusal is %s", code)
	}
	m.stores(0)
	m.person.will(agrees())
	m.pilot = m.imports("bulk_import_instruments", plan, importAnswer{Status: "completed", Total: pilotRows, Imported: pilotRows})
	m.asks(question, question)
	verified := importAnswer{Status: "completed", Total: pilotRows, Imported: pilotRows}
	verified.Verified.Present = pilotRows
	m.imports("get_import_job", fmt.Sprintf(`{"job_id":%q,"verify":true}`, m.pilot.JobID), verified)
	m.stores(pilotRows)
}

// triesACharge: of a test order, and first of one that is paid.
func (m *migration) triesACharge() {
	m.t.Helper()
	if code := m.failure(mint, `{"order_id":1001}`); code != "30101" {
		m.t.Errorf("an order that is paid: %s", code)
	}
	var minted struct {
		Token     string `json:"token"`
		OrderID   int    `json:"order_id"`
		ExpiresAt string `json:"expires_at"`
	}
	m.success(mint, `{"order_id":123456}`, &minted)
	if strings.Count(minted.Token, ".") != 2 || minted.OrderID != 123456 || minted.ExpiresAt == "" {
		m.t.Errorf("%+v", minted)
	}
	m.asks()
}

// sendsTheRest of the file, of which some rows are refused, and waits for it.
func (m *migration) sendsTheRest() {
	m.t.Helper()
	const bad, rest = 3, exportRows - pilotRows - 3
	plan := m.imports("bulk_import_instruments", exportArguments(""),
		importAnswer{Status: "planned", Total: exportRows, Failed: bad, AlreadyImported: pilotRows, Remaining: rest})
	m.success("bulk_import_instruments", fmt.Sprintf(`{"plan_id":%q,"wait_seconds":0}`, plan.PlanID), new(importAnswer))
	m.asks(`Import 187 instruments of 177 customers from export.csv into the sandbox store "sandbox"? Left out, as refused: 3 rows.`)
	done := importAnswer{Status: "completed_with_failures", Total: exportRows, Imported: rest, Failed: bad, AlreadyImported: pilotRows}
	m.imports("get_import_job", fmt.Sprintf(`{"job_id":%q,"wait_seconds":50}`, plan.PlanID), done)
	done.Verified.Present = rest + pilotRows
	m.whole = m.imports("get_import_job", fmt.Sprintf(`{"job_id":%q,"verify":true}`, plan.PlanID), done)
	for i, row := range []int{20, 120, 220} {
		if len(m.whole.Failures) != bad || m.whole.Failures[i].Row != row {
			m.t.Fatalf("failures %+v", m.whole.Failures)
		}
	}
	m.reports(m.whole, map[string]int{"imported": rest, "already_imported": pilotRows, "failed": bad})
	m.stores(rest + pilotRows)
}

// reports holds the report of a job to how many rows became what.
func (m *migration) reports(job importAnswer, want map[string]int) {
	m.t.Helper()
	file, err := os.Open(job.ReportFile)
	if err != nil {
		m.t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		m.t.Fatal(err)
	}
	got := make(map[string]int)
	for _, line := range lines[1:] {
		got[line[2]]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		m.t.Errorf("report (-want +got):\n%s", diff)
	}
}

// correctsTheFile and imports it again: the three rows are sent, and no other.
func (m *migration) correctsTheFile() {
	m.t.Helper()
	writeExport(m.t, m.dir, nil)
	plan := m.imports("bulk_import_instruments", exportArguments(""),
		importAnswer{Status: "planned", Total: exportRows, AlreadyImported: exportRows - 3, Remaining: 3})
	m.imports("bulk_import_instruments", fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID),
		importAnswer{Status: "completed", Total: exportRows, AlreadyImported: exportRows - 3, Imported: 3})
	m.asks(`Import 3 instruments of 3 customers from export.csv into the sandbox store "sandbox"?`)
	m.stores(exportRows)
}

// takesThePilotBack: what it brought and nothing else is deleted, and can be
// imported again.
func (m *migration) takesThePilotBack() {
	m.t.Helper()
	undo := fmt.Sprintf(`{"job_id":%q}`, m.pilot.JobID)
	m.person.will(refusals()["closed"])
	if code := m.failure("undo_import_job", undo); code != "declined" {
		m.t.Errorf("the answer to a refusal is %s", code)
	}
	m.stores(exportRows)
	m.person.will(agrees())
	var undone struct{ Deleted, Remaining int }
	m.success("undo_import_job", undo, &undone)
	if undone.Deleted != pilotRows || undone.Remaining != 0 {
		m.t.Errorf("%+v", undone)
	}
	m.stores(exportRows - pilotRows)
	asked := m.person.questions()
	if len(asked) != 2 || !strings.Contains(asked[1], "50 instruments") || !strings.Contains(asked[1], `sandbox store "sandbox"`) {
		m.t.Errorf("asked %q", asked)
	}
	m.imports("bulk_import_instruments", exportArguments(""),
		importAnswer{Status: "planned", Total: exportRows, AlreadyImported: exportRows - pilotRows, Remaining: pilotRows})
	var list struct {
		Jobs []struct {
			ID string `json:"job_id"`
		} `json:"jobs"`
	}
	m.success("list_import_jobs", `{}`, &list)
	if n := len(list.Jobs); n != 4 || list.Jobs[n-1].ID != m.pilot.JobID {
		m.t.Errorf("jobs %+v", list.Jobs)
	}
}
