package tools_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/tools"
)

// behindItsBack asks the store itself, past the server, for something.
func (f *fixture) behindItsBack(t testing.TB, method, path, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, f.store.URL+"/stores/"+sandbox.StoreHash+"/v3"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"X-Auth-Token": {sandbox.Token}, "Accept": {"application/json"}, "Content-Type": {"application/json"}}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode/100 != 2 {
		t.Fatalf("%v, %+v", err, response)
	}
	response.Body.Close()
}

func (f *fixture) deleteBehindItsBack(t testing.TB, token string) {
	t.Helper()
	f.behindItsBack(t, http.MethodDelete, "/payments/stored-instruments?token:in="+token, "")
}

// again is another server on the same store and the same state.
func (f *fixture) again(t testing.TB, d tools.Dependencies) *fixture {
	t.Helper()
	d.Confirmer = tools.NewConfirmer()
	server, err := tools.NewServer(d)
	if err != nil {
		t.Fatal(err)
	}
	another := *f
	another.server = server
	return &another
}

// A server that is killed after a delete has not told the ledger. A repeated call
// does, or the row could never be imported again.
func TestADeleteThatTheLedgerWasNotToldOf(t *testing.T) {
	f := newFixture(t, allowDeletes)
	f.fill(t, 12)
	tokens := f.tokens(t, 1)
	f.deleteBehindItsBack(t, tokens[0])
	if e := f.call(t, remove, deletion(11, tokens[0])).failure(t); e.Code != "unknown_instrument" {
		t.Errorf("as another customer's: %+v", e)
	}
	if e := f.call(t, remove, deletion(1, tokens[0], strings.Repeat("a", 64))).failure(t); e.Code != "unknown_instrument" {
		t.Errorf("with a stranger's: %+v", e)
	}
	if j := f.importRows(t, `{"instruments":[`+row(1, "v0")+`]}`); j.AlreadyImported != 1 {
		t.Errorf("forgotten by a call that was refused: %+v", j)
	}
	if d := f.remove(t, 1, tokens[0], tokens[1]); len(d.Deleted) != 2 || len(d.NotDeleted) != 0 || len(f.stored(t)) != 10 {
		t.Errorf("%+v", d)
	}
	if j := f.importRows(t, `{"instruments":[`+row(1, "v0")+`,`+row(1, "v3")+`]}`); j.Imported != 2 || len(f.stored(t)) != 12 {
		t.Errorf("imported again: %+v", j)
	}
}

// A delete of which no answer told may be made again, and may take effect late.
func TestADeleteThatTakesEffectLate(t *testing.T) {
	f := newFixture(t, allowDeletes)
	f.fill(t, 6)
	f.behindItsBack(t, http.MethodPost, "/payments/stored-instruments", "["+row(1, "not by an import of ours")+"]")
	for i, token := range f.tokens(t, 1) {
		f.faults(t, `[{`+deletePath+`,"times":1,"action":{"status":504}}]`)
		e := f.call(t, remove, deletion(1, token)).failure(t)
		if e.Code != "outcome_unknown" || !e.Retryable || !strings.Contains(e.NextStep, "Call again") {
			t.Errorf("%+v", e)
		}
		f.deleteBehindItsBack(t, token)
		if d := f.remove(t, 1, token); len(d.Deleted) != 1 || len(d.NotDeleted) != 0 {
			t.Errorf("instrument %d, afterwards: %+v", i, d)
		}
	}
	if j := f.importRows(t, `{"instruments":[`+row(1, "v0")+`]}`); j.Imported != 1 {
		t.Errorf("imported again: %+v", j)
	}
}

