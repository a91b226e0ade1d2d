package importer

import (
	"cmp"
	"context"
	"slices"

	"bigcommerce-payments-mcp/internal/importer/ledger"
)

// The API publishes no limit for a batch (docs/api-facts.md 2.5), so batches
// start small, double while they come back clean, and halve when one was too
// large or too slow, never to grow as large again.
const (
	firstBatchSize = 10
	maxBatchSize   = 100
)

type sizer struct{ size, ceiling int }

func newSizer() sizer { return sizer{size: firstBatchSize, ceiling: maxBatchSize} }

func (s *sizer) next() int { return s.size }

// clean grows: a batch of this size came back clean.
func (s *sizer) clean(size int) {
	if size >= s.size {
		s.size = min(2*s.size, s.ceiling)
	}
}

// tooLarge shrinks for good.
func (s *sizer) tooLarge(size int) {
	s.ceiling = max(1, min(s.ceiling, size-1))
	s.halve(size)
}

// halve shrinks for now.
func (s *sizer) halve(size int) { s.size = max(1, min(s.size, size/2)) }

// windowSize bounds how far ahead is looked for rows of customers who are not
// busy.
const windowSize = 2000

// window is the part of a job's pending rows from which batches are formed, in
// the order of the file.
type window struct {
	ledger *ledger.Ledger
	job    int64
	rows   []ledger.PendingRow
	last   int // the last row that was read
	ended  bool
}

// take gives up to size rows, in order, at most one per customer and none of
// busy ones, so that an answer which names only the customer still joins to its
// row, and a customer's later default stays the later one.
func (w *window) take(ctx context.Context, size int, busy map[int64]bool) ([]ledger.PendingRow, error) {
	if err := w.refill(ctx); err != nil {
		return nil, err
	}
	var batch []ledger.PendingRow
	taken := make(map[int64]bool, size)
	kept := w.rows[:0]
	for i, row := range w.rows {
		if len(batch) == size {
			kept = append(kept, w.rows[i:]...)
			break
		}
		if busy[row.CustomerID] || taken[row.CustomerID] {
			taken[row.CustomerID] = true // the customer's later rows wait behind this one
			kept = append(kept, row)
			continue
		}
		taken[row.CustomerID] = true
		batch = append(batch, row)
	}
	w.rows = kept
	return batch, nil
}

func (w *window) refill(ctx context.Context) error {
	if w.ended || len(w.rows) > windowSize/2 {
		return nil
	}
	more, err := w.ledger.PendingAfter(ctx, w.job, w.last, windowSize-len(w.rows))
	if err != nil {
		return err
	}
	w.ended = len(more) < windowSize-len(w.rows)
	if len(more) > 0 {
		w.last = more[len(more)-1].Row
	}
	w.rows = append(w.rows, more...)
	return nil
}

// put gives rows back that are to be sent again, in their places. Those that
// the window has not come to will be read with the others.
func (w *window) put(rows ...ledger.PendingRow) {
	for _, row := range rows {
		if w.ended || row.Row <= w.last {
			w.rows = append(w.rows, row)
		}
	}
	slices.SortFunc(w.rows, func(a, b ledger.PendingRow) int { return cmp.Compare(a.Row, b.Row) })
}
