package run

import (
	"context"
	"time"

	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer/breaker"
	"bigcommerce-payments-mcp/internal/importer/reconcile"
	"bigcommerce-payments-mcp/internal/ledger"
)

// maxUnknowns is how many consecutive batches may have an unknown outcome.
const maxUnknowns = 3

// apply does what is decided on a batch that has come back.
func (l *loop) apply(ctx context.Context, b sentBatch) {
	retried := false
	for _, row := range b.rows {
		retried = retried || row.maxBatch > 0
	}
	d := reconcile.Decide(reconcile.Batch{Sent: b.sent, Retried: retried, Response: b.response, Err: b.err}, l.Settle)
	l.countUnknowns(d.Outcome)
	if len(d.Imported) > 0 {
		l.refuse(ctx, l.breaker.Disable())
	}
	systemic := l.observe(ctx, b, d)
	l.resize(len(b.rows), d.Size, systemic)
	if !systemic || len(d.Refused) == 0 {
		l.finish(ctx, b, d)
	}
	l.requeue(ctx, pick(b.rows, d.Requeue))
	l.lookUp(ctx, pick(b.rows, d.Lookup), d.Policy)
	if d.Pause > 0 {
		l.pause = time.Now().Add(d.Pause)
	}
	if d.Stop != nil {
		l.stop(d.Stop)
	}
}

func pick(rows []queuedRow, positions []int) []queuedRow {
	picked := make([]queuedRow, len(positions))
	for i, at := range positions {
		picked[i] = rows[at]
	}
	return picked
}

func (l *loop) countUnknowns(outcome reconcile.Outcome) {
	switch outcome {
	case reconcile.Answered:
		l.unknowns = 0
	case reconcile.Unknown:
		if l.unknowns++; l.unknowns >= maxUnknowns {
			l.stop(ErrUnknowns)
		}
	}
}

// observe has the breaker hear of a batch, and reports whether its refusal
// counts as systemic there.
func (l *loop) observe(ctx context.Context, b sentBatch, d reconcile.Decision) (systemic bool) {
	if d.Observe == nil {
		return false
	}
	systemic, released := l.breaker.Observe(b.rows, *d.Observe)
	l.refuse(ctx, released)
	return systemic
}

func (l *loop) resize(rows int, change reconcile.SizeChange, systemic bool) {
	switch change {
	case reconcile.GrowSize:
		l.size.Clean(rows)
	case reconcile.LimitSize:
		l.size.TooLarge(rows)
	case reconcile.HalveSize:
		l.size.Halve(rows)
	case reconcile.HalveUnlessSystem:
		if !systemic {
			l.size.Halve(rows)
		}
	}
}

// finish records the rows that a response has resolved.
func (l *loop) finish(ctx context.Context, b sentBatch, d reconcile.Decision) {
	var outcomes []ledger.Outcome
	var rows []queuedRow
	for i, row := range b.rows {
		if token, in := d.Imported[i]; in {
			outcomes = append(outcomes, ledger.Outcome{Row: row.Row, To: ledger.Imported, Token: token})
		} else if problems, out := d.Refused[i]; out {
			outcomes = append(outcomes, refusedOutcome(row, problems))
		} else {
			continue
		}
		rows = append(rows, row)
	}
	l.resolveRows(ctx, rows, outcomes)
}

// refuse records rows that the breaker had deferred as refused for their own
// faults.
func (l *loop) refuse(ctx context.Context, deferred breaker.Deferred[[]queuedRow]) {
	for _, rows := range deferred.Batches {
		outcomes := make([]ledger.Outcome, len(rows))
		for i, row := range rows {
			outcomes[i] = refusedOutcome(row, deferred.Reason)
		}
		l.resolveRows(ctx, rows, outcomes)
	}
}

func refusedOutcome(row queuedRow, problems []check.Problem) ledger.Outcome {
	return ledger.Outcome{Row: row.Row, To: ledger.Refused, Problems: problems}
}

// resolveRows records outcomes that are the end of their rows.
func (l *loop) resolveRows(ctx context.Context, rows []queuedRow, outcomes []ledger.Outcome) {
	if len(rows) > 0 && l.record(ctx, l.Num, outcomes) {
		l.queue.unblock(rows...)
		l.resolved += len(rows)
	}
}

// requeue puts rows back that were certainly not processed.
func (l *loop) requeue(ctx context.Context, rows []queuedRow) {
	outcomes := make([]ledger.Outcome, len(rows))
	for i, row := range rows {
		outcomes[i] = ledger.Outcome{Row: row.Row, To: ledger.Pending, NotCounted: true}
	}
	if len(rows) > 0 && l.record(ctx, l.Num, outcomes) {
		l.queue.unblock(rows...)
		l.queue.put(rows...)
	}
}

// record writes outcomes down. What cannot be written stops the run: the rows
// stay as sent, and are looked up by the next run.
func (l *loop) record(ctx context.Context, num int64, outcomes []ledger.Outcome) bool {
	if err := l.Ledger.Record(ctx, num, outcomes); err != nil {
		l.stop(err)
		return false
	}
	return true
}

// endDeferred resolves what the breaker has deferred when nothing else is left
// to do. If the refusal is systemic the rows go back, and so they do when
// something else ends the run: the next one will tell. It reports whether the run
// may go on.
func (l *loop) endDeferred(ctx context.Context) bool {
	if err := l.breaker.Tripped(); err != nil {
		l.stop(err)
	}
	counting := l.breaker.Counting()
	deferred := l.breaker.Release()
	if l.stopped == nil {
		l.refuse(ctx, deferred)
		return counting && l.stopped == nil
	}
	for _, rows := range deferred.Batches {
		l.requeue(ctx, rows)
	}
	return false
}
