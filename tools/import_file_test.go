package tools_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/examples/vaultfile"
	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/tools"
)

// writeVault makes a file of good rows in the import folder.
func (f *fixture) writeVault(t testing.TB, name string, rows int) {
	t.Helper()
	file, err := os.Create(filepath.Join(f.files, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := vaultfile.Write(file, vaultfile.Options{Rows: rows, Seed: 1, Format: vaultfile.CSV}); err != nil {
		t.Fatal(err)
	}
}

// TestAFileInTwoCalls plans a file, sends it, and finds it in the second time.
func TestAFileInTwoCalls(t *testing.T) {
	f := newFixture(t, nil)
	f.writeVault(t, "vault.csv", 500)
	plan := f.importRows(t, `{"file":"vault.csv"}`)
	if plan.Status != "planned" || plan.PlanID == "" || plan.Remaining != 500 || len(f.stored(t)) != 0 {
		t.Fatalf("plan %+v", plan)
	}
	done := f.importRows(t, fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID))
	if done.Status != "completed" || done.Imported != 500 || done.ReportFile == "" || len(f.stored(t)) != 500 {
		t.Fatalf("job %+v", done)
	}
	if again := f.importRows(t, fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID)); again.Status != "completed" || again.Imported != 500 {
		t.Errorf("a finished job answers %+v", again)
	}
	plan = f.importRows(t, `{"file":"vault.csv"}`)
	if done = f.importRows(t, fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID)); done.AlreadyImported != 500 || len(f.stored(t)) != 500 {
		t.Errorf("the second time %+v", done)
	}
	var list struct {
		Jobs []struct {
			JobID string `json:"job_id"`
		} `json:"jobs"`
	}
	if err := json.Unmarshal(f.call(t, "list_import_jobs", `{}`).Structured, &list); err != nil || len(list.Jobs) != 2 || list.Jobs[0].JobID != plan.PlanID {
		t.Errorf("list %+v, %v", list, err)
	}
}

func TestVerifyComparesWithTheStore(t *testing.T) {
	f := newFixture(t, nil)
	f.writeVault(t, "vault.csv", 300)
	plan := f.importRows(t, `{"file":"vault.csv"}`)
	f.importRows(t, fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID))
	verify := func() string {
		r := f.call(t, "get_import_job", fmt.Sprintf(`{"job_id":%q,"verify":true}`, plan.PlanID))
		var j struct {
			Verified json.RawMessage `json:"verified"`
		}
		if err := json.Unmarshal(r.Structured, &j); err != nil {
			t.Fatal(err)
		}
		return string(j.Verified)
	}
	if got, want := verify(), `{"present":300,"missing":0,"not_default":0}`; got != want {
		t.Errorf("verified %s, want %s", got, want)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete,
		f.store.URL+"/stores/sandbox/v3/payments/stored-instruments?token:in="+f.stored(t)[0].Token, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Auth-Token", sandbox.Token)
	request.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusNoContent {
		t.Fatal(response, err)
	}
	response.Body.Close()
	if got, want := verify(), `{"present":299,"missing":1,"not_default":0}`; got != want {
		t.Errorf("after a delete: verified %s, want %s", got, want)
	}
}

