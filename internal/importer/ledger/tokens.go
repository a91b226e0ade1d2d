package ledger

import "context"

// OldTokens gives the tokens of a customer that are explained: those seen
// before and those that the ledger's own rows have brought. ok is false when
// the customer was never looked at.
func (l *Ledger) OldTokens(ctx context.Context, customerID int64) (old map[string]bool, ok bool, err error) {
	var looked int
	if err := l.read.QueryRowContext(ctx, `SELECT count(*) FROM customers_seen WHERE customer_id = ?`, customerID).Scan(&looked); err != nil || looked == 0 {
		return nil, false, err
	}
	found, err := l.read.QueryContext(ctx, `SELECT token FROM tokens_seen WHERE customer_id = ?1
		UNION SELECT token FROM rows WHERE customer_id = ?1 AND state = 3`, customerID)
	if err != nil {
		return nil, false, err
	}
	defer found.Close()
	old = make(map[string]bool)
	for found.Next() {
		var token string
		if err := found.Scan(&token); err != nil {
			return nil, false, err
		}
		old[token] = true
	}
	return old, true, found.Err()
}
