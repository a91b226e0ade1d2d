package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
)

// Outcome is a change of one row's state.
type Outcome struct {
	Row      int
	To       State
	Token    string          // when To is Imported
	Adopted  bool            // imported, as told by a look at the store and not by an answer
	Problems []check.Problem // when To is Refused or Held
	// UnknownUntil is when the next look at the store counts, and Absent how
	// many have not found it, when To is Unconfirmed.
	UnknownUntil time.Time
	Absent       int
	// NotCounted takes back the attempt: it is certain that nothing was done.
	NotCounted bool
}

// MarkSent records rows as on their way; only then may their request leave.
func (l *Ledger) MarkSent(ctx context.Context, job int64, rows []int) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		m := manyOf(ctx, tx)
		for _, row := range rows {
			if err := m.change(job, row, Sent, markSent); err != nil {
				return err
			}
			if err := m.claim(job, row); err != nil {
				return err
			}
		}
		return nil
	})
}

// claim makes a row the holder of its fingerprint, and an owner of its vault
// token and provider customer.
func (m *many) claim(job int64, row int) error {
	claimed, err := m.exec(claimFingerprint, job, row)
	if err != nil {
		return err
	}
	if claimed == 0 {
		return &ClaimedError{Job: job, Row: row}
	}
	_, err = m.exec(claimOwned, job, row)
	return err
}

// The statements of sending: each begins with the row's state, and changes
// nothing when another row holds the claim.
const (
	markSent = `attempts = attempts + 1, absent = 0`

	// A token that was there before the row was sent proves no more than a look.
	recordOutcome = `token = ?, adopted = ? OR EXISTS (SELECT 1 FROM tokens_seen seen
		WHERE seen.customer_id = rows.customer_id AND seen.token = ?), problems = ?, unknown_at = ?, absent = ?, attempts = attempts - ?`

	claimFingerprint = `INSERT INTO claims (fingerprint, job, row) SELECT fingerprint, job, row FROM rows WHERE job = ?1 AND row = ?2
		ON CONFLICT (fingerprint) DO UPDATE SET job = excluded.job, row = excluded.row
		WHERE NOT EXISTS (SELECT 1 FROM rows o WHERE o.job = claims.job AND o.row = claims.row
			AND o.state IN ` + blocking + ` AND (o.job <> ?1 OR o.row <> ?2))`

	claimOwned = `INSERT OR IGNORE INTO owners (mac, customer_id, job, row)
		SELECT vault, customer_id, job, row FROM rows WHERE job = ?1 AND row = ?2 AND length(vault) > 0
		UNION ALL
		SELECT payer, customer_id, job, row FROM rows WHERE job = ?1 AND row = ?2 AND length(payer) > 0`
)

// ClaimedError is a row whose instrument another row has brought, or may have:
// it must not be sent.
type ClaimedError struct {
	Job int64
	Row int
}

func (e *ClaimedError) Error() string {
	return fmt.Sprintf("ledger: the instrument of row %d of job %d is claimed by another row", e.Row, e.Job)
}

// Record records what became of rows.
func (l *Ledger) Record(ctx context.Context, job int64, outcomes []Outcome) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		m := manyOf(ctx, tx)
		for i := range outcomes {
			o := &outcomes[i]
			until := int64(0)
			if !o.UnknownUntil.IsZero() {
				until = o.UnknownUntil.UnixMilli()
			}
			if err := m.change(job, o.Row, o.To, recordOutcome,
				o.Token, o.Adopted, o.Token, problemText(o.Problems), until, o.Absent, o.NotCounted); err != nil {
				return err
			}
		}
		return nil
	})
}

// change moves a row to a state that its own allows. set is one of the constants
// above.
func (m *many) change(job int64, row int, to State, set string, args ...any) error {
	query := `UPDATE rows SET state = ?, ` + set + ` WHERE job = ? AND row = ? AND state IN ` + before(to)
	changed, err := m.exec(query, append(append([]any{to}, args...), job, row)...)
	if err != nil || changed == 1 {
		return err
	}
	var from State
	if err := m.tx.QueryRowContext(m.ctx, `SELECT state FROM rows WHERE job = ? AND row = ?`, job, row).Scan(&from); err != nil {
		return err
	}
	return &TransitionError{Job: job, Row: row, From: from, To: to}
}

