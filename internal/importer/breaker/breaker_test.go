package breaker_test

import (
	"errors"
	"slices"
	"testing"

	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer/breaker"
)

var (
	currency = []check.Problem{{Field: "currency_code", Message: "is not enabled"}}
	token    = []check.Problem{{Field: "instrument.vault_token", Message: "is not known"}}
	errFlat  = errors.New("422 without a row")
)

// step is one thing that happens to a breaker, and what is expected of it then.
type step struct {
	// what happens: a refusal, or a success
	refusal breaker.Refusal
	success bool
	// what follows
	counted  bool
	released []string // batches that turn out to be refused for their own faults
	tripped  bool
	fresh    bool
	limit    int // of a batch of 10 with none under way
}

func named(reason []check.Problem) breaker.Refusal { return breaker.Refusal{Reason: reason, Rows: 10} }
func flat() breaker.Refusal                        { return breaker.Refusal{Reason: currency, Unnamed: errFlat, Rows: 10} }
func alone() breaker.Refusal                       { return breaker.Refusal{Reason: currency, Rows: 1, Retried: true} }

func TestBreaker(t *testing.T) {
	for name, steps := range map[string][]step{
		"three batches, every row of them for one reason: systemic": {
			{refusal: named(currency), counted: true, fresh: true, limit: 10},
			{refusal: named(currency), counted: true, fresh: true, limit: 10},
			{refusal: named(currency), counted: true, tripped: true, limit: 0},
		},
		"another reason: the rows before were at fault": {
			{refusal: named(currency), counted: true, fresh: true, limit: 10},
			{refusal: named(token), counted: true, released: []string{"1"}, fresh: true, limit: 10},
		},
		"rows of one batch refused for several reasons": {
			{refusal: named(currency), counted: true, fresh: true, limit: 10},
			{refusal: named(nil), released: []string{"1"}, limit: 10},
		},
		"a success: never systemic": {
			{refusal: named(currency), counted: true, fresh: true, limit: 10},
			{success: true, released: []string{"1"}, limit: 10},
			{refusal: named(currency), limit: 10},
			{refusal: named(currency), limit: 10},
			{refusal: named(currency), limit: 10},
		},
		"a part of a refused batch tells nothing new": {
			{refusal: named(currency), counted: true, fresh: true, limit: 10},
			{refusal: breaker.Refusal{Reason: currency, Rows: 5, Retried: true}, fresh: true, limit: 10},
			{refusal: breaker.Refusal{Reason: currency, Rows: 1}, fresh: true, limit: 10},
		},
		"no row named: three rows alone have to confirm": {
			{refusal: flat(), counted: true, fresh: true, limit: 10},
			{refusal: flat(), counted: true, fresh: true, limit: 10},
			{refusal: flat(), counted: true, limit: 1},
			{refusal: alone(), counted: true, limit: 1},
			{refusal: alone(), counted: true, limit: 1},
			{refusal: alone(), counted: true, tripped: true, limit: 0},
		},
		"no row named, and one alone is taken": {
			{refusal: flat(), counted: true, fresh: true, limit: 10},
			{refusal: flat(), counted: true, fresh: true, limit: 10},
			{refusal: flat(), counted: true, limit: 1},
			{refusal: alone(), counted: true, limit: 1},
			{success: true, released: []string{"4"}, limit: 10},
		},
		"tripped: what comes back later changes nothing": {
			{refusal: named(currency), counted: true, fresh: true, limit: 10},
			{refusal: named(currency), counted: true, fresh: true, limit: 10},
			{refusal: named(currency), counted: true, tripped: true, limit: 0},
			{refusal: named(token), tripped: true, limit: 0},
		},
	} {
		t.Run(name, func(t *testing.T) { play(t, steps) })
	}
}

func play(t *testing.T, steps []step) {
	t.Helper()
	var b breaker.Breaker[string]
	for i, s := range steps {
		var counted bool
		var released breaker.Deferred[string]
		if s.success {
			released = b.Disable()
		} else {
			counted, released = b.Observe(string(rune('1'+i)), s.refusal)
		}
		if counted != s.counted || !slices.Equal(released.Batches, s.released) {
			t.Errorf("step %d: counted %v, released %v", i+1, counted, released.Batches)
		}
		if (b.Tripped() != nil) != s.tripped || b.FreshOnly() != s.fresh || b.Limit(10, 0) != s.limit {
			t.Errorf("step %d: tripped %v, fresh rows only %v, limit %d", i+1, b.Tripped(), b.FreshOnly(), b.Limit(10, 0))
		}
	}
}

func TestWhyItTrips(t *testing.T) {
	var b breaker.Breaker[string]
	for range breaker.Threshold {
		b.Observe("", named(currency))
	}
	if err := b.Tripped(); !errors.Is(err, breaker.ErrRefused) || err.Error() != breaker.ErrRefused.Error()+": currency_code: is not enabled" {
		t.Error(err)
	}
	b = breaker.Breaker[string]{}
	for range breaker.Threshold {
		b.Observe("", flat())
	}
	for range breaker.Threshold {
		b.Observe("", alone())
	}
	if err := b.Tripped(); !errors.Is(err, errFlat) {
		t.Error(err)
	}
}

// No more rows are sent alone than are needed.
func TestProbesUnderWay(t *testing.T) {
	var b breaker.Breaker[string]
	for range breaker.Threshold {
		b.Observe("", flat())
	}
	for underWay, want := range []int{1, 1, 1, 0} {
		if got := b.Limit(10, underWay); got != want {
			t.Errorf("%d under way: limit %d, want %d", underWay, got, want)
		}
	}
}

// What is released carries the reason that the rows are refused for.
func TestReleaseNamesTheReason(t *testing.T) {
	var b breaker.Breaker[string]
	b.Observe("first", named(currency))
	released := b.Release()
	if !slices.Equal(released.Batches, []string{"first"}) || !slices.Equal(released.Reason, currency) || b.Counting() {
		t.Errorf("%+v", released)
	}
}
