package tools_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/tools"
)

const (
	deletePath = `"method":"DELETE","path":"/payments/stored-instruments"`
	remove     = "delete_stored_instruments"
	unvault    = "unvault_stored_instrument"
	undo       = "undo_import_job"
)

// deleted is the answer of delete_stored_instruments.
type deleted struct {
	Deleted    []string `json:"deleted"`
	NotDeleted []struct {
		Token string `json:"token"`
		Code  string `json:"code"`
	} `json:"not_deleted"`
	NextStep string `json:"next_step"`
}

func (f *fixture) remove(t testing.TB, customer int, tokens ...string) deleted {
	t.Helper()
	r := f.call(t, remove, deletion(customer, tokens...))
	var d deleted
	if err := json.Unmarshal(r.Structured, &d); err != nil {
		t.Fatalf("%v: %s", err, r.Content[0].Text)
	}
	return d
}

func deletion(customer int, tokens ...string) string {
	list, _ := json.Marshal(tokens)
	return fmt.Sprintf(`{"customer_id":%d,"tokens":%s}`, customer, list)
}

// TestDelete takes instruments of one customer out of the store; their rows can
// be imported again, and a repeated call is a success.
func TestDelete(t *testing.T) {
	f := newFixture(t, allowDeletes)
	f.fill(t, 12)
	tokens := f.tokens(t, 1)
	d := f.remove(t, 1, tokens[0], tokens[1], tokens[0])
	if len(d.Deleted) != 2 || len(d.NotDeleted) != 0 || len(f.stored(t)) != 10 {
		t.Errorf("%+v", d)
	}
	if d = f.remove(t, 1, tokens[0], tokens[1]); len(d.Deleted) != 2 {
		t.Errorf("the second time %+v", d)
	}
	j := f.importRows(t, `{"instruments":[`+row(1, "v0")+`,`+row(1, "v6")+`]}`)
	if j.Imported != 1 || j.AlreadyImported != 1 {
		t.Errorf("imported again: %+v", j)
	}
}

func TestDeletesRefuseWhatIsNotTheCustomers(t *testing.T) {
	f := newFixture(t, allowDeletes)
	f.fill(t, 12)
	token, other := f.tokens(t, 1)[0], f.tokens(t, 11)[0]
	for name, tt := range map[string]struct{ tool, arguments, code, says string }{
		"another's":              {remove, deletion(1, other), "unknown_instrument", "/tokens/0"},
		"another's among theirs": {remove, deletion(1, token, other), "unknown_instrument", "/tokens/1"},
		"nobody's":               {remove, deletion(1, strings.Repeat("a", 64)), "unknown_instrument", "/tokens/0"},
		"short":                  {remove, deletion(1, "abc"), "invalid_arguments", "/tokens/0"},
		"none":                   {remove, deletion(1), "invalid_arguments", "/tokens"},
		"empty":                  {remove, deletion(1, ""), "invalid_arguments", "/tokens/0"},
		"no customer":            {remove, fmt.Sprintf(`{"tokens":[%q]}`, token), "invalid_arguments", "customer_id"},
		"unvault another's":      {unvault, fmt.Sprintf(`{"customer_id":1,"token":%q}`, other), "unknown_instrument", "/token"},
		"unvault short":          {unvault, `{"customer_id":1,"token":"abc"}`, "invalid_arguments", "/token"},
		"undo nothing":           {undo, `{"job_id":"imp_none"}`, "unknown_job", "list_import_jobs"},
	} {
		t.Run(name, func(t *testing.T) {
			r := f.call(t, tt.tool, tt.arguments)
			if e := r.failure(t); e.Code != tt.code || e.Retryable || !strings.Contains(r.Content[0].Text, tt.says) {
				t.Errorf("%s", r.Content[0].Text)
			}
		})
	}
	if n := len(f.stored(t)); n != 12 {
		t.Errorf("%d are left", n)
	}
}

// TestAPersonIsAskedBeforeADelete, and told what is about to happen, where.
func TestAPersonIsAskedBeforeADelete(t *testing.T) {
	for _, tt := range []struct {
		tool      string
		arguments func(f *fixture, i int) string
		mentions  []string
	}{
		{remove, func(f *fixture, i int) string { return deletion(1, f.tokens(t, 1)[i]) }, []string{"customer 1", "visa ending in 1111", "gateway keeps"}},
		{unvault, func(f *fixture, i int) string { return fmt.Sprintf(`{"customer_id":1,"token":%q}`, f.tokens(t, 1)[i]) }, []string{"customer 1", "visa ending in 1111", "for ever", "cannot be undone"}},
		{undo, func(f *fixture, i int) string { return fmt.Sprintf(`{"job_id":%q}`, f.jobs(t)[i]) }, []string{"12 instruments", "gateway keeps"}},
	} {
		t.Run(tt.tool, func(t *testing.T) {
			f := newFixture(t, allowDeletes)
			f.fill(t, 12)
			f.importRows(t, `{"instruments":[`+row(7, "another job")+`]}`)
			arguments, others := tt.arguments(f, 1), tt.arguments(f, 0)
			all := len(f.stored(t))
			f.holdsBack(t, tt.tool, arguments, others, func() bool { return len(f.stored(t)) == all })
			question, _ := f.asked(t, tt.tool, arguments)
			for _, want := range append(tt.mentions, `sandbox store \"sandbox\"`) {
				if !strings.Contains(question, want) {
					t.Errorf("%q is not in %s", want, question)
				}
			}
			if got := f.says(t, tt.tool, arguments, agrees); len(f.stored(t)) >= all {
				t.Errorf("agreed: %s", got)
			}
		})
	}
}

