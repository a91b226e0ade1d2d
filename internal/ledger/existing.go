package ledger

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// ErrNone is returned when there is no ledger to be opened.
var ErrNone = errors.New("this store has no ledger yet")

// OpenExisting opens a ledger as Open does, and makes none: without one the
// error is ErrNone, and nothing was written.
func OpenExisting(ctx context.Context, stateDir string, scope Scope) (*Ledger, error) {
	_, path := scope.place(stateDir)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, ErrNone
	} else if err != nil {
		return nil, &UnusableError{Path: path, Problem: "cannot be opened: " + reason(err), Cause: err}
	}
	return Open(ctx, stateDir, scope)
}

// Examine reads the whole ledger, and gives an *UnusableError when it is damaged
// somewhere. The time that it takes grows with the ledger; the end of ctx cuts it
// short with ctx's error.
func (l *Ledger) Examine(ctx context.Context) error {
	path := filepath.Join(l.dir, fileName)
	var found string
	err := l.read.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch {
	case err != nil:
		return l.unusable(path, err)
	case found != "ok":
		return &UnusableError{Path: path, Problem: damaged, Cause: errors.New(found)}
	}
	return nil
}
