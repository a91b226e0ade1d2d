package tools_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// slowly makes the request of a call wait until it is let go, and then has the
// store act on it.
func slowly(store *brokenStore) (arrived, letGo chan struct{}) {
	arrived, letGo = make(chan struct{}, 10), make(chan struct{})
	store.breakWith(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-letGo
		store.sandbox.ServeHTTP(w, r)
	})
	return arrived, letGo
}

// begin makes a call on a context of its own.
func (f *fixture) begin(ctx context.Context, tool, arguments string) <-chan result {
	done := make(chan result, 1)
	go func() {
		answer, _ := json.Marshal(f.server.HandleMessage(ctx, json.RawMessage(fmt.Sprintf(
			`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, tool, arguments))))
		var message struct {
			Result result `json:"result"`
		}
		_ = json.Unmarshal(answer, &message)
		done <- message.Result
	}()
	return done
}

const patience = time.Minute // only a hang reaches it

func (f *fixture) ended(t *testing.T, done <-chan result) result {
	t.Helper()
	select {
	case r := <-done:
		if len(r.Content) != 1 {
			t.Fatalf("%+v", r)
		}
		return r
	case <-time.After(patience):
		t.Fatal("the call does not end")
		return result{}
	}
}

// TestACancelledCall ends at once where it only reads. A request that changes
// something is waited for, and what became of it is told.
func TestACancelledCall(t *testing.T) {
	outcomes := map[string]string{ // of what is under way when the call is cancelled
		"mint":    `"token":"ey`,
		"update":  `"is_default":true`,
		"delete":  `"not_deleted":[]`,
		"unvault": `"unvaulted":"`,
		"undo":    `"deleted":2,"remaining":0,"refused":0,"adopted":0,"unsettled":0,"next_step":"What the job created is not in the store any more`,
	}
	for _, c := range apiCalls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, store, arguments := c.broken(t)
			arrived, letGo := slowly(store)
			ctx, cancel := context.WithCancel(t.Context())
			done := f.begin(ctx, c.tool, arguments)
			<-arrived
			cancel()
			if c.method == http.MethodGet {
				defer close(letGo)
			} else {
				close(letGo)
			}
			r := f.ended(t, done)
			if want := outcomes[c.name]; want != "" {
				if r.IsError || !strings.Contains(r.Content[0].Text, want) {
					t.Errorf("want %s: %s", want, r.Content[0].Text)
				}
				return
			}
			told{"cancelled", true, []string{"Call again if it is still wanted"}}.check(t, c.name, r)
			if e := r.failure(t); !strings.Contains(e.Message, "A read changes nothing") {
				t.Errorf("%q", e.Message)
			}
		})
	}
}

// TestACallCancelledBeforeItsRequest: nothing is sent any more, and what needs
// no request is not begun.
func TestACallCancelledBeforeItsRequest(t *testing.T) {
	calls := append(apiCalls(),
		apiCall{name: "list of imports", tool: "list_import_jobs", arguments: `{}`},
		apiCall{name: "an import", tool: "get_import_job", arguments: `{"job_id":"JOB"}`},
		apiCall{name: "its cancellation", tool: "cancel_import_job", arguments: `{"job_id":"JOB"}`},
	)
	for _, c := range calls {
		f, store, arguments := c.broken(t)
		store.breakWith(func(http.ResponseWriter, *http.Request) { t.Errorf("%s: sent", c.name) })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if e := f.ended(t, f.begin(ctx, c.tool, arguments)).failure(t); e.Code != "cancelled" || !e.Retryable {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
}

// TestACancelledWaitLeavesTheImportRunning, whatever it was at and whichever
// call waited for it.
func TestACancelledWaitLeavesTheImportRunning(t *testing.T) {
	for _, c := range sendCalls() {
		for name, start := range map[string]func(f *fixture, arguments string) (tool, waits string, rows int){
			"rows": func(_ *fixture, arguments string) (string, string, int) { return c.tool, arguments, 1 },
			"a plan": func(f *fixture, _ string) (string, string, int) {
				return c.tool, fmt.Sprintf(`{"plan_id":%q}`, f.importRows(t, `{"file":"vault.csv"}`).PlanID), 3
			},
			"a job": func(f *fixture, _ string) (string, string, int) {
				plan := f.importRows(t, `{"file":"vault.csv"}`)
				f.importRows(t, fmt.Sprintf(`{"plan_id":%q,"wait_seconds":0}`, plan.PlanID))
				return "get_import_job", fmt.Sprintf(`{"job_id":%q,"wait_seconds":50}`, plan.PlanID), 3
			},
		} {
			t.Run(c.name+" of "+name, func(t *testing.T) {
				t.Parallel()
				f, store, arguments := c.broken(t)
				arrived, letGo := slowly(store)
				tool, arguments, rows := start(f, arguments)
				ctx, cancel := context.WithCancel(t.Context())
				done := f.begin(ctx, tool, arguments)
				<-arrived
				cancel()
				e := f.ended(t, done).failure(t)
				if e.Code != "cancelled" || !strings.Contains(e.Message, "goes on") || !strings.Contains(e.NextStep, "list_import_jobs") {
					t.Errorf("%+v", e)
				}
				close(letGo)
				r := f.call(t, "get_import_job", fmt.Sprintf(`{"job_id":%q,"wait_seconds":50}`, f.jobs(t)[0]))
				if !strings.Contains(r.Content[0].Text, `"status":"completed"`) || len(f.stored(t)) != rows {
					t.Errorf("%s", r.Content[0].Text)
				}
			})
		}
	}
}