// All that is wrong with a file can be read, 20 rows at a time, and its rows are
// told apart from those of a pilot.
func TestFailuresCanBeReadToTheEnd(t *testing.T) {
	f := newFixture(t, nil)
	file, err := os.Create(filepath.Join(f.files, "bad.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fmt.Fprintln(file, "payment_method_id,currency_code,customer_id,instrument.type,instrument.vault_token")
	for i := range 45 {
		fmt.Fprintf(file, "braintree.paypal,?,%d,paypal_account,t%d\n", i+1, i)
	}
	plan := f.importRows(t, `{"file":"bad.csv"}`)
	rows, next := 0, plan.NextStep
	for step := 1; ; step++ {
		var after int
		_, hint, more := strings.Cut(next, "after_row ")
		if !more {
			break
		}
		if _, err := fmt.Sscan(hint, &after); err != nil || after != 20*step {
			t.Fatalf("next_step %q: %v", next, err)
		}
		var page struct {
			Failures []struct{ Row int } `json:"failures"`
			NextStep string              `json:"next_step"`
		}
		r := f.call(t, "get_import_job", fmt.Sprintf(`{"job_id":%q,"after_row":%d}`, plan.PlanID, after))
		if err := json.Unmarshal(r.Structured, &page); err != nil {
			t.Fatal(err)
		}
		rows, next = rows+len(page.Failures), page.NextStep
	}
	if plan.Failed != 45 || rows != 25 {
		t.Errorf("%d failures after the first 20 of %+v", rows, plan)
	}
}

// A file whose good rows are in is not told as one of which none can be sent.
func TestAPlanOfWhatIsIn(t *testing.T) {
	f := newFixture(t, nil)
	bad := strings.Replace(row(2, "b"), "USD", "?", 1)
	f.importRows(t, `{"instruments":[`+row(1, "a")+`]}`)
	if err := os.WriteFile(filepath.Join(f.files, "again.json"), []byte("["+row(1, "a")+","+bad+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if plan := f.importRows(t, `{"file":"again.json"}`); plan.AlreadyImported != 1 || !strings.HasPrefix(plan.NextStep, "Nothing is left to import: 1 row in,") {
		t.Errorf("%+v", plan)
	}
}

// The rows behind the last failure do not make it look as if there were none, and
// a pilot that nothing is left for does not look as if all were in.
func TestNextStepsOfWhatIsNotListed(t *testing.T) {
	f := newFixture(t, nil)
	bad := strings.Replace(row(2, "b"), "USD", "?", 1)
	j := f.importRows(t, `{"instruments":[`+row(1, "a")+`,`+bad+`,`+row(3, "c")+`]}`)
	r := f.call(t, "get_import_job", fmt.Sprintf(`{"job_id":%q,"after_row":2}`, j.JobID))
	if text := r.Content[0].Text; !strings.Contains(text, "Correct the rows listed in failures") || !strings.Contains(text, `"failures":[],"instruments":[{"row":3,`) {
		t.Errorf("%s", text)
	}
	if err := os.WriteFile(filepath.Join(f.files, "bad.json"), []byte("["+bad+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if pilot := f.importRows(t, `{"file":"bad.json","limit":5}`); pilot.Total != 0 || !strings.Contains(pilot.NextStep, "warnings tells") {
		t.Errorf("%+v", pilot)
	}
}

func TestNoConfirmGoesStraightOn(t *testing.T) {
	f := newFixture(t, func(d *tools.Dependencies) { d.NoConfirm = true })
	f.writeVault(t, "vault.csv", 50)
	if done := f.importRows(t, `{"file":"vault.csv"}`); done.Status != "completed" || done.Imported != 50 {
		t.Errorf("%+v", done)
	}
}

func TestALongJobGoesOnInTheBackground(t *testing.T) {
	f := newFixture(t, nil)
	f.writeVault(t, "vault.csv", 3000)
	plan := f.importRows(t, `{"file":"vault.csv"}`)
	j := f.importRows(t, fmt.Sprintf(`{"plan_id":%q,"wait_seconds":0}`, plan.PlanID))
	if j.Status != "running" || !strings.Contains(j.NextStep, "get_import_job") {
		t.Fatalf("%+v", j)
	}
	r := f.call(t, "get_import_job", fmt.Sprintf(`{"job_id":%q,"wait_seconds":50}`, plan.PlanID))
	if !strings.Contains(string(r.Structured), `"status":"completed"`) || len(f.stored(t)) != 3000 {
		t.Errorf("%s", r.Structured)
	}
}

func TestACancelledJobCanGoOn(t *testing.T) {
	f := newFixture(t, nil)
	f.writeVault(t, "vault.csv", 5000)
	plan := f.importRows(t, `{"file":"vault.csv"}`)
	f.importRows(t, fmt.Sprintf(`{"plan_id":%q,"wait_seconds":0}`, plan.PlanID))
	r := f.call(t, "cancel_import_job", fmt.Sprintf(`{"job_id":%q}`, plan.PlanID))
	if !strings.Contains(string(r.Structured), `"status":"cancelled"`) {
		t.Fatalf("%s", r.Structured)
	}
	if done := f.importRows(t, fmt.Sprintf(`{"plan_id":%q,"wait_seconds":50}`, plan.PlanID)); done.Status != "completed" || done.Imported != 5000 || len(f.stored(t)) != 5000 {
		t.Errorf("%+v, stored %d", done, len(f.stored(t)))
	}
}

func TestImportFileErrors(t *testing.T) {
	f := newFixture(t, nil)
	f.writeVault(t, "vault.csv", 5)
	if err := os.WriteFile(filepath.Join(f.files, "headers.csv"), []byte("customer,token\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for arguments, code := range map[string]string{
		`{"file":"absent.csv"}`:                                   "file_missing",
		`{"file":"../vault.csv"}`:                                 "bad_path",
		`{"file":"headers.csv"}`:                                  "bad_columns",
		`{"plan_id":"imp_nothing"}`:                               "unknown_job",
		`{"file":"vault.csv","plan_id":"imp_x"}`:                  "invalid_arguments",
		`{"file":"vault.csv","dry_run":true}`:                     "invalid_arguments",
		`{"plan_id":"imp_x","limit":5}`:                           "invalid_arguments",
		`{"plan_id":"imp_x","shared_provider_customers":"allow"}`: "invalid_arguments",
		`{"file":"vault.csv","limit":0}`:                          "invalid_arguments",
		`{"file":"vault.csv","columns":{"a":1}}`:                  "invalid_arguments",
		`{}`:                                                      "invalid_arguments",
		`{"file":"vault.csv","columns":{"absent":"email"}}`:       "bad_columns",
	} {
		if e := f.call(t, "bulk_import_instruments", arguments).failure(t); e.Code != code {
			t.Errorf("%s: %+v, want %s", arguments, e, code)
		}
	}
	for _, tool := range []string{"get_import_job", "cancel_import_job"} {
		if e := f.call(t, tool, `{"job_id":"imp_nothing"}`).failure(t); e.Code != "unknown_job" {
			t.Errorf("%s: %+v", tool, e)
		}
	}
}

// TestThePersonIsAsked before a plan is carried out, and their word counts, once.
func TestThePersonIsAsked(t *testing.T) {
	for name, tt := range map[string]struct {
		content string
		tamper  bool
		stored  int
		says    string
	}{
		"agreed":        {content: `{"action":"accept","content":{"confirm":true}}`, stored: 20, says: "completed"},
		"said no":       {content: `{"action":"accept","content":{"confirm":false}}`, says: "declined"},
		"declined":      {content: `{"action":"decline"}`, says: "declined"},
		"closed":        {content: `{"action":"cancel"}`, says: "declined"},
		"state altered": {content: `{"action":"accept","content":{"confirm":true}}`, tamper: true, says: "invalid_confirmation"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, nil)
			f.writeVault(t, "vault.csv", 20)
			plan := f.importRows(t, `{"file":"vault.csv"}`)
			arguments := fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID)
			asked := f.raw(t, "bulk_import_instruments", arguments, "")
			if string(asked["resultType"]) != `"input_required"` || !strings.Contains(string(asked["inputRequests"]), "20 instruments") || len(f.stored(t)) != 0 {
				t.Fatalf("asked %s", asked)
			}
			state := string(asked["requestState"])
			if tt.tamper {
				state = flip(state)
			}
			result := f.raw(t, "bulk_import_instruments", arguments, answered(tt.content, state))
			if !strings.Contains(string(result["content"]), tt.says) || len(f.stored(t)) != tt.stored {
				t.Errorf("answered %s, stored %d", result["content"], len(f.stored(t)))
			}
		})
	}
}

func TestAnAnswerIsForOnePlanAndOneUse(t *testing.T) {
	f := newFixture(t, nil)
	f.writeVault(t, "a.csv", 20)
	f.writeVault(t, "b.csv", 21)
	a, b := f.importRows(t, `{"file":"a.csv"}`), f.importRows(t, `{"file":"b.csv"}`)
	state := string(f.raw(t, "bulk_import_instruments", fmt.Sprintf(`{"plan_id":%q}`, a.PlanID), "")["requestState"])
	yes := `,"inputResponses":{"confirm":{"action":"accept","content":{"confirm":true}}},"requestState":` + state
	if r := f.raw(t, "bulk_import_instruments", fmt.Sprintf(`{"plan_id":%q}`, b.PlanID), yes); !strings.Contains(string(r["content"]), "invalid_confirmation") || len(f.stored(t)) != 0 {
		t.Errorf("another plan: %s", r["content"])
	}
	if r := f.raw(t, "bulk_import_instruments", fmt.Sprintf(`{"plan_id":%q}`, a.PlanID), yes); !strings.Contains(string(r["content"]), "completed") {
		t.Errorf("its own plan: %s", r["content"])
	}
}
