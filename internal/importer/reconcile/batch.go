// Package reconcile decides what is proven about a row: by the response to the
// batch that it was sent in, or by a lookup of what the store holds.
//
// Everything here is a pure function from facts to a decision. It reads no
// clock, sends nothing and records nothing; package run does what a decision says.
package reconcile

import (
	"errors"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer/breaker"
	"bigcommerce-payments-mcp/internal/importer/sizer"
)

// LateFactor is how many times longer than usual a request may still take
// effect after a time-out or a 5xx: the store may still be working on it.
const LateFactor = 6

// Batch is a batch that has come back.
type Batch struct {
	Sent     []bcapi.ImportRow
	Retried  bool // a row of it was in a batch before whose response did not tell
	Response bcapi.ImportResult
	Err      error // one of bcapi's typed outcomes
}

// Outcome is what is known of a batch as a whole.
type Outcome int

// The outcomes of a batch.
const (
	NotSent  Outcome = iota // nothing was done: it may be sent again as it is
	Answered                // the API has answered
	Unknown                 // it may have been done, or may be done later
)

// SizeChange is what a batch tells of the size of the next ones.
type SizeChange int

// The changes of size.
const (
	KeepSize          SizeChange = iota
	GrowSize                     // it came back clean
	LimitSize                    // it was too large
	HalveSize                    // it was too slow, or its refusal is not explained
	HalveUnlessSystem            // halve, unless the refusal counts as systemic
)

// LookupPolicy says when lookups of a batch's rows prove something, and how the
// rows are sent again.
type LookupPolicy struct {
	Wait     time.Duration // between lookups
	Absent   int           // lookups without the row that need not be made
	Returned bool          // sending them again is no further attempt
	MaxBatch int           // the largest batch that they are sent again in
}

// Decision is what becomes of a batch. Rows are positions in the batch as sent;
// each is in one of Imported, Refused, Requeue and Lookup.
type Decision struct {
	Outcome  Outcome
	Imported map[int]string          // tokens of the store
	Refused  map[int][]check.Problem // by the API
	Requeue  []int                   // certainly not processed
	Lookup   []int                   // outcome unknown
	Policy   LookupPolicy            // of Lookup

	Size  SizeChange
	Pause time.Duration // nothing is sent for so long
	Stop  error         // the run ends for it; nil when it goes on
	// Observe is what the breaker has to hear of; nil for nothing. When it counts
	// there and Refused holds rows, these are deferred.
	Observe *breaker.Refusal
}

// Decide tells what became of a batch. settle is how long a write whose outcome
// is unknown is given to show up.
func Decide(b Batch, settle time.Duration) Decision {
	var refused *bcapi.RefusedError
	var notSent *bcapi.NotSentError
	switch {
	case b.Err == nil:
		return answered(b, settle)
	case errors.As(b.Err, &notSent):
		return returned(b, notSent)
	case errors.As(b.Err, &refused):
		return refusedWhole(b, refused)
	}
	return unknown(b, settle) // only bcapi's word makes an outcome certain
}

// returned decides on a batch that was not sent: it waits as the store asked,
// and stops otherwise, since the client has tried to connect several times.
func returned(b Batch, e *bcapi.NotSentError) Decision {
	d := Decision{Outcome: NotSent, Requeue: all(b)}
	if wait, deferred := bcapi.ThrottleWait(e); deferred {
		d.Pause = wait
	} else {
		d.Stop = e
	}
	return d
}

