package ledger

import (
	"context"
	"database/sql"

	"bigcommerce-payments-mcp/internal/check"
)

// PendingRow is a row that waits to be sent.
type PendingRow struct {
	Row        int
	Place      int64
	CustomerID int64
	Attempts   int
	Content    MAC // of the row's values: what is read again must be the same
}

// PendingAfter lists up to limit pending rows of a job behind a row, in order.
func (l *Ledger) PendingAfter(ctx context.Context, job int64, row, limit int) ([]PendingRow, error) {
	return collect(ctx, l.read, func(found *sql.Rows) (p PendingRow, err error) {
		var content []byte
		err = found.Scan(&p.Row, &p.Place, &p.CustomerID, &p.Attempts, &content)
		copy(p.Content[:], content)
		return p, err
	}, `SELECT row, place, customer_id, attempts, content FROM rows
		WHERE job = ? AND row > ? AND state = ? ORDER BY row LIMIT ?`, job, row, Pending, limit)
}

// Counts tells how many rows of a job are in each state.
func (l *Ledger) Counts(ctx context.Context, job int64) (map[State]int, error) {
	return countBy[State](ctx, l.read, `SELECT state, count(*) FROM rows WHERE job = ? GROUP BY state`, job)
}

// RowInfo is what the ledger knows of a row.
type RowInfo struct {
	Row        int
	CustomerID int64
	Type       string
	State      State
	Token      string
	Adopted    bool
	Problems   []check.Problem
	Warnings   []check.Problem
}

// EachRow hands every row of a job to f, in order, until f fails.
func (l *Ledger) EachRow(ctx context.Context, job int64, f func(*RowInfo) error) error {
	return l.eachRow(ctx, f, `WHERE job = ? ORDER BY row`, job)
}

// RowsAfter lists up to limit rows of a job in one of two states behind a row, in
// order.
func (l *Ledger) RowsAfter(ctx context.Context, job int64, a, b State, row, limit int) ([]RowInfo, error) {
	var all []RowInfo
	err := l.eachRow(ctx, func(r *RowInfo) error {
		all = append(all, *r)
		return nil
	}, `WHERE job = ? AND row > ? AND state IN (?, ?) ORDER BY row LIMIT ?`, job, row, a, b, limit)
	return all, err
}

func (l *Ledger) eachRow(ctx context.Context, f func(*RowInfo) error, where string, args ...any) error {
	return each(ctx, l.read, func(found *sql.Rows) error { return scanRow(found, f) },
		`SELECT row, customer_id, type, state, token, adopted, problems, warnings FROM rows `+where, args...) //nolint:gosec // where is a constant of this file
}

func scanRow(found *sql.Rows, f func(*RowInfo) error) error {
	var r RowInfo
	var problems, warnings string
	err := found.Scan(&r.Row, &r.CustomerID, &r.Type, &r.State, &r.Token, &r.Adopted, &problems, &warnings)
	if err != nil {
		return err
	}
	if r.Problems, err = problemsFrom(problems); err != nil {
		return err
	}
	if r.Warnings, err = problemsFrom(warnings); err != nil {
		return err
	}
	return f(&r)
}

// ProblemCount counts the rows of a job in a state that have the same problems,
// or warnings.
type ProblemCount struct {
	Problems []check.Problem
	Rows     int
	FirstRow int
	Pending  int // of the rows
}

// CountProblems counts the rows of a job in any of three states by their
// problems, the most frequent first; at most limit of them.
func (l *Ledger) CountProblems(ctx context.Context, job int64, limit int, a, b, c State) ([]ProblemCount, error) {
	return l.countProblems(ctx, `SELECT problems, count(*), min(row), 0 FROM rows
		WHERE job = ? AND state IN (?, ?, ?) GROUP BY problems ORDER BY 2 DESC, 3 LIMIT ?`, job, a, b, c, limit)
}

// CountWarnings counts the rows of a job that are not refused by their warnings
// in the same way.
func (l *Ledger) CountWarnings(ctx context.Context, job int64, limit int) ([]ProblemCount, error) {
	return l.countProblems(ctx, `SELECT warnings, count(*), min(row), sum(state = ?) FROM rows
		WHERE job = ? AND warnings <> '' AND state <> ? GROUP BY warnings ORDER BY 2 DESC, 3 LIMIT ?`, Pending, job, Refused, limit)
}

func (l *Ledger) countProblems(ctx context.Context, query string, args ...any) ([]ProblemCount, error) {
	return collect(ctx, l.read, func(found *sql.Rows) (c ProblemCount, err error) {
		var text string
		if err = found.Scan(&text, &c.Rows, &c.FirstRow, &c.Pending); err == nil {
			c.Problems, err = problemsFrom(text)
		}
		return c, err
	}, query, args...)
}

// Adopted counts a job's rows that were found in the store.
func (l *Ledger) Adopted(ctx context.Context, job int64) (n int, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT coalesce(sum(adopted), 0) FROM rows WHERE job = ?`, job).Scan(&n)
	return n, err
}

// Unsent is what a job's pending rows are.
type Unsent struct {
	Customers int
	FirstRow  int            // 0: there are none
	LastRow   int            // 0: there are none
	Types     map[string]int // rows by their instrument's type
}

// Unsent counts a job's pending rows.
func (l *Ledger) Unsent(ctx context.Context, job int64) (u Unsent, err error) {
	err = l.read.QueryRowContext(ctx, `SELECT count(DISTINCT customer_id), coalesce(min(row), 0), coalesce(max(row), 0)
		FROM rows WHERE job = ? AND state = ?`, job, Pending).Scan(&u.Customers, &u.FirstRow, &u.LastRow)
	if err != nil {
		return u, err
	}
	u.Types, err = countBy[string](ctx, l.read, `SELECT type, count(*) FROM rows WHERE job = ? AND state = ? GROUP BY type`, job, Pending)
	return u, err
}

// Keep makes a job of its first pending rows, so many, and forgets the others. It
// tells how many pending rows have gone, and the first of them.
func (l *Ledger) Keep(ctx context.Context, job int64, rows int) (gone, first int, err error) {
	err = l.update(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT count(*), coalesce(min(row), 0) FROM (
			SELECT row FROM rows WHERE job = ? AND state = ? ORDER BY row LIMIT -1 OFFSET ?)`, job, Pending, rows).Scan(&gone, &first)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM rows WHERE job = ?1 AND (state <> ?2 OR ?3 > 0 AND row >= ?3)`, job, Pending, first)
		return err
	})
	return gone, first, err
}

// SettleFollowers gives the followers of a job their leaders' outcomes, as far
// as those are known. Those whose leader was removed go with it.
func (l *Ledger) SettleFollowers(ctx context.Context, job int64) error {
	return l.update(ctx, func(tx *sql.Tx) error { return settleFollowers(ctx, tx, job) })
}

func settleFollowers(ctx context.Context, tx *sql.Tx, job int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE rows SET
			state = CASE leader.state WHEN ?1 THEN ?2 ELSE leader.state END,
			token = leader.token, problems = leader.problems
		FROM rows AS leader
		WHERE rows.job = ?3 AND leader.job = ?3 AND leader.row = rows.leader
			AND (rows.state = ?4 AND leader.state IN (?1, ?2, ?5, ?6, ?7)
				OR rows.state IN (?2, ?4) AND leader.state = ?8)`,
		Imported, Already, job, Follower, Refused, Held, Skipped, Removed)
	return err
}
