// Package breaker is the circuit breaker of an import: it tells a store that
// refuses everything for one reason, such as a payment method that is not set
// up, from rows that are refused for their own faults.
//
// It is a state machine over what became of batches. It knows no row, no request
// and no clock; a batch is whatever its user keeps of one.
//
//	closed     no refusal counts; a first uniform refusal opens a count
//	counting   Threshold batches were not refused yet, or rows sent alone have to confirm
//	tripped    the refusal is systemic: the run has to stop
//	disabled   the store has taken a row: it does not refuse everything
package breaker

import (
	"errors"
	"fmt"
	"slices"

	"bigcommerce-payments-mcp/internal/check"
)

// Threshold is how many batches, before the first success, have to be refused
// for one reason until that reason is taken for systemic; and, where the API named no
// row, how many rows have to be refused alone besides.
const Threshold = 3

// ErrRefused is why a run stops that the store refuses as a whole.
var ErrRefused = errors.New("the API refuses every row for the same reason")

// Refusal is a batch that was refused.
type Refusal struct {
	// Reason is what every row of it was refused for; nil when the rows were
	// refused for several reasons, or not all of them.
	Reason []check.Problem
	// Unnamed is set when the API named no row, so that the reason may be about one
	// of them alone: it is the error that a run is stopped with.
	Unnamed error
	Rows    int
	// Retried is true when a row of it was in a refused batch before: it tells
	// nothing new.
	Retried bool
}

// Deferred are batches whose rows were refused by name, and which are not
// recorded before it is known whether the refusal is systemic.
type Deferred[B any] struct {
	Batches []B
	Reason  []check.Problem
}

// Breaker counts uniform refusals. The zero value is closed.
type Breaker[B any] struct {
	disabled bool
	reason   []check.Problem
	why      error // to stop for
	batches  int   // that were refused for the reason
	unnamed  bool
	alone    int // rows that were refused for it when sent alone
	deferred []B
}

// Disable closes the breaker for good: the store has taken a row. It returns
// what was deferred: those rows are refused for their own faults.
func (b *Breaker[B]) Disable() Deferred[B] {
	released := b.Release()
	b.disabled = true
	return released
}

// Release closes the breaker and returns what was deferred.
func (b *Breaker[B]) Release() Deferred[B] {
	released := Deferred[B]{Batches: b.deferred, Reason: b.reason}
	*b = Breaker[B]{disabled: b.disabled}
	return released
}

// Observe takes in a refused batch. counted reports whether it counts towards a
// systemic refusal; a counted batch whose rows were named is deferred and must
// not be recorded yet. released is what an earlier reason had deferred: another
// reason shows that those rows are refused for their own faults.
func (b *Breaker[B]) Observe(batch B, r Refusal) (counted bool, released Deferred[B]) {
	same := slices.Equal(r.Reason, b.reason)
	if b.Counting() && !same && b.Tripped() == nil {
		released = b.Release()
	}
	switch {
	case b.disabled || len(r.Reason) == 0 || b.Counting() && !same:
		return false, released
	case b.batches >= Threshold && r.Rows == 1:
		b.alone++
	case r.Rows == 1 || r.Retried:
		return false, released
	default:
		b.batches++
	}
	if b.reason = r.Reason; b.why == nil {
		b.why = Systemic(r.Reason)
	}
	if r.Unnamed != nil {
		b.why, b.unnamed = r.Unnamed, true
	} else {
		b.deferred = append(b.deferred, batch)
	}
	return true, released
}

// Counting reports whether uniform refusals are being counted.
func (b *Breaker[B]) Counting() bool { return b.batches > 0 }

// Tripped returns the reason to stop for once the refusal is systemic, and nil
// before.
func (b *Breaker[B]) Tripped() error {
	if b.batches >= Threshold && (!b.unnamed || b.alone >= Threshold) {
		return b.why
	}
	return nil
}

// FreshOnly reports whether the next batch has to hold rows that were not
// refused before: parts of refused batches tell nothing new.
func (b *Breaker[B]) FreshOnly() bool { return b.Counting() && b.batches < Threshold }

// Limit bounds the size of the next batch, with so many under way: 0 holds it
// back, 1 has a row sent alone.
func (b *Breaker[B]) Limit(size, underWay int) int {
	switch {
	case b.batches < Threshold:
		return size
	case b.Tripped() != nil || b.alone+underWay >= Threshold:
		return 0
	}
	return min(size, 1)
}

// Systemic is the error of a refusal of everything, with its reason in words.
func Systemic(reason []check.Problem) error {
	text := reason[0].Message
	if field := reason[0].Field; field != "" {
		text = field + ": " + text
	}
	return fmt.Errorf("%w: %s", ErrRefused, text)
}