// refusedWhole decides on a refusal without data. What it says of more than one
// row is not clear, nor that nothing of the batch was taken.
func refusedWhole(b Batch, e *bcapi.RefusedError) Decision {
	d := Decision{Outcome: Answered}
	if e.Kind == bcapi.RefusedTooLarge {
		d.Size = LimitSize
	}
	switch {
	case e.Kind == bcapi.RefusedSystemic:
		d.Stop, d.Requeue = e, all(b)
	case len(b.Sent) == 1:
		d.Refused = map[int][]check.Problem{0: refusalProblems(e.API)}
		d.Observe = &breaker.Refusal{Reason: commonReason(1, d.Refused), Rows: 1, Retried: b.Retried}
	case e.Kind == bcapi.RefusedTooLarge:
		d.Requeue = all(b)
	default:
		d.Size, d.Lookup, d.Policy = HalveUnlessSystem, all(b), notTakenPolicy(len(b.Sent))
		d.Observe = &breaker.Refusal{Reason: refusalProblems(e.API), Unnamed: e, Rows: len(b.Sent), Retried: b.Retried}
	}
	return d
}

// answered decides on a response, row by row.
func answered(b Batch, settle time.Duration) Decision {
	m := Match(b.Sent, b.Response)
	d := Decision{Outcome: Answered, Imported: make(map[int]string, len(m.Imported))}
	for i, item := range m.Imported {
		d.Imported[i] = item.Instrument.Token
	}
	if len(m.Imported) == len(b.Sent) {
		d.Size = GrowSize
	}
	if len(m.Imported)+len(m.Refused) == 0 && m.NotTaken {
		refuseUnnamed(b, &m, &d)
	}
	d.Refused = m.Refused
	if d.Observe == nil && len(m.Imported)+len(m.Refused) > 0 {
		d.Observe = &breaker.Refusal{Reason: commonReason(len(b.Sent), m.Refused), Rows: len(b.Sent), Retried: b.Retried}
	}
	unaccounted(b, &m, &d, settle)
	return d
}

// refuseUnnamed decides on a response that has taken no row and named none.
func refuseUnnamed(b Batch, m *Matched, d *Decision) {
	if len(m.General) == 0 {
		m.General = []check.Problem{{Message: "the API did not import the row and gave no reason"}}
	}
	if len(b.Sent) == 1 {
		m.Refused[0], m.Unaccounted = m.General, nil
		return
	}
	d.Observe = &breaker.Refusal{
		Reason: m.General, Rows: len(b.Sent), Retried: b.Retried,
		Unnamed: breaker.Systemic(m.General),
	}
}

// unaccounted decides on the rows that a response does not tell of.
func unaccounted(b Batch, m *Matched, d *Decision, settle time.Duration) {
	switch {
	case len(m.Unaccounted) == 0:
		return
	case len(m.Unaccounted) == len(b.Sent):
		d.Size = HalveUnlessSystem
	}
	if m.NotTaken && len(m.Refused) > 0 && len(m.General) == 0 {
		d.Requeue = m.Unaccounted // the rows that were named took the others with them
		return
	}
	d.Lookup, d.Policy = m.Unaccounted, notTakenPolicy(len(b.Sent))
	if !m.NotTaken { // the response proves nothing, nor that the store is done
		d.Policy.Wait, d.Policy.Absent = settle, 0
	}
}

// unknown decides on a batch whose response is missing. Where the connection was
// lost, or a response came that cannot be read, the store is done or about to be;
// otherwise it may still be at work.
func unknown(b Batch, settle time.Duration) Decision {
	d := Decision{Outcome: Unknown, Lookup: all(b), Policy: LookupPolicy{Wait: settle, MaxBatch: sizer.Half(len(b.Sent))}}
	var e *bcapi.UnknownError
	if !errors.As(b.Err, &e) || e.Kind != bcapi.UnknownCut && e.Kind != bcapi.UnknownUnreadable {
		d.Policy.Wait, d.Size = LateFactor*settle, HalveSize
	}
	return d
}

// notTakenPolicy is for rows of a batch that was refused or counted as not
// taken: the store says that it is done with them, so that one lookup tells.
func notTakenPolicy(rows int) LookupPolicy {
	return LookupPolicy{Absent: EnoughAbsences - 1, Returned: rows > 1, MaxBatch: sizer.Half(rows)}
}

func all(b Batch) []int {
	positions := make([]int, len(b.Sent))
	for i := range positions {
		positions[i] = i
	}
	return positions
}
