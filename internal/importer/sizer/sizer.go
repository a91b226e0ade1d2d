// Package sizer decides how many rows the next batch of an import holds.
//
// It knows batch sizes and nothing else: no row, no request, no clock. The API
// publishes no limit for a batch (docs/api-facts.md 2.5), so the limit is
// learned from what came back clean and what was refused.
package sizer

import "time"

const (
	// First is the size of a run's first batch.
	First = 10
	// Max is the largest batch that is ever sent.
	Max = 100
	// InFlight is how many batches are under way at most. The pace of requests
	// is the client's.
	InFlight = 4
)

// Sizer finds how large a batch may be. Sizes double while batches come back
// clean. Once one was too large, the limit lies between the largest size that
// passed and the smallest that was refused. It is searched for in their middle by
// one batch at a time, the trial; the others keep to what has passed. A batch
// that was slow or whose refusal is not explained halves the size for now.
type Sizer struct {
	size    int  // to be sent next, unless a trial is under way
	passed  int  // the largest that came back clean
	refused int  // the smallest that was too large; above Max while none was
	trial   bool // a batch of more than passed is under way, in search of the limit
}

// New returns a Sizer that has learned nothing yet.
func New() Sizer { return Sizer{size: First, refused: Max + 1} }

// Next is the size of the next batch; 0 when a trial has to come back first.
func (s *Sizer) Next() int {
	if s.trial {
		return min(s.size, s.passed)
	}
	return s.size
}

// Begin notes that a batch of this size is sent, and reports whether it is a
// trial: End has to be told when it has come back.
func (s *Sizer) Begin(size int) (trial bool) {
	trial = s.refused <= Max && size > s.passed
	s.trial = s.trial || trial
	return trial
}

// End notes that a batch has come back, and whether it was the trial.
func (s *Sizer) End(trial bool) { s.trial = s.trial && !trial }

// Clean grows the size: a batch of this size came back clean.
func (s *Sizer) Clean(size int) {
	s.passed = max(s.passed, size)
	if size >= s.size {
		s.size = min(2*s.size, s.goal())
	}
}

// goal is the size to grow to, as far as is known.
func (s *Sizer) goal() int {
	if s.refused > Max {
		return Max
	}
	return max(1, (s.passed+s.refused)/2)
}

// TooLarge shrinks the size for the rest of the run. A row that is too large by
// itself lets batches grow again: the rows around it were not refused for their
// number.
func (s *Sizer) TooLarge(size int) {
	if size == 1 {
		s.refused = Max + 1
		return
	}
	s.refused = min(s.refused, size)
	if s.passed >= s.refused { // the limit is not one of rows alone
		s.passed = 0
	}
	s.size = min(s.size, s.goal())
}

// Halve shrinks the size to half of a batch's, for now.
func (s *Sizer) Halve(size int) { s.size = min(s.size, Half(size)) }

// Half is half of a batch's size, and at least 1.
func Half(size int) int { return max(1, size/2) }

// Requests is how many batches so many rows take when all come back clean.
func Requests(rows int) int {
	requests := 0
	for size := New(); rows > 0; size.Clean(size.Next()) {
		rows -= size.Next()
		requests++
	}
	return requests
}

// Seconds estimates how long so many requests take: at the store's quota of so
// many requests per window where it is known (0: not known), and otherwise at
// what a request usually takes.
func Seconds(requests, quota int, window time.Duration) int {
	const perRequest = 250 * time.Millisecond
	takes := time.Duration(requests) * perRequest / InFlight
	if quota > 0 {
		takes = max(takes, window*time.Duration(requests)/time.Duration(quota))
	}
	return int(takes.Seconds()) + 1
}