// before lists the states from which a state may be reached.
func before(to State) string {
	var from []string
	for s := Pending; s <= Removed; s++ {
		if s.mayBecome(to) {
			from = append(from, strconv.Itoa(int(s)))
		}
	}
	return "(" + strings.Join(from, ", ") + ")"
}

// Recover makes the rows that a dead process left as sent unconfirmed, in every
// job of the scope: a request may have left. Call it with the lock held.
func (l *Ledger) Recover(ctx context.Context, until time.Time) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE rows SET state = ?, unknown_at = ? WHERE state = ?`, Unconfirmed, until.UnixMilli(), Sent)
		return err
	})
}

// UnsettledRow is a row whose outcome is not known.
type UnsettledRow struct {
	Job          int64
	JobID        string
	Row          int
	Place        int64
	CustomerID   int64
	Type         bcapi.InstrumentType
	Look         Look
	Content      MAC
	State        State
	Attempts     int
	Absent       int // looks that did not find it
	UnknownUntil time.Time
}

// Unsettled lists the rows of the scope whose outcome is not known: few, since
// an import stops after three batches of them in a row.
func (l *Ledger) Unsettled(ctx context.Context) ([]UnsettledRow, error) {
	return collect(ctx, l.read, func(found *sql.Rows) (o UnsettledRow, err error) {
		var look, content []byte
		var until int64
		err = found.Scan(&o.Job, &o.JobID, &o.Row, &o.Place, &o.CustomerID, &o.Type, &look, &content, &o.State, &o.Attempts, &o.Absent, &until)
		o.Look, o.UnknownUntil = lookFrom(look), time.UnixMilli(until)
		copy(o.Content[:], content)
		return o, err
	}, `SELECT job, (SELECT id FROM jobs WHERE jobs.job = rows.job),
		row, place, customer_id, type, look, content, state, attempts, absent, unknown_at
		FROM rows WHERE state IN (2, 6, 7) ORDER BY job, row`)
}

// MarkAbsent records that a look at the store did not find an unconfirmed row,
// and when the next look counts.
func (l *Ledger) MarkAbsent(ctx context.Context, job int64, row int, next time.Time) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE rows SET absent = absent + 1, unknown_at = ? WHERE job = ? AND row = ? AND state = ?`,
			next.UnixMilli(), job, row, Unconfirmed)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return errors.New("ledger: only an unconfirmed row can be absent")
	})
}

// Answer carries out what a person says of held rows: those of a job, and those
// of other jobs whose instrument the job has too. Resent rows are sent by the
// job; skipped ones keep their claim, so that nothing sends them by mistake.
func (l *Ledger) Answer(ctx context.Context, job int64, resend bool) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		next := Skipped
		if resend {
			next = Pending
		}
		_, err := tx.ExecContext(ctx, `UPDATE rows SET attempts = 0, state = CASE WHEN leader > 0 AND ?1 = ?2 THEN ?3 ELSE ?1 END
			WHERE state = ?4 AND (job = ?5 OR fingerprint IN (SELECT fingerprint FROM rows WHERE job = ?5))`,
			next, Pending, Follower, Held, job)
		if err != nil {
			return err
		}
		// Rows of the job that were refused because of those.
		held, skipped := waitingProblem(HeldMessage), waitingProblem(SkippedMessage)
		if !resend {
			_, err = tx.ExecContext(ctx, `UPDATE rows SET problems = ? WHERE job = ? AND state = ? AND problems = ?`, skipped, job, Refused, held)
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE rows SET problems = '', state = CASE WHEN leader > 0 THEN ?1 ELSE ?2 END
			WHERE job = ?3 AND state = ?4 AND problems = ?5`, Follower, Pending, job, Refused, held)
		return err
	})
}
