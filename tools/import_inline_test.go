package tools_test

import (
	"net/http"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/tools"
)

// An inline import that outlasts its call goes on without it, and its job can be
// waited for.
func TestAnInlineImportGoesOnInTheBackground(t *testing.T) {
	store, release := sandbox.New(sandbox.Options{}), make(chan struct{})
	f := newFixtureOn(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			<-release
		}
		store.ServeHTTP(w, r)
	}), sandbox.Token, nil)
	j := f.importRows(t, `{"instruments":[`+braintreeCard+`],"wait_seconds":0}`)
	if j.Status != "running" || j.JobID == "" || !strings.Contains(j.NextStep, "get_import_job with job_id "+j.JobID) {
		t.Errorf("%+v", j)
	}
	close(release)
	r := f.call(t, "get_import_job", `{"job_id":"`+j.JobID+`","wait_seconds":50}`)
	if !strings.Contains(string(r.Structured), `"status":"completed"`) || len(f.stored(t)) != 1 {
		t.Errorf("%s", r.Structured)
	}
}

// Why an import stopped on a full disk names the state directory.
func TestAFullDiskIsExplained(t *testing.T) {
	why := tools.Explain(&ledger.StateError{Dir: "/var/state", Problem: "is on a full disk: make room there"})
	if why != "the state directory /var/state is on a full disk: make room there" {
		t.Errorf("it says %q", why)
	}
}