func TestNoConfirmAsksNothing(t *testing.T) {
	f := newFixture(t, func(d *tools.Dependencies) { d.AllowDeletes, d.NoConfirm = true, true })
	f.fill(t, 6)
	if r := f.raw(t, remove, deletion(1, f.tokens(t, 1)[0]), ""); !strings.Contains(string(r["content"]), "can be imported again") || len(f.stored(t)) != 5 {
		t.Errorf("%s", r["content"])
	}
}

// jobs lists the ids of the imports, newest first.
func (f *fixture) jobs(t testing.TB) []string {
	t.Helper()
	var list struct {
		Jobs []struct {
			ID string `json:"job_id"`
		} `json:"jobs"`
	}
	if err := json.Unmarshal(f.call(t, "list_import_jobs", `{}`).Structured, &list); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, j := range list.Jobs {
		ids = append(ids, j.ID)
	}
	return ids
}

// TestDeletesWhoseAnswerIsLost are settled by a look.
func TestDeletesWhoseAnswerIsLost(t *testing.T) {
	f := newFixture(t, allowDeletes)
	f.fill(t, 12)
	tokens := f.tokens(t, 1)
	f.faults(t, `[{`+deletePath+`,"times":9,"action":{"drop":"after"}}]`)
	if d := f.remove(t, 1, tokens[0]); len(d.Deleted) != 1 || len(f.stored(t)) != 11 {
		t.Errorf("%+v", d)
	}
	f.faults(t, `[{"method":"DELETE","path":"/payments/stored-instruments/`+tokens[1]+`","times":1,"action":{"drop":"after"}}]`)
	arguments := fmt.Sprintf(`{"customer_id":1,"token":%q}`, tokens[1])
	for range 2 { // and a repeated call is a success
		if r := f.call(t, unvault, arguments); r.IsError || len(f.stored(t)) != 10 {
			t.Errorf("%s", r.Content[0].Text)
		}
	}
	f.faults(t, `[{"method":"DELETE","path":"/payments/stored-instruments/`+tokens[2]+`","times":1,"action":{"drop":"before"}}]`)
	if e := f.call(t, unvault, fmt.Sprintf(`{"customer_id":1,"token":%q}`, tokens[2])).failure(t); e.Code != "outcome_unknown" || e.Retryable || len(f.stored(t)) != 10 {
		t.Errorf("%+v", e)
	}
}

// TestUndo takes back what one job has brought, and nothing else.
func TestUndo(t *testing.T) {
	f := newFixture(t, allowDeletes)
	f.fill(t, 12)
	f.writeVault(t, "vault.csv", 120)
	plan := f.importRows(t, `{"file":"vault.csv"}`)
	if j := f.importRows(t, fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID)); j.Imported != 120 {
		t.Fatalf("%+v", j)
	}
	var out struct {
		Deleted   int    `json:"deleted"`
		Remaining int    `json:"remaining"`
		NextStep  string `json:"next_step"`
	}
	arguments := fmt.Sprintf(`{"job_id":%q}`, plan.PlanID)
	for _, want := range []int{120, 0} {
		r := f.call(t, undo, arguments)
		if err := json.Unmarshal(r.Structured, &out); err != nil || out.Deleted != want || out.Remaining != 0 || len(f.stored(t)) != 12 {
			t.Fatalf("%s", r.Content[0].Text)
		}
	}
	plan = f.importRows(t, `{"file":"vault.csv"}`)
	if j := f.importRows(t, fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID)); j.Imported != 120 || len(f.stored(t)) != 132 {
		t.Errorf("imported again: %+v", j)
	}
}

// TestUndoStopsAtARefusal and says how far it came.
func TestUndoStopsAtARefusal(t *testing.T) {
	f := newFixture(t, allowDeletes)
	f.writeVault(t, "vault.csv", 120)
	plan := f.importRows(t, `{"file":"vault.csv"}`)
	f.importRows(t, fmt.Sprintf(`{"plan_id":%q}`, plan.PlanID))
	f.faults(t, `[{`+deletePath+`,"times":1,"action":{}},{`+deletePath+`,"times":1,"action":{"status":403}}]`)
	arguments := fmt.Sprintf(`{"job_id":%q}`, plan.PlanID)
	r := f.call(t, undo, arguments)
	if left := len(f.stored(t)); r.IsError || left == 0 || left == 120 || !strings.Contains(r.Content[0].Text, `"reason":"`) || !strings.Contains(r.Content[0].Text, fmt.Sprintf(`"remaining":%d`, left)) {
		t.Errorf("%d left: %s", left, r.Content[0].Text)
	}
	if r = f.call(t, undo, arguments); r.IsError || len(f.stored(t)) != 0 {
		t.Errorf("%s", r.Content[0].Text)
	}
}
