package sizer_test

import (
	"testing"
	"time"

	"bigcommerce-payments-mcp/internal/importer/sizer"
)

// event is what became of one batch.
type event func(*sizer.Sizer)

func clean(size int) event    { return func(s *sizer.Sizer) { s.Clean(size) } }
func tooLarge(size int) event { return func(s *sizer.Sizer) { s.TooLarge(size) } }
func halve(size int) event    { return func(s *sizer.Sizer) { s.Halve(size) } }

func TestNext(t *testing.T) {
	for name, c := range map[string]struct {
		events []event
		want   int
	}{
		"nothing is known":                                      {nil, 10},
		"a clean batch doubles it":                              {[]event{clean(10)}, 20},
		"a smaller clean one tells nothing new":                 {[]event{clean(7)}, 10},
		"it grows up to the greatest":                           {[]event{clean(10), clean(20), clean(40), clean(80)}, 100},
		"it stays there":                                        {[]event{clean(10), clean(20), clean(40), clean(80), clean(100)}, 100},
		"too large: the middle of what passed and what did not": {[]event{clean(10), clean(20), tooLarge(40)}, 30},
		"the middle passed: half way on":                        {[]event{clean(10), clean(20), tooLarge(40), clean(30)}, 35},
		"the middle was refused: half way back":                 {[]event{clean(10), clean(20), tooLarge(40), tooLarge(30)}, 25},
		"the first is too large":                                {[]event{tooLarge(10)}, 5},
		"all but one are too large":                             {[]event{tooLarge(10), tooLarge(5), tooLarge(2)}, 1},
		"one that passed is too large now: not of rows alone":   {[]event{clean(10), clean(20), tooLarge(20)}, 10},
		"one row is too large by itself: the others may grow":   {[]event{tooLarge(10), tooLarge(1), clean(5)}, 10},
		"a slow batch halves it":                                {[]event{clean(10), halve(20)}, 10},
		"halving never grows it":                                {[]event{halve(100)}, 10},
		"halving ends at one":                                   {[]event{halve(10), halve(5), halve(2), halve(1)}, 1},
		"after halving it grows again":                          {[]event{halve(10), clean(5)}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			s := sizer.New()
			for _, happen := range c.events {
				happen(&s)
			}
			if got := s.Next(); got != c.want {
				t.Errorf("the next batch has %d rows, want %d", got, c.want)
			}
		})
	}
}

// While one batch tries a size between the bounds, the others keep to what has
// passed.
func TestATrialIsOneBatch(t *testing.T) {
	s := sizer.New()
	s.Clean(10)
	s.TooLarge(20)
	if trial := s.Begin(s.Next()); !trial || s.Next() != 10 {
		t.Errorf("a trial: %v, beside it %d", trial, s.Next())
	}
	other := s.Begin(10)
	s.End(other)
	if other || s.Next() != 10 {
		t.Errorf("another batch ended the trial: next is %d", s.Next())
	}
	s.End(true)
	if s.Next() != 15 {
		t.Errorf("after the trial: %d", s.Next())
	}
}

// With nothing that has passed, nothing is sent beside a trial.
func TestATrialWithoutASizeThatPassed(t *testing.T) {
	s := sizer.New()
	s.TooLarge(10)
	if s.Begin(5); s.Next() != 0 {
		t.Errorf("next is %d beside the first trial", s.Next())
	}
}

func TestRequests(t *testing.T) {
	for rows, want := range map[int]int{0: 0, 1: 1, 10: 1, 11: 2, 30: 2, 150: 4, 151: 5, 1000: 13} {
		if got := sizer.Requests(rows); got != want {
			t.Errorf("%d rows take %d requests, want %d", rows, got, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for name, c := range map[string]struct {
		requests, quota int
		window          time.Duration
		want            int
	}{
		"nothing to send":   {0, 0, 0, 1},
		"no quota is known": {160, 0, 0, 11},
		"the quota is wide": {160, 100000, time.Second, 11},
		"the quota decides": {300, 150, 30 * time.Second, 61},
	} {
		if got := sizer.Seconds(c.requests, c.quota, c.window); got != c.want {
			t.Errorf("%s: %d s, want %d", name, got, c.want)
		}
	}
}
