package ledger

import (
	"slices"
	"testing"
)

// What was removed is no new instrument of its customer, should the store still
// show it for a while; not before the customer is looked at again.
func TestRemovedTokensStayExplained(t *testing.T) {
	l := openLedger(t, t.TempDir())
	job := addJob(t, l, card(1, "a"), card(1, "b"))
	must(t, l.BeginSeeing(t.Context(), job))
	sendAll(t, l, job, Imported)
	own, err := l.OwnAfter(t.Context(), job, 0, 10)
	must(t, err)
	must(t, l.Remove(t.Context(), job, []int{1}))
	if old, _, err := l.OldTokens(t.Context(), 1); err != nil || len(own) != 2 || !old[own[0].Token] || !old[own[1].Token] {
		t.Errorf("%+v, old %v, %v", own, old, err)
	}
}

// Removing is repeatable, and takes nothing but imported rows.
func TestRemove(t *testing.T) {
	l := openLedger(t, t.TempDir())
	job := addJob(t, l, card(1, "a"), card(1, "a"), card(2, "b"), card(3, "c"), card(4, "d"))
	must(t, l.Relate(t.Context(), job, false))
	for row, to := range map[int]State{1: Imported, 3: Imported, 4: Refused} {
		must(t, l.MarkSent(t.Context(), job, []int{row}))
		must(t, l.Record(t.Context(), job, []Outcome{{Row: row, To: to, Token: "token"}}))
	}
	must(t, l.SettleFollowers(t.Context(), job))
	for range 2 {
		must(t, l.Remove(t.Context(), job, []int{1, 2, 4, 5}))
		must(t, l.SettleFollowers(t.Context(), job))
		if got := states(t, l, job); !slices.Equal(got, []State{Removed, Removed, Imported, Refused, Pending}) {
			t.Errorf("states %v", got)
		}
	}
	if counts, err := l.UndoCounts(t.Context(), job); err != nil || counts != (UndoCounts{Own: 1, OwnCustomers: 1, Removed: 1, RemovedCustomers: 1}) {
		t.Errorf("%+v, %v", counts, err)
	}
}

// An already row goes on being so for as long as a row stands for it.
func TestReopenTakesOnlyWhatWasRemoved(t *testing.T) {
	l := openLedger(t, t.TempDir())
	first := addJob(t, l, card(1, "a"), card(2, "b"))
	sendAll(t, l, first, Imported)
	second := addJob(t, l, card(1, "a"), card(2, "b"), card(2, "b"))
	must(t, l.Relate(t.Context(), second, false))
	must(t, l.SettleFollowers(t.Context(), second))
	must(t, l.Remove(t.Context(), first, []int{2}))
	must(t, l.Reopen(t.Context(), second))
	if got := states(t, l, second); !slices.Equal(got, []State{Already, Pending, Follower}) {
		t.Errorf("states %v", got)
	}
}
