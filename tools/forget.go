package tools

import (
	"context"
	"sync"
)

// forget has the ledger let go of instruments that this server has deleted, so
// that they can be imported again. It gives what to do when it could not.
func (d Dependencies) forget(ctx context.Context, customerID int64, tokens []string) (nextStep string) {
	if len(tokens) == 0 {
		return ""
	}
	if _, err := d.Importer.RecordDeletion(ctx, customerID, tokens); err != nil {
		d.Logger.Error("the ledger could not be told of a deletion", "customer_id", customerID, "instruments", len(tokens), "error", err)
		return "They are deleted, but the ledger of imports could not be told: an import of the same rows would call them already imported. Tell your person to look in the server's log."
	}
	return ""
}

// explainDelete is explain for deletes from the store alone, which may be made
// again whatever became of them.
func explainDelete(err error) *Error {
	return explain(harmless(err, "Call again with the same arguments: deleting twice does no harm, and what is gone by then counts as deleted."))
}

// deletions are instruments of customers that this server has set out to delete:
// a repeated call finds here those that are gone, and is told apart from one that
// names a stranger's.
type deletions struct {
	mu   sync.Mutex
	seen map[deletion]bool // guarded by mu
}

type deletion struct {
	customerID int64
	token      string
}

// maxDeletions bounds what is remembered: repeats come soon.
const maxDeletions = 10_000

func newDeletions() *deletions { return &deletions{seen: make(map[deletion]bool)} }

func (d *deletions) add(customerID int64, tokens []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.seen)+len(tokens) > maxDeletions {
		clear(d.seen)
	}
	for _, token := range tokens {
		d.seen[deletion{customerID, token}] = true
	}
}

func (d *deletions) has(customerID int64, token string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen[deletion{customerID, token}]
}
