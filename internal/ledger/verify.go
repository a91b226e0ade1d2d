package ledger

import (
	"context"
	"database/sql"

	"bigcommerce-payments-mcp/bcapi"
)

// BeginListing forgets what an earlier verification listed.
func (l *Ledger) BeginListing(ctx context.Context) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM listed`)
		return err
	})
}

// List notes instruments of the store's list for a verification.
func (l *Ledger) List(ctx context.Context, instruments []bcapi.CustomerInstrument) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT OR REPLACE INTO listed (token, is_default) VALUES (?, ?)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, in := range instruments {
			if _, err := insert.ExecContext(ctx, in.Token, in.IsDefault); err != nil {
				return err
			}
		}
		return nil
	})
}

// Verified tells how a job's rows that are in compare with the store's list.
type Verified struct {
	Present    int // in the list
	Missing    int // imported by this job, and not in the list
	Deleted    int // imported before this job, and not in the list
	NotDefault int // the last of its customer's rows to ask to be the default, and it is not
}

// Verify compares a job's rows with what was listed.
func (l *Ledger) Verify(ctx context.Context, job int64) (Verified, error) {
	var v Verified
	err := l.read.QueryRowContext(ctx, `SELECT
			coalesce(sum(listed.token IS NOT NULL), 0),
			coalesce(sum(listed.token IS NULL AND state = ?2), 0),
			coalesce(sum(listed.token IS NULL AND state = ?3), 0),
			coalesce(sum(listed.is_default = 0 AND mine.is_default AND row = last), 0)
		FROM (SELECT row, state, token, is_default,
				max(CASE WHEN is_default THEN row END) OVER (PARTITION BY customer_id) AS last
			FROM rows WHERE job = ?1 AND state IN (?2, ?3)) AS mine
		LEFT JOIN listed ON listed.token = mine.token`, job, Imported, Already).
		Scan(&v.Present, &v.Missing, &v.Deleted, &v.NotDefault)
	return v, err
}
