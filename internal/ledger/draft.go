package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"syscall"
	"time"
)

// Draft is a job that is being planned. Nobody sees it before it is published
// or begun. What a process that died has left of one is swept when a ledger is
// opened or the next draft is made, but never while anybody plans: all who plan
// share a lock, and who sweeps must have it alone.
type Draft struct {
	Job
	ledger *Ledger
	lock   *os.File // nil once the job is seen, or gone
}

// planPause is how often is looked whether the drafts are swept.
const planPause = 5 * time.Millisecond

// NewDraft begins to plan a job. What was asked for is recorded with it.
func (l *Ledger) NewDraft(ctx context.Context, id string, plan json.RawMessage) (*Draft, error) {
	if err := l.sweep(ctx); err != nil {
		return nil, err
	}
	d := &Draft{ledger: l, Job: Job{ID: id, Status: Planning, Plan: plan, Identity: []byte{}}}
	for d.lock == nil {
		var err error
		d.lock, err = l.lockFile("planning", syscall.LOCK_SH|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EWOULDBLOCK):
			time.Sleep(planPause)
		case err != nil:
			return nil, l.stateError(err)
		}
		if ctx.Err() != nil {
			return nil, errors.Join(ctx.Err(), d.close())
		}
	}
	if err := l.CreateJob(ctx, &d.Job); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// Publish lets everybody see the job, with what was asked for and an identity
// that is equal for equal content and options; none when it is empty. A plan
// that asks for the same is replaced: its name is taken over. A job that asks
// for the same and was begun is returned, and nothing is published.
func (d *Draft) Publish(ctx context.Context, status Status, plan json.RawMessage, identity []byte) (instead *Job, err error) {
	id := d.ID
	err = d.ledger.update(ctx, func(tx *sql.Tx) error {
		like, err := likeJob(ctx, tx, identity)
		switch {
		case errors.Is(err, ErrNoJob):
		case err != nil:
			return err
		default:
			id = like.ID
			if instead, err = d.replace(ctx, tx, like); err != nil || instead != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE jobs SET id = ?, status = ?, plan = ?, identity = ?, updated_at = ? WHERE job = ?`,
			id, status, string(plan), identity, time.Now().UnixMilli(), d.Num)
		return err
	})
	if err != nil || instead != nil {
		return instead, err
	}
	d.ID, d.Status, d.Plan, d.Identity = id, status, plan, identity
	return nil, d.close()
}

// likeJob finds the oldest unfinished job with an identity.
func likeJob(ctx context.Context, tx *sql.Tx, identity []byte) (Job, error) {
	return scanJob(tx.QueryRowContext(ctx, "SELECT "+jobColumns+` FROM jobs
		WHERE identity = ? AND length(identity) > 0 AND status NOT IN (?, ?) ORDER BY job LIMIT 1`, identity, Planning, Finished))
}

// replace forgets a plan. A job that was begun is never forgotten, but returned;
// nor is one that somebody is about to begin: they take the lock first, and then
// the job, for which they have to wait until this transaction has ended.
func (d *Draft) replace(ctx context.Context, tx *sql.Tx, like Job) (*Job, error) {
	running, err := d.ledger.RunningJob()
	if err != nil {
		return nil, err
	}
	if like.Status != Planned || running == like.ID {
		return &like, nil
	}
	return nil, forget(ctx, tx, like.Num)
}

// Begin records that the job runs, seen by everybody; see Ledger.Begin.
func (d *Draft) Begin(ctx context.Context, plan json.RawMessage) error {
	if err := d.ledger.Begin(ctx, d.Num, plan); err != nil {
		return err
	}
	d.Status = Running
	return d.close()
}

// Discard forgets a job that nobody has seen; later it does nothing. What it
// cannot forget, on a full disk say, is swept later.
func (d *Draft) Discard(ctx context.Context) {
	if d.lock == nil {
		return
	}
	_ = d.ledger.update(ctx, func(tx *sql.Tx) error { return forget(ctx, tx, d.Num) })
	_ = d.close()
}

func (d *Draft) close() error {
	if d.lock == nil {
		return nil
	}
	err := d.lock.Close()
	d.lock = nil
	return err
}

// sweep forgets what processes that died have left of their drafts.
func (l *Ledger) sweep(ctx context.Context) error {
	var drafts int
	err := l.read.QueryRowContext(ctx, `SELECT count(*) FROM jobs WHERE status = ?`, Planning).Scan(&drafts)
	if err != nil || drafts == 0 {
		return err
	}
	lock, err := l.lockFile("planning", syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return l.stateError(err)
	}
	defer lock.Close()
	return l.update(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM rows WHERE job IN (SELECT job FROM jobs WHERE status = ?)`, Planning)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM jobs WHERE status = ?`, Planning)
		return err
	})
}

// forget deletes a job that has sent nothing.
func forget(ctx context.Context, tx *sql.Tx, job int64) error {
	var sent bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM claims WHERE job = ?)`, job).Scan(&sent); err != nil {
		return err
	}
	if sent {
		return errors.New("ledger: a job that has sent rows is never forgotten")
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM rows WHERE job = ?`, job); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM jobs WHERE job = ?`, job)
	return err
}
