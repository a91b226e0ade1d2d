package bcapi

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"
)

func TestHeaders(t *testing.T) {
	var seen []http.Header
	handle := headers(testToken, "agent/2", func(_ context.Context, c *call) (answer, error) {
		seen = append(seen, c.header)
		return answer{status: 200}, nil
	})
	for _, body := range [][]byte{[]byte("{}"), []byte("{}"), nil} {
		if _, err := handle(t.Context(), &call{header: make(http.Header), body: body}); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"Accept": "application/json", "Content-Type": "application/json", "X-Auth-Token": testToken, "User-Agent": "agent/2",
	} {
		if got := seen[0].Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if _, given := seen[2]["Content-Type"]; given {
		t.Error("a request without a body has a Content-Type")
	}
	if _, given := seen[0]["Idempotency-Key"]; given {
		t.Error("there is an Idempotency-Key")
	}
	first, second := seen[0].Get("X-Correlation-Id"), seen[1].Get("X-Correlation-Id")
	if _, err := uuid.Parse(first); err != nil || first == second {
		t.Errorf("correlation ids %q and %q, want two UUIDs", first, second)
	}
}
