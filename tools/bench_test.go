package tools_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
)

// BenchmarkCallOverhead makes the same request of the same store twice: by a
// tool call, and bare. The difference is what a tool call costs over the
// round trip.
func BenchmarkCallOverhead(b *testing.B) {
	f := newFixture(b, nil)
	b.Run("tool", func(b *testing.B) {
		call := json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_payment_access_token","arguments":{"order_id":7}}}`)
		for b.Loop() {
			f.server.HandleMessage(b.Context(), call)
		}
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			bareRequest(b, f.store.URL+"/stores/sandbox/v3/payments/access_tokens")
		}
	})
}

func bareRequest(b *testing.B, url string) {
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, strings.NewReader(`{"order":{"id":7,"is_recurring":false}}`))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Auth-Token", sandbox.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusCreated {
		b.Fatal(response.Status, err)
	}
}