// Nothing is deleted that the ledger could not be told of.
func TestDeletesNeedTheLedger(t *testing.T) {
	var d tools.Dependencies
	f := newFixture(t, func(all *tools.Dependencies) { all.AllowDeletes = true; d = *all })
	f.fill(t, 3)
	token := f.tokens(t, 1)[0]
	if err := d.Importer.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(d.Importer.StateDir, "*", "ledger.db"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if err := os.WriteFile(found[0], []byte(strings.Repeat("not a database. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if e := f.call(t, remove, deletion(1, token)).failure(t); e.Code != "ledger_unusable" || len(f.stored(t)) != 3 {
		t.Errorf("%+v", e)
	}
}

// That an instrument is gone from the store proves nothing of the gateway.
func TestAnUnvaultOfWhichNoAnswerTold(t *testing.T) {
	f := newFixture(t, allowDeletes)
	f.fill(t, 6)
	tokens := f.tokens(t, 1)
	for _, token := range tokens {
		f.faults(t, `[{"method":"DELETE","path":"/payments/stored-instruments/`+token+`","times":1,"action":{"drop":"after"}}]`)
		arguments := fmt.Sprintf(`{"customer_id":1,"token":%q}`, token)
		if r := f.call(t, unvault, arguments); r.IsError || !strings.Contains(r.Content[0].Text, "whether its vault still has it") {
			t.Errorf("%s", r.Content[0].Text)
		}
		if r := f.call(t, unvault, arguments); r.IsError || !strings.Contains(r.Content[0].Text, "What an earlier call said of the gateway holds") {
			t.Errorf("%s", r.Content[0].Text)
		}
	}
	f.fill(t, 6)
	arguments := fmt.Sprintf(`{"customer_id":1,"token":%q}`, f.tokens(t, 1)[0])
	if r := f.call(t, unvault, arguments); r.IsError || !strings.Contains(r.Content[0].Text, "the store and the gateway no longer have it") {
		t.Errorf("%s", r.Content[0].Text)
	}
	f.faults(t, `[{"method":"GET","path":"/customers/1/stored-instruments","times":1,"action":{"status":403}}]`)
	if e := f.call(t, unvault, arguments).failure(t); e.Code != "http_403" {
		t.Errorf("the store does not tell what it has: %+v", e)
	}
}

// An unvault that takes effect after its answer was lost is told to the ledger by
// the call that finds the instrument gone.
func TestAnUnvaultThatTakesEffectLate(t *testing.T) {
	f := newFixture(t, allowDeletes)
	f.fill(t, 6)
	token := f.tokens(t, 1)[0]
	f.faults(t, `[{"method":"DELETE","path":"/payments/stored-instruments/`+token+`","times":1,"action":{"status":504}}]`)
	arguments := fmt.Sprintf(`{"customer_id":1,"token":%q}`, token)
	if e := f.call(t, unvault, arguments).failure(t); e.Code != "outcome_unknown" {
		t.Fatalf("%+v", e)
	}
	f.deleteBehindItsBack(t, token)
	if r := f.call(t, unvault, arguments); r.IsError {
		t.Fatalf("%s", r.Content[0].Text)
	}
	if j := f.importRows(t, `{"instruments":[`+row(1, "v0")+`]}`); j.Imported != 1 {
		t.Errorf("imported again: %+v", j)
	}
}

// undone is the answer of undo_import_job.
type undone struct {
	Deleted   int    `json:"deleted"`
	Remaining int    `json:"remaining"`
	Refused   int    `json:"refused"`
	Reason    string `json:"reason"`
	NextStep  string `json:"next_step"`
}

func readUndone(t testing.TB, text string) undone {
	t.Helper()
	var u undone
	if err := json.Unmarshal([]byte(text), &u); err != nil || u.NextStep == "" {
		t.Fatalf("%v: %s", err, text)
	}
	return u
}

// importVault imports a file of so many rows, and gives the arguments of its
// undo.
func (f *fixture) importVault(t testing.TB, rows int) (undoing string) {
	t.Helper()
	f.writeVault(t, "vault.csv", rows)
	plan := f.importRows(t, `{"file":"vault.csv"}`)
	if plan.PlanID != "" && plan.Status == "planned" {
		f.importRows(t, fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID))
	}
	if n := len(f.stored(t)); n != rows {
		t.Fatalf("%d of %d stored", n, rows)
	}
	return fmt.Sprintf(`{"job_id":%q}`, f.jobs(t)[0])
}

// What the API refuses to delete is still in the store, and is said to be.
func TestUndoTellsWhatIsRefused(t *testing.T) {
	f := newFixture(t, allowDeletes)
	undoing := f.importVault(t, 3)
	f.faults(t, `[{`+deletePath+`,"times":5,"action":{"status":422}}]`)
	u := readUndone(t, f.call(t, undo, undoing).Content[0].Text)
	if u.Deleted != 0 || u.Refused != 3 || len(f.stored(t)) != 3 || !strings.Contains(u.NextStep, "still in the store") || strings.Contains(u.NextStep, "Nothing") {
		t.Errorf("%+v", u)
	}
}

// An undo that is cut short says what it has deleted, and not that it has not.
func TestUndoThatIsCutShort(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newFixture(t, func(d *tools.Dependencies) {
		d.AllowDeletes = true
		d.Progress = func(_ context.Context, _, _ float64, message string) {
			if strings.Contains(message, "deleted from the store") {
				cancel()
			}
		}
	})
	undoing := f.importVault(t, 120)
	text, err := json.Marshal(f.server.HandleMessage(ctx, json.RawMessage(
		fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, undo, undoing))))
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Result result }
	if err := json.Unmarshal(text, &answer); err != nil || answer.Result.IsError || len(answer.Result.Content) != 1 {
		t.Fatalf("%s", text)
	}
	u := readUndone(t, answer.Result.Content[0].Text)
	if u.Deleted != 50 || u.Remaining != 70 || len(f.stored(t)) != 70 || !strings.Contains(u.Reason, "cancelled") || !strings.Contains(u.NextStep, "call again") {
		t.Errorf("%+v", u)
	}
}

