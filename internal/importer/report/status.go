package report

import (
	"context"

	"bigcommerce-payments-mcp/internal/ledger"
)

// Status is where a job stands.
type Status string

// The statuses of a job.
const (
	Planned               Status = "planned"
	NothingToSend         Status = "nothing_to_send"
	Running               Status = "running"
	Completed             Status = "completed"
	CompletedWithFailures Status = "completed_with_failures"
	Interrupted           Status = "interrupted"
	Cancelled             Status = "cancelled"
)

// setStatus sets the status of a job that does not run, by what the ledger
// recorded. A job recorded as running was left by a process that died.
func (s *Summary) setStatus(recorded ledger.Status) {
	switch recorded {
	case ledger.Planning, ledger.Planned:
		s.Status = Planned
		if s.Remaining+s.Unconfirmed == 0 {
			s.Status = NothingToSend
		}
	case ledger.CancelledBy:
		s.Status = Cancelled
	case ledger.Finished:
		s.Status = Completed
		if s.Failed+s.Unconfirmed+s.Remaining > 0 {
			s.Status = CompletedWithFailures
		}
	case ledger.Running, ledger.Interrupted:
		s.Status = Interrupted
		if s.Reason == "" {
			s.Reason = "the process that ran it ended"
		}
	}
}

// State reads a job and whether it runs. The lock is asked for first: when it
// is free, what is read then is what the last run has left. A job recorded as
// running has begun since, or was left by a process that died.
func State(ctx context.Context, l *ledger.Ledger, id string) (j ledger.Job, running bool, err error) {
	for range 2 {
		holder, err := l.RunningJob()
		if err != nil {
			return j, false, err
		}
		if j, err = l.JobByID(ctx, id); err != nil || holder == id || j.Status != ledger.Running {
			return j, holder == id, err
		}
	}
	return j, false, nil
}
