package run

import (
	"cmp"
	"context"
	"slices"

	"bigcommerce-payments-mcp/internal/ledger"
)

// queuedRow is a row that waits to be sent.
type queuedRow struct {
	ledger.PendingRow
	// maxBatch bounds the batch that it may be a part of; 0 does not. Each time that
	// no response tells what became of the row it is half of what that batch was,
	// so that in the end the row is sent alone.
	maxBatch int
}

// windowSize bounds how far ahead is looked for rows of customers who are not
// blocked.
const windowSize = 2000

// queue holds the part of a job's pending rows from which batches are formed, in
// the order of the file.
type queue struct {
	ledger *ledger.Ledger
	num    int64
	rows   []queuedRow
	last   int // the last row that was read
	ended  bool
	// blocked are customers with a row under way or unresolved.
	blocked map[int64]bool
}

func newQueue(l *ledger.Ledger, num int64) queue {
	return queue{ledger: l, num: num, blocked: make(map[int64]bool)}
}

// reset has the pending rows read anew from the ledger.
func (q *queue) reset() { q.rows, q.last, q.ended = nil, 0, false }

// block keeps further rows of the rows' customers back.
func (q *queue) block(rows []queuedRow) {
	for _, row := range rows {
		q.blocked[row.CustomerID] = true
	}
}

// unblock lets further rows of the rows' customers go.
func (q *queue) unblock(rows ...queuedRow) {
	for _, row := range rows {
		delete(q.blocked, row.CustomerID)
	}
}

// take gives up to size rows, in order, at most one per customer and none of
// blocked ones, so that a response which names only the customer still matches its
// row, and a customer's later default stays the later one. If fresh is set, rows
// wait that have been sent before and were not told of.
func (q *queue) take(ctx context.Context, size int, fresh bool) ([]queuedRow, error) {
	if err := q.refill(ctx); err != nil {
		return nil, err
	}
	batch, kept := formBatch(q.rows, size, fresh, q.blocked)
	q.rows = kept
	return batch, nil
}

// formBatch takes a batch out of rows, and returns the others too, in order. It
// reuses the rows' memory.
func formBatch(rows []queuedRow, size int, fresh bool, blocked map[int64]bool) (batch, kept []queuedRow) {
	taken := make(map[int64]bool, size)
	kept = rows[:0]
	for i, row := range rows {
		if len(batch) == size {
			kept = append(kept, rows[i:]...)
			break
		}
		waits := blocked[row.CustomerID] || taken[row.CustomerID] || row.maxBatch > 0 && (fresh || row.maxBatch <= len(batch))
		taken[row.CustomerID] = true // the customer's later rows wait behind this one
		if waits {
			kept = append(kept, row)
			continue
		}
		batch = append(batch, row)
		if row.maxBatch > 0 {
			size = min(size, row.maxBatch)
		}
	}
	return batch, kept
}

func (q *queue) refill(ctx context.Context) error {
	if q.ended || len(q.rows) > windowSize/2 {
		return nil
	}
	more, err := q.ledger.PendingAfter(ctx, q.num, q.last, windowSize-len(q.rows))
	if err != nil {
		return err
	}
	q.ended = len(more) < windowSize-len(q.rows)
	if len(more) > 0 {
		q.last = more[len(more)-1].Row
	}
	for _, row := range more {
		q.rows = append(q.rows, queuedRow{PendingRow: row})
	}
	return nil
}

// put gives rows back that are to be sent again, in their places. Those that
// the queue has not come to will be read with the others.
func (q *queue) put(rows ...queuedRow) {
	for _, row := range rows {
		if q.ended || row.Row <= q.last {
			q.rows = append(q.rows, row)
		}
	}
	slices.SortFunc(q.rows, func(a, b queuedRow) int { return cmp.Compare(a.Row, b.Row) })
}
