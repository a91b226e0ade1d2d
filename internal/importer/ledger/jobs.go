package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"time"
)

// Status is where a job stands, as far as the ledger knows: a job that says
// running while nobody holds the scope's lock was left by a process that died.
type Status string

// The statuses of a job.
const (
	Planned     Status = "planned"
	Running     Status = "running"
	Interrupted Status = "interrupted"
	CancelledBy Status = "cancelled"
	Finished    Status = "finished"
)

// Job is one import.
type Job struct {
	Num       int64  // the ledger's own number
	ID        string // what others call it
	Status    Status
	Reason    string // why it was interrupted
	Plan      json.RawMessage
	Identity  []byte // equal for jobs that were asked to do the same
	CreatedAt time.Time
	UpdatedAt time.Time
	Cancelled bool // somebody asked it to stop
}

// ErrNoJob is returned for a job that this scope does not have.
var ErrNoJob = errors.New("no such import job in this store's ledger")

const jobColumns = "job, id, status, reason, plan, identity, created_at, updated_at, cancelled"

func scanJob(row interface{ Scan(...any) error }) (Job, error) {
	var j Job
	var created, updated int64
	err := row.Scan(&j.Num, &j.ID, &j.Status, &j.Reason, (*[]byte)(&j.Plan), &j.Identity, &created, &updated, &j.Cancelled)
	j.CreatedAt, j.UpdatedAt = time.UnixMilli(created), time.UnixMilli(updated)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoJob
	}
	return j, err
}

// CreateJob records a new job and gives it its number.
func (l *Ledger) CreateJob(ctx context.Context, j *Job) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		now := time.Now()
		j.CreatedAt, j.UpdatedAt = now, now
		result, err := tx.ExecContext(ctx, `INSERT INTO jobs (id, status, reason, plan, identity, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			j.ID, j.Status, j.Reason, string(j.Plan), j.Identity, now.UnixMilli(), now.UnixMilli())
		if err != nil {
			return err
		}
		j.Num, err = result.LastInsertId()
		return err
	})
}

// SetStatus records where a job stands.
func (l *Ledger) SetStatus(ctx context.Context, job int64, status Status, reason string) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET status = ?1, reason = ?2, updated_at = ?3 WHERE job = ?4`,
			status, reason, time.Now().UnixMilli(), job)
		return err
	})
}

// SetPlan replaces what is recorded of a job's request, and its identity.
func (l *Ledger) SetPlan(ctx context.Context, job int64, plan json.RawMessage, identity []byte) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET plan = ?, identity = ?, updated_at = ? WHERE job = ?`,
			string(plan), identity, time.Now().UnixMilli(), job)
		return err
	})
}

// SetStatusIf records where a job stands if it stands where it is thought to.
func (l *Ledger) SetStatusIf(ctx context.Context, job int64, from, to Status, reason string) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET status = ?, reason = ?, updated_at = ? WHERE job = ? AND status = ?`,
			to, reason, time.Now().UnixMilli(), job, from)
		return err
	})
}

// AskToStop asks the process that runs a job, whichever it is, to stop it
// between batches.
func (l *Ledger) AskToStop(ctx context.Context, job int64) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET cancelled = 1 WHERE job = ?`, job)
		return err
	})
}

// ForgetStop forgets that somebody asked a job to stop: call it as soon as the
// lock is held, so that what is asked from then on counts.
func (l *Ledger) ForgetStop(ctx context.Context, job int64) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET cancelled = 0 WHERE job = ?`, job)
		return err
	})
}

// AskedToStop reports whether somebody has asked a job to stop.
func (l *Ledger) AskedToStop(ctx context.Context, job int64) (bool, error) {
	var asked bool
	err := l.read.QueryRowContext(ctx, `SELECT cancelled FROM jobs WHERE job = ?`, job).Scan(&asked)
	return asked, err
}

// JobByID finds a job; ErrNoJob when there is none.
func (l *Ledger) JobByID(ctx context.Context, id string) (Job, error) {
	return scanJob(l.read.QueryRowContext(ctx, "SELECT "+jobColumns+" FROM jobs WHERE id = ?", id))
}

// UnfinishedLike finds the oldest unfinished job with an identity, other than
// one; ErrNoJob when there is none.
func (l *Ledger) UnfinishedLike(ctx context.Context, identity []byte, other int64) (Job, error) {
	return scanJob(l.read.QueryRowContext(ctx, "SELECT "+jobColumns+" FROM jobs WHERE identity = ? AND status <> ? AND job <> ? ORDER BY job LIMIT 1", identity, Finished, other))
}

// Jobs lists the scope's jobs, newest first.
func (l *Ledger) Jobs(ctx context.Context) ([]Job, error) {
	found, err := l.read.QueryContext(ctx, "SELECT "+jobColumns+" FROM jobs ORDER BY job DESC")
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var all []Job
	for found.Next() {
		j, err := scanJob(found)
		if err != nil {
			return nil, err
		}
		all = append(all, j)
	}
	return all, found.Err()
}

// ReplacePlan gives a newer plan the name of an older one, which it forgets,
// and reports whether it did: a job that was begun is never forgotten.
func (l *Ledger) ReplacePlan(ctx context.Context, old Job, newer int64) (bool, error) {
	running, err := l.RunningJob()
	if err != nil || running == old.ID || old.Status != Planned {
		return false, err
	}
	replaced := false
	err = l.update(ctx, func(tx *sql.Tx) error {
		gone, err := tx.ExecContext(ctx, `DELETE FROM jobs WHERE job = ? AND status = ?`, old.Num, Planned)
		if err != nil {
			return err
		}
		if n, err := gone.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM rows WHERE job = ?`, old.Num); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE jobs SET id = ? WHERE job = ?`, old.ID, newer)
		replaced = err == nil
		return err
	})
	return replaced && err == nil, err
}

// DeletePlan forgets a job that has sent nothing.
func (l *Ledger) DeletePlan(ctx context.Context, job int64) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		var sent int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM claims WHERE job = ?`, job).Scan(&sent); err != nil {
			return err
		}
		if sent > 0 {
			return errors.New("ledger: a job that has sent rows is never forgotten")
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM rows WHERE job = ?`, job); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM jobs WHERE job = ?`, job)
		return err
	})
}

// ReportPath is where the report of a job lies, if there is one.
func (l *Ledger) ReportPath(id string) string {
	return filepath.Join(l.dir, "reports", id+".csv")
}
