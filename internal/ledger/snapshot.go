package ledger

import (
	"context"
	"database/sql"
)

// CustomersToSee tells how many customers of a job's pending rows have to be
// looked at before anything is sent for them: all but those with a row whose
// outcome is not known, whose own instrument would look old.
func (l *Ledger) CustomersToSee(ctx context.Context, job int64) (int, error) {
	var n int
	err := l.read.QueryRowContext(ctx, `SELECT count(*) FROM (`+customersToSee+`)`, job, Pending).Scan(&n)
	return n, err
}

const customersToSee = `SELECT DISTINCT customer_id FROM rows WHERE job = ?1 AND state = ?2
	EXCEPT SELECT customer_id FROM rows WHERE state IN (2, 6, 7)`

// BeginSeeing forgets what was seen of a job's customers and marks them as
// seen: call it before the looks, whose results SaveSeen and SaveListed add,
// and send nothing before they are all in.
func (l *Ledger) BeginSeeing(ctx context.Context, job int64) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO customers_seen (customer_id, job) SELECT customer_id, ?1 FROM (`+customersToSee+`) WHERE true
			ON CONFLICT (customer_id) DO UPDATE SET job = excluded.job`, job, Pending); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM tokens_seen WHERE customer_id IN (
			SELECT customer_id FROM customers_seen WHERE job = ?1
			EXCEPT SELECT customer_id FROM rows WHERE state IN (2, 6, 7))`, job)
		return err
	})
}

// ListedToken is an instrument of the store's list.
type ListedToken struct {
	CustomerID int64
	Token      string
}

// SaveListed adds instruments of the store's list to what was seen of a job's
// customers; those of others are passed over.
func (l *Ledger) SaveListed(ctx context.Context, job int64, listed []ListedToken) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		for _, t := range listed {
			if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO tokens_seen (customer_id, token)
				SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM customers_seen WHERE customer_id = ?1 AND job = ?3)
				AND NOT EXISTS (SELECT 1 FROM rows WHERE state IN (2, 6, 7) AND customer_id = ?1)`, t.CustomerID, t.Token, job); err != nil {
				return err
			}
		}
		return nil
	})
}

// SeenAfter lists up to limit customers that BeginSeeing has marked for a job,
// beginning behind a customer id.
func (l *Ledger) SeenAfter(ctx context.Context, job, customerID int64, limit int) ([]int64, error) {
	return collect(ctx, l.read, single[int64], `SELECT customer_id FROM customers_seen WHERE job = ? AND customer_id > ? ORDER BY customer_id LIMIT ?`,
		job, customerID, limit)
}
