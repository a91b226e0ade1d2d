package ledger

import (
	"context"
	"database/sql"
	"time"

	"bigcommerce-payments-mcp/internal/check"
)

// RemovedMessage is the problem of a row whose instrument was deleted from the
// store by our doing.
const RemovedMessage = "deleted from the store again"

// UndoReason is the reason of a job whose undo has begun. Whatever is said of
// the job later takes its place: when it goes on, its undo has to begin anew.
//
// It holds however far the undo came.
const UndoReason = "it is undone: what it has brought into the store is deleted from there again, but for what still counts as imported"

// BeginUndo records that a job is being undone, which is before its first
// instrument is deleted. An unfinished job is cancelled. It is no longer found
// by who asks for the same, since what was removed needs a new job.
func (l *Ledger) BeginUndo(ctx context.Context, job int64) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET reason = ?1, identity = x'', updated_at = ?2,
				status = CASE status WHEN ?3 THEN ?3 ELSE ?4 END
			WHERE job = ?5`, UndoReason, time.Now().UnixMilli(), Finished, CancelledBy, job)
		return err
	})
}

// ownRow is true of a row whose instrument an undo of its job may delete: an
// answer gave it a token that was not there before (Record), and no other row
// of the ledger stands for that instrument.
const ownRow = `mine.state = 3 AND mine.adopted = 0 AND mine.token <> ''
	AND NOT EXISTS (SELECT 1 FROM rows other WHERE other.customer_id = mine.customer_id AND other.state = 3
		AND other.token = mine.token AND (other.job <> mine.job OR other.row <> mine.row))`

// OwnRow is a row whose instrument an undo of its job may delete.
type OwnRow struct {
	Row   int
	Token string
}

// OwnAfter lists up to limit such rows of a job behind a row, in order.
func (l *Ledger) OwnAfter(ctx context.Context, job int64, row, limit int) ([]OwnRow, error) {
	return collect(ctx, l.read, func(found *sql.Rows) (o OwnRow, err error) {
		err = found.Scan(&o.Row, &o.Token)
		return o, err
	}, `SELECT row, token FROM rows mine WHERE job = ? AND row > ? AND `+ownRow+` ORDER BY row LIMIT ?`, job, row, limit)
}

// UndoCounts are counts of a job's instruments.
type UndoCounts struct {
	Own, OwnCustomers         int // what an undo may delete, and of how many customers
	Removed, RemovedCustomers int // deleted again, by an undo or one by one
	Left                      int // imported, and not proven to be the job's own
	Unsettled                 int // rows whose outcome is not known
}

// UndoCounts counts what an undo of a job would do, and has done.
func (l *Ledger) UndoCounts(ctx context.Context, job int64) (UndoCounts, error) {
	var c UndoCounts
	err := l.read.QueryRowContext(ctx, `SELECT
			count(CASE WHEN own THEN 1 END), count(DISTINCT CASE WHEN own THEN customer_id END),
			count(CASE WHEN removed THEN 1 END), count(DISTINCT CASE WHEN removed THEN customer_id END),
			count(CASE WHEN state = ?2 AND NOT own THEN 1 END),
			count(CASE WHEN state IN (2, 6, 7) THEN 1 END)
		FROM (SELECT state, customer_id, `+ownRow+` AS own, state = ?3 AND leader = 0 AS removed
			FROM rows mine WHERE job = ?1)`, job, Imported, Removed).
		Scan(&c.Own, &c.OwnCustomers, &c.Removed, &c.RemovedCustomers, &c.Left, &c.Unsettled)
	return c, err
}

// OwnCustomers names up to limit customers of a job whose instruments an undo
// may delete.
func (l *Ledger) OwnCustomers(ctx context.Context, job int64, limit int) ([]int64, error) {
	return collect(ctx, l.read, single[int64], `SELECT DISTINCT customer_id FROM rows mine WHERE job = ? AND `+ownRow+` LIMIT ?`, job, limit)
}

// Remove records that the instruments of imported rows of a job are not in the
// store any more. Rows that are removed already stay so. SettleFollowers takes
// their followers along.
func (l *Ledger) Remove(ctx context.Context, job int64, rows []int) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		m := manyOf(ctx, tx)
		for _, row := range rows {
			if err := m.remove(job, row); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove also keeps the token as one that is explained, for who looks for
// another row of the customer: what the store shows may be some time old.
func (m *many) remove(job int64, row int) error {
	if _, err := m.exec(explainRow, job, row); err != nil {
		return err
	}
	problem := problemText([]check.Problem{{Message: RemovedMessage}})
	_, err := m.exec(removeRow, Removed, problem, job, row, Imported)
	return err
}

const (
	removeRow = `UPDATE rows SET state = ?, adopted = 0, problems = ? WHERE job = ? AND row = ? AND state = ?`

	explainRow = `INSERT OR IGNORE INTO tokens_seen (customer_id, token)
		SELECT customer_id, token FROM rows WHERE job = ? AND row = ? AND state = 3`

	explainToken = `INSERT OR IGNORE INTO tokens_seen (customer_id, token) VALUES (?, ?)`
)

// Forget records that a customer's instruments with these tokens were deleted
// from the store, and returns how many rows had imported one, and their jobs. An
// import may run meanwhile.
func (l *Ledger) Forget(ctx context.Context, customerID int64, tokens []string) (removed int, jobs []Job, err error) {
	err = l.update(ctx, func(tx *sql.Tx) error {
		m := manyOf(ctx, tx)
		touched := make(map[int64]bool)
		for _, token := range tokens {
			// An import may have looked at the store just before: it must not take
			// the instrument for one of its own, whether a row has it yet or not.
			if _, err := m.exec(explainToken, customerID, token); err != nil {
				return err
			}
			rows, err := rowsOf(ctx, tx, customerID, token)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if err := m.remove(r.job, r.row); err != nil {
					return err
				}
				touched[r.job] = true
			}
			removed += len(rows)
		}
		for num := range touched {
			if err := settleFollowers(ctx, tx, num); err != nil {
				return err
			}
			job, err := scanJob(tx.QueryRowContext(ctx, "SELECT "+jobColumns+" FROM jobs WHERE job = ?", num))
			if err != nil {
				return err
			}
			jobs = append(jobs, job)
		}
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return removed, jobs, nil
}

type rowKey struct {
	job int64
	row int
}

// rowsOf finds the rows that have imported an instrument.
func rowsOf(ctx context.Context, tx *sql.Tx, customerID int64, token string) ([]rowKey, error) {
	return collect(ctx, tx, func(found *sql.Rows) (k rowKey, err error) {
		err = found.Scan(&k.job, &k.row)
		return k, err
	}, `SELECT job, row FROM rows WHERE customer_id = ? AND state = 3 AND token = ?`, customerID, token)
}

// Reopen makes the already rows of a job pending again whose instrument has
// been removed since it was planned, so that a job which goes on does not take
// them for done. Call it before the job's customers are looked at.
func (l *Ledger) Reopen(ctx context.Context, job int64) error {
	changed := problemText([]check.Problem{{Field: vaultField, Message: ChangedWarning}})
	return l.update(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE rows SET state = ?1, token = '', warnings = CASE warnings WHEN ?2 THEN '' ELSE warnings END
			WHERE job = ?3 AND state = ?4 AND leader = 0 AND NOT EXISTS (
				SELECT 1 FROM claims JOIN rows other ON other.job = claims.job AND other.row = claims.row
				WHERE claims.fingerprint = rows.fingerprint AND other.state = ?5)`,
			Pending, changed, job, Already, Imported)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE rows SET state = ?1, token = '' FROM rows AS leader
			WHERE rows.job = ?2 AND rows.state = ?3 AND leader.job = ?2 AND leader.row = rows.leader AND leader.state = ?4`,
			Follower, job, Already, Pending)
		return err
	})
}
