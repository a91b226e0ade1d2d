package tools_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// modern is a request's _meta in the stateless era, from a client that can ask.
const modern = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}`

// What a person may do with a question.
const (
	agrees   = `{"action":"accept","content":{"confirm":true}}`
	saysNo   = `{"action":"accept","content":{"confirm":false}}`
	declines = `{"action":"decline"}`
	closes   = `{"action":"cancel"}`
)

// answered is what a client adds to the call that it repeats.
func answered(content, state string) string {
	return `,"inputResponses":{"confirm":` + content + `},"requestState":` + state
}

// raw sends a tools/call with more parameters and returns its result.
func (f *fixture) raw(t testing.TB, tool, arguments, more string) map[string]json.RawMessage {
	t.Helper()
	answer, err := json.Marshal(f.server.HandleMessage(context.Background(), json.RawMessage(fmt.Sprintf(
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s,%s%s}}`, tool, arguments, modern, more))))
	if err != nil {
		t.Fatal(err)
	}
	var message struct {
		Result map[string]json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(answer, &message); err != nil || message.Result == nil {
		t.Fatalf("%s", answer)
	}
	return message.Result
}

// asked makes a call that has to lead to a question, and returns the question
// and the state to be sent back with the answer.
func (f *fixture) asked(t testing.TB, tool, arguments string) (question, state string) {
	t.Helper()
	r := f.raw(t, tool, arguments, "")
	if string(r["resultType"]) != `"input_required"` {
		t.Fatalf("%s was not asked about: %s", tool, r["content"])
	}
	return string(r["inputRequests"]), string(r["requestState"])
}

// says makes a call, answers its question so, and returns what the tool says
// then.
func (f *fixture) says(t testing.TB, tool, arguments, content string) string {
	t.Helper()
	_, state := f.asked(t, tool, arguments)
	return string(f.raw(t, tool, arguments, answered(content, state))["content"])
}

// holdsBack checks that a call does nothing unless the person agrees to it, in
// this call and with these arguments; undone tells whether nothing was done.
func (f *fixture) holdsBack(t *testing.T, tool, arguments, others string, undone func() bool) {
	t.Helper()
	for name, content := range map[string]string{"said no": saysNo, "declined": declines, "closed": closes} {
		if got := f.says(t, tool, arguments, content); !strings.Contains(got, "declined") || !undone() {
			t.Errorf("%s: %s", name, got)
		}
	}
	_, state := f.asked(t, tool, arguments)
	if got := f.raw(t, tool, arguments, answered(agrees, flip(state)))["content"]; !strings.Contains(string(got), "invalid_confirmation") || !undone() {
		t.Errorf("with an altered state: %s", got)
	}
	if got := f.raw(t, tool, others, answered(agrees, state))["content"]; !strings.Contains(string(got), "invalid_confirmation") || !undone() {
		t.Errorf("with other arguments: %s", got)
	}
}
