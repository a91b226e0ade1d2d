package ledger

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOpenExistingMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if _, err := OpenExisting(t.Context(), dir, testScope); !errors.Is(err, ErrNone) {
		t.Fatalf("without a ledger: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state directory: %v", err)
	}
	job := addJob(t, openLedger(t, dir), card(1, "a"))
	l, err := OpenExisting(t.Context(), dir, testScope)
	must(t, err)
	defer l.Close()
	if got := states(t, l, job); len(got) != 1 {
		t.Errorf("it holds %v", got)
	}
}

// TestExamineFindsDamageInside: a ledger can open and be torn all the same.
func TestExamineFindsDamageInside(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	for customer := range int64(200) {
		addJob(t, l, card(customer+1, "a"))
	}
	must(t, l.Examine(t.Context()))
	ended, end := context.WithCancel(t.Context())
	end()
	if err := l.Examine(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("cut short: %v", err)
	}
	must(t, l.Close())

	_, path := testScope.place(dir)
	content, err := os.ReadFile(path)
	must(t, err)
	for i := 5 * 4096; i < len(content); i++ { // the first pages hold the tables' names
		content[i] ^= 0x55
	}
	must(t, os.WriteFile(path, content, 0o600))
	l, err = OpenExisting(t.Context(), dir, testScope)
	must(t, err)
	defer l.Close()
	var unusable *UnusableError
	if err := l.Examine(t.Context()); !errors.As(err, &unusable) || unusable.Problem != damaged {
		t.Errorf("damage inside: %v", err)
	}
}
