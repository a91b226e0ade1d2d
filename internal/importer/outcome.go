package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/cardguard"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Why an import stops although rows are left. Failures of the API and of the
// ledger stop it too.
var (
	ErrChanged  = errors.New("the file is not the one any more that was checked")
	ErrUnknowns = errors.New("three requests in a row had no telling answer: the connection was lost, or the API failed")
	ErrRefused  = errors.New("the API refuses every row for the same reason")
	ErrLeft     = errors.New("rows are left that were not come to: a mistake in this program")
	ErrHeld     = errors.New("rows are left whose outcome a person has to tell")
)

// maxUnknowns is how many batches in a row may have an unknown outcome.
const maxUnknowns = 3

// handle records what became of a batch, or of not knowing it.
func (r *run) handle(ctx context.Context, b sentBatch) {
	var refused *bcapi.RefusedError
	var notSent *bcapi.NotSentError
	switch {
	case b.err == nil:
		r.unknowns = 0
		r.answered(ctx, b)
	case errors.As(b.err, &notSent):
		r.again(ctx, b.rows)
		r.notSent(notSent)
	case errors.As(b.err, &refused):
		r.unknowns = 0
		r.refused(ctx, b, refused)
	default: // only the client's word makes an outcome certain
		r.unknown(ctx, b)
	}
}

// stop ends the import; the first reason counts.
func (r *run) stop(why error) {
	if r.stopped == nil {
		r.stopped = why
	}
}

// record writes outcomes down. What cannot be written stops the import: the
// rows stay as sent, and are looked up by the next run.
func (r *run) record(ctx context.Context, job int64, outcomes []ledger.Outcome) bool {
	if err := r.ledger.Record(ctx, job, outcomes); err != nil {
		r.stop(err)
		return false
	}
	return true
}

// again puts rows back of which it is certain that nothing was done.
func (r *run) again(ctx context.Context, rows []pendingRow) {
	outcomes := make([]ledger.Outcome, len(rows))
	for i, row := range rows {
		outcomes[i] = ledger.Outcome{Row: row.Row, To: ledger.Pending, NotCounted: true}
	}
	if r.record(ctx, r.job, outcomes) {
		r.release(rows)
		r.window.put(rows...)
	}
}

func (r *run) release(rows []pendingRow) {
	for _, row := range rows {
		delete(r.busy, row.CustomerID)
	}
}

// notSent waits as the store asked, and otherwise stops: the client has tried
// to connect several times already.
func (r *run) notSent(e *bcapi.NotSentError) {
	if wait, putOff := bcapi.ThrottleWait(e); putOff {
		r.pause = time.Now().Add(wait)
		return
	}
	r.stop(e)
}

// refused handles a refusal without data. What it says of more than one row is
// not clear, nor that nothing of the batch was taken.
func (r *run) refused(ctx context.Context, b sentBatch, e *bcapi.RefusedError) {
	if e.Kind == bcapi.RefusedTooLarge {
		r.size.tooLarge(len(b.rows))
	}
	switch {
	case e.Kind == bcapi.RefusedSystemic:
		r.stop(e)
		r.again(ctx, b.rows)
	case len(b.rows) == 1:
		r.finish(ctx, b, map[int][]check.Problem{0: refusalProblems(e.API)}, nil)
	case e.Kind == bcapi.RefusedTooLarge:
		r.again(ctx, b.rows)
	default:
		if !r.suspect(ctx, b, refusal{problems: refusalProblems(e.API), unnamed: e}) {
			r.size.halve(len(b.rows))
		}
		r.lookUp(ctx, b.rows, refusedLook(len(b.rows)))
	}
}

