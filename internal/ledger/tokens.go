package ledger

import (
	"context"
	"database/sql"
)

// OldTokens gives the tokens of a customer that are explained: those seen
// before and those that the ledger's own rows have brought. ok is false when
// the customer was never looked at.
func (l *Ledger) OldTokens(ctx context.Context, customerID int64) (old map[string]bool, ok bool, err error) {
	var looked int
	if err := l.read.QueryRowContext(ctx, `SELECT count(*) FROM customers_seen WHERE customer_id = ?`, customerID).Scan(&looked); err != nil || looked == 0 {
		return nil, false, err
	}
	old, err = l.tokens(ctx, `SELECT token FROM tokens_seen WHERE customer_id = ?1
		UNION SELECT token FROM rows WHERE customer_id = ?1 AND state = 3`, customerID)
	return old, err == nil, err
}

// Imported gives the tokens of a customer that imported rows have brought.
func (l *Ledger) Imported(ctx context.Context, customerID int64) (map[string]bool, error) {
	return l.tokens(ctx, `SELECT token FROM rows WHERE customer_id = ? AND state = 3`, customerID)
}

func (l *Ledger) tokens(ctx context.Context, query string, args ...any) (map[string]bool, error) {
	all := make(map[string]bool)
	err := each(ctx, l.read, func(found *sql.Rows) error {
		token, err := single[string](found)
		all[token] = true
		return err
	}, query, args...)
	return all, err
}
