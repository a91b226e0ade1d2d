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
	Planning    Status = "planning" // a Draft: nobody sees it
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

// SetPlan replaces what is recorded of a job's request.
func (l *Ledger) SetPlan(ctx context.Context, job int64, plan json.RawMessage) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET plan = ? WHERE job = ?`, string(plan), job)
		return err
	})
}

// Begin records that a job runs, with what is recorded of its request from now
// on. Call it with the lock held.
func (l *Ledger) Begin(ctx context.Context, job int64, plan json.RawMessage) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET status = ?, reason = '', plan = ?, updated_at = ? WHERE job = ?`,
			Running, string(plan), time.Now().UnixMilli(), job)
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

// Take gives a job to the holder of the lock and forgets that somebody asked it
// to stop: call it as soon as the lock is held, so that what is asked from then
// on counts. ErrNoJob when there is none.
func (l *Ledger) Take(ctx context.Context, id string) (j Job, err error) {
	err = l.update(ctx, func(tx *sql.Tx) error {
		j, err = scanJob(tx.QueryRowContext(ctx, `UPDATE jobs SET cancelled = 0 WHERE id = ? AND status <> ? RETURNING `+jobColumns, id, Planning))
		return err
	})
	return j, err
}

// AskedToStop reports whether somebody has asked a job to stop.
func (l *Ledger) AskedToStop(ctx context.Context, job int64) (bool, error) {
	var asked bool
	err := l.read.QueryRowContext(ctx, `SELECT cancelled FROM jobs WHERE job = ?`, job).Scan(&asked)
	return asked, err
}

// JobByID finds a job; ErrNoJob when there is none.
func (l *Ledger) JobByID(ctx context.Context, id string) (Job, error) {
	return scanJob(l.read.QueryRowContext(ctx, "SELECT "+jobColumns+" FROM jobs WHERE id = ? AND status <> ?", id, Planning))
}

// JobIDs lists up to limit of the scope's jobs, newest first.
func (l *Ledger) JobIDs(ctx context.Context, limit int) ([]string, error) {
	return collect(ctx, l.read, single[string], "SELECT id FROM jobs WHERE status <> ? ORDER BY job DESC LIMIT ?", Planning, limit)
}

// ReportPath is where the report of a job lies, if there is one.
func (l *Ledger) ReportPath(id string) string {
	return filepath.Join(l.dir, "reports", id+".csv")
}
