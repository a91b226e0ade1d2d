package importer

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"bigcommerce-payments-mcp/internal/importfile"
	"bigcommerce-payments-mcp/internal/ledger"
)

// JobID names one import, in answers, in the ledger and in the log.
type JobID string

// newJobID makes an id that no other import has.
func newJobID() JobID {
	return JobID("imp_" + strings.ToLower(rand.Text()))
}

// record is what the ledger keeps of what was asked for.
type record struct {
	File        *FileRequest           `json:"file,omitempty"` // nil: the rows came with the call
	Fingerprint importfile.Fingerprint `json:"fingerprint,omitzero"`
	Left        []Count                `json:"left,omitempty"`   // rows that a limit has left out, by why
	Behind      int                    `json:"behind,omitempty"` // of them: good ones
	// Reported are the numbers that the report shows: nil before the job was
	// begun, and zeros from then on until there is a report.
	Reported *numbers `json:"reported,omitempty"`
}

// begun is the record of a job that begins to run: a report of before may be of
// rows that change now.
func (r record) begun() record {
	r.Reported = new(numbers)
	return r
}

func (r record) text() json.RawMessage {
	text, err := json.Marshal(r)
	if err != nil { // strings and numbers only
		return json.RawMessage("{}")
	}
	return text
}

func recordOf(job ledger.Job) (record, error) {
	var r record
	err := json.Unmarshal(job.Plan, &r)
	return r, err
}

// cancelPoll is how often a run looks whether somebody has asked it to stop.
const cancelPoll = 300 * time.Millisecond

// Why a run stops that somebody has ended.
var (
	// ErrCancelled is the cause of a job that somebody asked to stop.
	ErrCancelled = errors.New("somebody asked it to stop")
	// ErrStopping is the cause of a job whose process is about to end.
	ErrStopping = errors.New("the server was stopped")
)

// carryOut runs a job that has begun, with the scope's lock held, and records how
// it ended.
func (e *engine) carryOut(ctx context.Context, progress func(settled int)) error {
	recorded := context.WithoutCancel(ctx)
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go e.watch(running, stop)
	why := e.answer(running)
	if why == nil {
		why = e.run(running, progress)
	}
	if errors.Is(why, context.Canceled) && running.Err() != nil {
		why = context.Cause(running) // who ended it, and not where it was then
	}
	status, reason, err := e.ended(recorded, why)
	if err != nil {
		return err
	}
	e.Logger.Info("import stopped", "job_id", e.id, "status", status, "reason", reason)
	return e.ledger.SetStatus(recorded, e.job, status, reason)
}

func (e *engine) answer(ctx context.Context) error {
	if e.options.Unconfirmed == Leave {
		return nil
	}
	return e.ledger.Answer(ctx, e.job, e.options.Unconfirmed == Resend)
}

// watch stops a run when another call, in whichever process, has asked so.
func (e *engine) watch(ctx context.Context, stop context.CancelCauseFunc) {
	ticker := time.NewTicker(cancelPoll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if asked, err := e.ledger.AskedToStop(ctx, e.job); err == nil && asked {
				stop(ErrCancelled)
			}
		}
	}
}

// ended tells how a job stands after a run that ended for a reason, or for
// none.
func (e *engine) ended(ctx context.Context, why error) (ledger.Status, string, error) {
	counts, err := e.ledger.Counts(ctx, e.job)
	if err != nil {
		return "", "", err
	}
	switch {
	case why != nil:
	case counts[ledger.Held] > 0:
		why = ErrHeld
	case unfinished(counts) > 0:
		why = ErrLeft
	}
	switch {
	case why == nil:
		return ledger.Finished, "", nil
	case errors.Is(why, ErrCancelled):
		return ledger.CancelledBy, "", nil
	case errors.Is(why, ErrHeld):
		return ledger.Interrupted, fmt.Sprintf("%d rows were sent and their outcome cannot be told", counts[ledger.Held]), nil
	}
	return ledger.Interrupted, e.Explain(why), nil
}