// Who agreed to an undo is not asked again when it goes on, and nobody else has
// agreed to it.
func TestAnUndoThatAnotherHasBegun(t *testing.T) {
	var d tools.Dependencies
	f := newFixture(t, func(all *tools.Dependencies) { all.AllowDeletes, all.NoConfirm = true, true; d = *all })
	undoing := f.importVault(t, 160)
	stopAtTheSecond := `[{` + deletePath + `,"times":1,"action":{}},{` + deletePath + `,"times":1,"action":{"status":403}}]`
	f.faults(t, stopAtTheSecond)
	if u := readUndone(t, f.call(t, undo, undoing).Content[0].Text); u.Deleted != 50 {
		t.Fatalf("%+v", u)
	}

	d.NoConfirm = false
	asking := f.again(t, d)
	if got := asking.says(t, undo, undoing, saysNo); !strings.Contains(got, "declined") || len(f.stored(t)) != 110 {
		t.Errorf("%d are left: %s", len(f.stored(t)), got)
	}
	f.faults(t, stopAtTheSecond)
	if got := asking.says(t, undo, undoing, agrees); len(f.stored(t)) != 60 {
		t.Errorf("%d are left: %s", len(f.stored(t)), got)
	}
	if r := asking.raw(t, undo, undoing, ""); len(f.stored(t)) != 0 {
		t.Errorf("asked again: %s", r["content"])
	}
}

// An answer is about what was asked: not about what an import has brought since,
// though it be as many.
func TestAnImportGoesOnBetweenAQuestionAndItsAnswer(t *testing.T) {
	var d tools.Dependencies
	f := newFixture(t, func(all *tools.Dependencies) { all.AllowDeletes = true; d = *all })
	f.writeVault(t, "vault.csv", 12)
	plan := f.importRows(t, `{"file":"vault.csv"}`)
	f.faults(t, `[{"method":"POST","path":"/payments/stored-instruments","times":1,"action":{}},{"method":"POST","path":"/payments/stored-instruments","times":1,"action":{"status":401}}]`)
	applying, undoing := fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID), fmt.Sprintf(`{"job_id":%q}`, plan.PlanID)
	begun := f.importRows(t, applying)
	if begun.Status != "interrupted" || begun.Imported == 0 || begun.Imported == 12 {
		t.Fatalf("%+v", begun)
	}
	_, state := f.asked(t, undo, undoing)
	if j := f.importRows(t, applying); j.Imported != 12 {
		t.Fatalf("%+v", j)
	}
	for _, in := range f.stored(t)[begun.Imported:] {
		f.deleteBehindItsBack(t, in.Token)
		if _, err := d.Importer.RecordDeletion(t.Context(), in.CustomerID, []string{in.Token}); err != nil {
			t.Fatal(err)
		}
	}
	if r := f.raw(t, undo, undoing, answered(agrees, state)); !strings.Contains(string(r["content"]), "invalid_confirmation") || len(f.stored(t)) != begun.Imported {
		t.Errorf("%d are left: %s", len(f.stored(t)), r["content"])
	}
}

// A model that reads how an undone job stands must not import it again.
func TestWhatIsToldOfAnUndoneJob(t *testing.T) {
	f := newFixture(t, allowDeletes)
	undoing := f.importVault(t, 120)
	f.faults(t, `[{`+deletePath+`,"times":1,"action":{}},{`+deletePath+`,"times":1,"action":{"status":403}}]`)
	for _, want := range []string{"call undo_import_job", "only if your person asks for it"} {
		f.call(t, undo, undoing)
		if got := f.call(t, "get_import_job", undoing).Content[0].Text; !strings.Contains(got, want) || strings.Contains(got, "Correct the rows") {
			t.Errorf("no %q in %s", want, got)
		}
	}
	one := f.importRows(t, `{"instruments":[`+row(1, "x")+`]}`)
	f.remove(t, 1, f.tokens(t, 1)...)
	if got := f.call(t, "get_import_job", fmt.Sprintf(`{"job_id":%q}`, one.JobID)).Content[0].Text; !strings.Contains(got, "only if your person asks for it") {
		t.Errorf("%s", got)
	}
}
