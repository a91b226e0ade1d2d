package importer

import (
	"cmp"
	"context"
	"errors"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/ledger"
)

// engine carries one job out, or checks it.
type engine struct {
	Config
	ledger  *ledger.Ledger
	id      string
	job     int64
	rows    Rows
	options Options
}

// inFlight is how many batches are under way at most. The pace is the client's.
const inFlight = 4

// run carries a planned job out, or goes on with it, and returns when every row
// is settled or what is left has to wait for a later call: the error says why.
// When ctx ends it stops between batches. The caller holds the scope's lock.
// progress is told of rows settled since the start.
func (e *engine) run(ctx context.Context, progress func(settled int)) error {
	if err := e.ledger.Recover(ctx, time.Now()); err != nil {
		return err
	}
	if err := e.ledger.Reopen(ctx, e.job); err != nil { // before its customers are looked at
		return err
	}
	if err := e.ledger.RelateAgain(ctx, e.job, e.options.SharedProviderCustomers); err != nil {
		return err
	}
	if err := e.see(ctx); err != nil {
		return cmp.Or(context.Cause(ctx), err) // who ended it, and not what it waited for then
	}
	before, err := e.ledger.Counts(ctx, e.job)
	if err != nil {
		return err
	}
	r := &run{
		engine: e, progress: progress, succeeded: before[ledger.Imported] > 0,
		size:    newSizer(),
		window:  window{ledger: e.ledger, job: e.job},
		busy:    make(map[int64]bool),
		claims:  make(map[int]bool),
		others:  make(map[int64]string),
		results: make(chan sentBatch, inFlight),
		looks:   make(chan look, 1),
	}
	if err := r.loadUnsettled(ctx); err != nil {
		return err
	}
	r.loop(ctx)
	recorded := context.WithoutCancel(ctx) // what happened, although the caller may have gone
	if err := e.ledger.SettleFollowers(recorded, e.job); err != nil {
		r.stop(err)
	}
	if err := r.tellOthers(recorded); err != nil {
		r.stop(err)
	}
	return r.stopped
}

// run is one run of an engine under way. Its goroutine owns all of it; batches and looks run
// on goroutines of their own and come back through channels.
type run struct {
	*engine
	progress func(settled int)

	size    sizer
	window  window
	busy    map[int64]bool // customers with a row under way or unsettled
	claims  map[int]bool   // rows that were found to be claimed by another
	sending int
	results chan sentBatch
	pause   time.Time // nothing is sent before: the store asked to wait

	unsettled []*unsettledRow
	heldFor   map[int64]bool // customers with a row that waits for a person
	looking   bool
	looks     chan look
	others    map[int64]string // jobs of which rows were settled by the way, and their ids

	settled   int
	unknowns  int // batches in a row whose outcome was unknown
	succeeded bool
	doubtful  doubt
	stopped   error // why nothing more is sent
}

// loop sends, records and looks up, until nothing is left to do or something
// stops it; requests under way are waited for.
func (r *run) loop(ctx context.Context) {
	for {
		r.progress(r.settled)
		if r.stopped == nil && ctx.Err() != nil {
			r.stopped = context.Cause(ctx)
		}
		if r.stopped == nil {
			r.fill(ctx)
		}
		if r.sending == 0 && !r.looking && (r.stopped != nil || len(r.unsettled) == 0 && r.pause.IsZero()) {
			if r.endDoubt(context.WithoutCancel(ctx)) {
				continue // rows waited behind those that were held back
			}
			return
		}
		r.wait(ctx)
	}
}

// wait waits for the next thing to happen.
func (r *run) wait(ctx context.Context) {
	timer := time.NewTimer(r.nextWake())
	defer timer.Stop()
	done := ctx.Done()
	if r.stopped != nil {
		done = nil // known already; only what is under way is waited for
	}
	select {
	case b := <-r.results:
		r.sending--
		r.size.end(b.trial)
		r.handle(context.WithoutCancel(ctx), b)
	case l := <-r.looks:
		r.looking = false
		if wait, putOff := bcapi.ThrottleWait(l.err); putOff {
			l.of.due = time.Now().Add(wait)
			break
		}
		r.judge(context.WithoutCancel(ctx), l)
	case <-timer.C:
		if !time.Now().Before(r.pause) {
			r.pause = time.Time{}
		}
	case <-done:
	}
}

// nextWake is how long to wait at most: until the pause is over or the next
// look is due.
func (r *run) nextWake() time.Duration {
	next := time.Hour
	if !r.pause.IsZero() {
		next = min(next, time.Until(r.pause))
	}
	if !r.looking && r.stopped == nil {
		for _, u := range r.unsettled {
			next = min(next, time.Until(u.due))
		}
	}
	return max(next, 0)
}

// fill starts what can be started: batches, and the look that is due.
func (r *run) fill(ctx context.Context) {
	r.startLook(ctx)
	for r.sending < inFlight && r.pause.IsZero() && r.stopped == nil {
		size := r.doubtful.atMost(r.size.next(), r.sending)
		if size == 0 {
			return
		}
		batch, err := r.window.take(ctx, size, r.doubtful.open(), r.busy)
		if err == nil && len(batch) == 0 {
			return
		}
		if err == nil {
			err = r.start(ctx, batch)
		}
		if err != nil {
			r.stopped = err
		}
	}
}

// sentBatch is a batch that has come back.
type sentBatch struct {
	rows   []pendingRow
	trial  bool // of its size
	sent   []bcapi.ImportRow
	answer bcapi.ImportResult
	err    error
}

// start records a batch as sent and sends it.
func (r *run) start(ctx context.Context, batch []pendingRow) error {
	b := sentBatch{rows: batch, sent: make([]bcapi.ImportRow, len(batch))}
	numbers := make([]int, len(batch))
	for i, row := range batch {
		var err error
		if b.sent[i], err = r.readAgain(row.PendingRow); err != nil {
			return err
		}
		numbers[i] = row.Row
	}
	if err := r.ledger.MarkSent(context.WithoutCancel(ctx), r.job, numbers); err != nil {
		return r.claimed(ctx, err)
	}
	for _, row := range batch {
		r.busy[row.CustomerID] = true
	}
	r.sending++
	b.trial = r.size.begin(len(batch))
	r.Logger.Debug("batch sent", "job_id", r.id, "rows", len(batch), "first_row", batch[0].Row, "last_row", batch[len(batch)-1].Row)
	go func() {
		b.answer, b.err = r.Client.ImportInstruments(ctx, b.sent)
		r.results <- b
	}()
	return nil
}

// claimed forms batches anew when a row's instrument has been brought by
// another row since it was planned: an unsettled one that was found, say. A row
// that still waits to be sent after that would be tried for ever.
func (r *run) claimed(ctx context.Context, err error) error {
	var claimed *ledger.ClaimedError
	if !errors.As(err, &claimed) || r.claims[claimed.Row] {
		return err
	}
	r.claims[claimed.Row] = true
	r.window = window{ledger: r.ledger, job: r.job}
	return r.ledger.RelateAgain(ctx, r.job, r.options.SharedProviderCustomers)
}

// readAgain reads a row from where it came, and makes sure that it is the one
// that was checked.
func (r *run) readAgain(row ledger.PendingRow) (bcapi.ImportRow, error) {
	again, err := r.rows.At(row.Place, row.Row)
	if err != nil {
		return again, err
	}
	content, err := r.ledger.Content(&again)
	if err == nil && content != row.Content {
		err = ErrChanged
	}
	return again, err
}
