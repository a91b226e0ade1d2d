package importer

import (
	"cmp"
	"context"
	"slices"

	"bigcommerce-payments-mcp/internal/ledger"
)

// The API publishes no limit for a batch (docs/api-facts.md 2.5), so batches
// start small and double while they come back clean.
const (
	firstBatchSize = 10
	maxBatchSize   = 100
)

// sizer finds how large a batch may be. Once one was too large, the limit lies
// between the largest size that passed and the smallest that was refused, and is
// looked for in their middle, by one batch at a time: the others keep to what
// has passed. What is too slow, or not explained, halves the size for now.
type sizer struct {
	size    int  // to be sent next, unless a trial is under way
	passed  int  // the largest that came back clean
	refused int  // the smallest that was too large; above maxBatchSize while none was
	trial   bool // a batch of more than passed is under way, in search of the limit
}

func newSizer() sizer { return sizer{size: firstBatchSize, refused: maxBatchSize + 1} }

// next is the size of the next batch; 0 when a trial has to come back first.
func (s *sizer) next() int {
	if s.trial {
		return min(s.size, s.passed)
	}
	return s.size
}

// begin notes that a batch of this size is sent, and reports whether it is a
// trial, which end is to be told of.
func (s *sizer) begin(size int) bool {
	trial := s.refused <= maxBatchSize && size > s.passed
	s.trial = s.trial || trial
	return trial
}

func (s *sizer) end(trial bool) { s.trial = s.trial && !trial }

// clean grows: a batch of this size came back clean.
func (s *sizer) clean(size int) {
	s.passed = max(s.passed, size)
	if size >= s.size {
		s.size = min(2*s.size, s.goal())
	}
}

// goal is the size to grow to, as far as is known.
func (s *sizer) goal() int {
	if s.refused > maxBatchSize {
		return maxBatchSize
	}
	return max(1, (s.passed+s.refused)/2)
}

// tooLarge shrinks for good; but a row that is too large by itself lets batches
// grow again: it was not their number that the rows around it were refused for.
func (s *sizer) tooLarge(size int) {
	if size == 1 {
		s.refused = maxBatchSize + 1
		return
	}
	s.refused = min(s.refused, size)
	if s.passed >= s.refused { // the limit is not one of rows alone
		s.passed = 0
	}
	s.size = min(s.size, s.goal())
}

// halve shrinks for now.
func (s *sizer) halve(size int) { s.size = min(s.size, half(size)) }

func half(size int) int { return max(1, size/2) }

// pendingRow is a row that waits to be sent.
type pendingRow struct {
	ledger.PendingRow
	// within bounds the batch that it may be a part of; 0 does not. Each time that
	// no answer told what became of the row it is half of what that batch was, so
	// that in the end the row is sent alone.
	within int
}

// windowSize bounds how far ahead is looked for rows of customers who are not
// busy.
const windowSize = 2000

// window is the part of a job's pending rows from which batches are formed, in
// the order of the file.
type window struct {
	ledger *ledger.Ledger
	job    int64
	rows   []pendingRow
	last   int // the last row that was read
	ended  bool
}

// take gives up to size rows, in order, at most one per customer and none of
// busy ones, so that an answer which names only the customer still joins to its
// row, and a customer's later default stays the later one. If fresh is set,
// rows wait that have been sent before and were not told of.
func (w *window) take(ctx context.Context, size int, fresh bool, busy map[int64]bool) ([]pendingRow, error) {
	if err := w.refill(ctx); err != nil {
		return nil, err
	}
	var batch []pendingRow
	taken := make(map[int64]bool, size)
	kept := w.rows[:0]
	for i, row := range w.rows {
		if len(batch) == size {
			kept = append(kept, w.rows[i:]...)
			break
		}
		waits := busy[row.CustomerID] || taken[row.CustomerID] || row.within > 0 && (fresh || row.within <= len(batch))
		taken[row.CustomerID] = true // the customer's later rows wait behind this one
		if waits {
			kept = append(kept, row)
			continue
		}
		batch = append(batch, row)
		if row.within > 0 {
			size = min(size, row.within)
		}
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
	for _, row := range more {
		w.rows = append(w.rows, pendingRow{PendingRow: row})
	}
	return nil
}

// put gives rows back that are to be sent again, in their places. Those that
// the window has not come to will be read with the others.
func (w *window) put(rows ...pendingRow) {
	for _, row := range rows {
		if w.ended || row.Row <= w.last {
			w.rows = append(w.rows, row)
		}
	}
	slices.SortFunc(w.rows, func(a, b pendingRow) int { return cmp.Compare(a.Row, b.Row) })
}