// answered takes an answer over, row by row.
func (r *run) answered(ctx context.Context, b sentBatch) {
	j := join(b.sent, b.answer)
	if len(j.imported) == len(b.rows) {
		r.size.clean(len(b.rows))
	}
	suspected := false
	if len(j.imported)+len(j.refused) == 0 && j.notTaken {
		if len(j.general) == 0 {
			j.general = []check.Problem{{Message: "the API did not import the row and gave no reason"}}
		}
		if len(b.rows) == 1 {
			j.refused[0], j.unaccounted = j.general, nil
		} else {
			suspected = r.suspect(ctx, b, refusal{problems: j.general, unnamed: fmt.Errorf("%w: %s", ErrRefused, problemsText(j.general))})
		}
	}
	r.finish(ctx, b, j.refused, j.imported)
	open := make([]pendingRow, len(j.unaccounted))
	for i, at := range j.unaccounted {
		open[i] = b.rows[at]
	}
	if len(open) == 0 {
		return
	}
	if len(open) == len(b.rows) && !suspected {
		r.size.halve(len(b.rows))
	}
	if j.notTaken && len(j.refused) > 0 && len(j.general) == 0 {
		r.again(ctx, open) // the rows that were named took the others with them
		return
	}
	plan := refusedLook(len(b.rows))
	if !j.notTaken { // the answer proves nothing, nor that the store is done
		plan.wait, plan.absent = r.Settle, 0
	}
	r.lookUp(ctx, open, plan)
}

// finish records the rows that an answer has settled. Refusals of every row for
// one reason, before anything was imported, are held back: they may be a mistake
// of the set-up and not of the rows.
func (r *run) finish(ctx context.Context, b sentBatch, refused map[int][]check.Problem, imported map[int]bcapi.Imported) {
	if len(refused)+len(imported) == 0 {
		return
	}
	if len(imported) > 0 {
		r.succeed(ctx)
	}
	if r.suspect(ctx, b, refusal{problems: commonReason(b.rows, refused)}) {
		return
	}
	var outcomes []ledger.Outcome
	var rows []pendingRow
	for i, row := range b.rows {
		item, in := imported[i]
		problems, out := refused[i]
		switch {
		case in:
			outcomes = append(outcomes, ledger.Outcome{Row: row.Row, To: ledger.Imported, Token: item.Instrument.Token})
		case out:
			outcomes = append(outcomes, ledger.Outcome{Row: row.Row, To: ledger.Refused, Problems: problems})
		default:
			continue
		}
		rows = append(rows, row)
	}
	r.settle(ctx, rows, outcomes)
}

// settle records outcomes that are the end of their rows.
func (r *run) settle(ctx context.Context, rows []pendingRow, outcomes []ledger.Outcome) {
	if r.record(ctx, r.job, outcomes) {
		r.release(rows)
		r.settled += len(rows)
	}
}

// unknown leaves the rows of a batch to be looked up. Where the connection was
// lost, or an answer came, the store is done or about to be; else it may still
// be at work.
func (r *run) unknown(ctx context.Context, b sentBatch) {
	var known *bcapi.UnknownError
	wait := r.Settle
	if !errors.As(b.err, &known) || known.Kind != bcapi.UnknownCut && known.Kind != bcapi.UnknownUnreadable {
		wait = lateFactor * r.Settle
		r.size.halve(len(b.rows))
	}
	if r.unknowns++; r.unknowns >= maxUnknowns {
		r.stop(ErrUnknowns)
	}
	r.lookUp(ctx, b.rows, lookPlan{wait: wait, within: half(len(b.rows))})
}

// maxProblems bounds what is kept of the API's words about one row, as bcapi
// does where an answer goes row by row.
const maxProblems = 10

func refusalProblems(e *bcapi.Error) []check.Problem {
	if len(e.Fields) == 0 {
		message := "the API says: " + e.Title
		if e.Detail != "" {
			message += ": " + e.Detail
		}
		return []check.Problem{{Message: cardguard.Redact(message)}} // what is put together may add up to a card number
	}
	problems := make([]check.Problem, min(len(e.Fields), maxProblems))
	for i, f := range e.Fields[:len(problems)] {
		problems[i] = check.Problem{Field: f.Field, Message: "the API says: " + f.Message}
	}
	return problems
}
