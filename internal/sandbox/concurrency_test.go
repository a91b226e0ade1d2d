package sandbox_test

import (
	"fmt"
	"sync"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
)

// TestConcurrentUse: what many clients do at once adds up, and the log misses none of it.
func TestConcurrentUse(t *testing.T) {
	const clients, rounds = 8, 10
	s := newStore(t, sandbox.Options{Quota: sandbox.Quota{Requests: 100_000, Window: 1 << 40}})
	s.faults(fmt.Sprintf(`[{"path":"/payments/methods","times":%d,"action":{"status":500}}]`, clients))
	var faulted sync.Map
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			for round := range rounds {
				id := client*rounds + round + 1
				imported := s.load(card(id, "a"), card(id, "b"), card(1, "c"))
				s.list("?limit=10")
				s.do("DELETE", instrumentsPath+"?token:in="+imported.Data[1].Instrument.Token, "").want(204)
				s.do("GET", fmt.Sprintf("/customers/%d/stored-instruments", id), "").want(200)
				if s.do("GET", "/payments/methods?order_id=1", "", foreign).status == 500 {
					faulted.Store(id, true)
				}
				s.stored()
			}
		})
	}
	wg.Wait()
	tokens := map[string]bool{}
	defaults := map[int64]int{}
	for _, row := range s.stored() {
		tokens[row.Token] = true
		if row.IsDefault {
			defaults[row.CustomerID]++
		}
	}
	if want := clients * rounds * 2; len(tokens) != want {
		t.Errorf("%d instruments, want %d", len(tokens), want)
	}
	for id, n := range defaults {
		if n != 1 {
			t.Errorf("customer %d has %d defaults", id, n)
		}
	}
	n := 0
	faulted.Range(func(any, any) bool { n++; return true })
	if n != clients {
		t.Errorf("%d requests met the fault, want %d", n, clients)
	}
	if got := len(s.requests()); got != clients*rounds*5 {
		t.Errorf("%d requests logged, want %d", got, clients*rounds*5)
	}
}
