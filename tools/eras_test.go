package tools_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// stateless is a request's _meta in the era without a handshake, from a client
// that cannot ask its person.
const stateless = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`

// TestBothErasAreToldTheSame of a failure.
func TestBothErasAreToldTheSame(t *testing.T) {
	for _, c := range apiCalls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, store, arguments := c.broken(t)
			for _, failure := range apiFailures() {
				if failure.putsOff && c.patient {
					continue
				}
				store.breakWith(failure.serve)
				var texts [2]string
				for i, meta := range []string{"", `,` + stateless} {
					var r result
					raw := f.request(t, "tools/call", fmt.Sprintf(`{"name":%q,"arguments":%s%s}`, c.tool, arguments, meta))
					if err := json.Unmarshal(raw, &r); err != nil || len(r.Content) != 1 {
						t.Fatalf("%s", raw)
					}
					texts[i] = withoutIDs(r.Content[0].Text)
					if failure.putsOff { // the first answer holds the second request back
						f, store, arguments = c.broken(t)
						store.breakWith(failure.serve)
					}
				}
				if texts[0] != texts[1] {
					t.Errorf("%s: %s and %s", failure.name, texts[0], texts[1])
				}
			}
		})
	}
}

// withoutIDs takes out what differs from one call to the next.
func withoutIDs(text string) string {
	var answer map[string]any
	if json.Unmarshal([]byte(text), &answer) != nil {
		return text
	}
	failure, _ := answer["error"].(map[string]any)
	details, _ := failure["details"].(map[string]any)
	delete(details, "correlation_id")
	again, _ := json.Marshal(answer)
	return string(again)
}
