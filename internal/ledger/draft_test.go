package ledger

import (
	"errors"
	"slices"
	"testing"
)

// draft begins to plan a job with a row.
func draft(t *testing.T, l *Ledger, id string) *Draft {
	t.Helper()
	d, err := l.NewDraft(t.Context(), id, []byte("{}"))
	must(t, err)
	t.Cleanup(func() { d.close() })
	keys, err := l.Keys("braintree", card(1, id))
	must(t, err)
	must(t, l.AddRows(t.Context(), d.Num, []NewRow{{Row: 1, CustomerID: 1, Keys: keys}}))
	return d
}

func (d *Draft) publish(t *testing.T, identity string) *Job {
	t.Helper()
	instead, err := d.Publish(t.Context(), Planned, []byte("{}"), []byte(identity))
	must(t, err)
	return instead
}

// kept is how many jobs and rows the ledger holds, seen or not.
func kept(t *testing.T, l *Ledger) (jobs, rows int) {
	t.Helper()
	must(t, l.read.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM rows)`).Scan(&jobs, &rows))
	return jobs, rows
}

func ids(t *testing.T, l *Ledger) []string {
	t.Helper()
	all, err := l.JobIDs(t.Context(), 50)
	must(t, err)
	return all
}

func TestADraftIsSeenWhenItIsWhole(t *testing.T) {
	l := openLedger(t, t.TempDir())
	d := draft(t, l, "a")
	_, byID := l.JobByID(t.Context(), "a")
	_, taken := l.Take(t.Context(), "a")
	if !errors.Is(byID, ErrNoJob) || !errors.Is(taken, ErrNoJob) || len(ids(t, l)) != 0 {
		t.Errorf("a draft is seen: %v, %v, %v", byID, taken, ids(t, l))
	}
	if instead := d.publish(t, "x"); instead != nil {
		t.Errorf("instead %+v", instead)
	}
	d.Discard(t.Context()) // too late
	if j, err := l.JobByID(t.Context(), "a"); err != nil || j.Status != Planned || j.Num != d.Num || !slices.Equal(ids(t, l), []string{"a"}) {
		t.Errorf("%+v, %v, %v", j, err, ids(t, l))
	}
}

func TestADiscardedDraftLeavesNothing(t *testing.T) {
	l := openLedger(t, t.TempDir())
	draft(t, l, "a").Discard(t.Context())
	if jobs, rows := kept(t, l); jobs+rows != 0 {
		t.Errorf("%d jobs and %d rows are left", jobs, rows)
	}
}

// What a dead process has left is swept by the next who opens or plans, unless
// somebody is planning: whose draft is whose cannot be told then.
func TestDraftsOfTheDeadAreSwept(t *testing.T) {
	for name, next := range map[string]func(*testing.T, string, *Ledger) int{
		"opened":  func(t *testing.T, dir string, _ *Ledger) int { openLedger(t, dir); return 0 },
		"planned": func(t *testing.T, _ string, l *Ledger) int { draft(t, l, "next"); return 1 },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := openLedger(t, dir)
			alive, dead := draft(t, l, "alive"), draft(t, l, "dead")
			must(t, dead.close()) // as the system does when a process ends
			next(t, dir, openLedger(t, dir))
			if jobs, _ := kept(t, l); jobs < 2 {
				t.Fatalf("%d jobs are left while one is planned", jobs)
			}
			alive.publish(t, "x")

			dir = t.TempDir()
			l = openLedger(t, dir)
			planned := draft(t, l, "planned")
			planned.publish(t, "x")
			must(t, draft(t, l, "dead").close())
			left := 1 + next(t, dir, l)
			if jobs, rows := kept(t, l); jobs != left || rows != left {
				t.Errorf("%d jobs and %d rows are left, want %d", jobs, rows, left)
			}
		})
	}
}

// A plan is replaced by one that asks for the same; a job that was begun, or is
// about to, is not.
func TestAPlanTakesThePlaceOfItsLike(t *testing.T) {
	for name, tt := range map[string]struct {
		older    func(*testing.T, *Ledger, Job)
		replaced bool
	}{
		"planned":     {func(*testing.T, *Ledger, Job) {}, true},
		"begun":       {func(t *testing.T, l *Ledger, j Job) { must(t, l.Begin(t.Context(), j.Num, j.Plan)) }, false},
		"interrupted": {func(t *testing.T, l *Ledger, j Job) { must(t, l.SetStatus(t.Context(), j.Num, Interrupted, "")) }, false},
		"about to begin": {func(t *testing.T, l *Ledger, j Job) {
			lock, err := l.TryLock(j.ID)
			must(t, err)
			t.Cleanup(func() { must(t, lock.Unlock()) })
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, t.TempDir())
			older := draft(t, l, "older")
			older.publish(t, "x")
			tt.older(t, l, older.Job)
			draft(t, l, "another").publish(t, "y")
			newer := draft(t, l, "newer")
			instead := newer.publish(t, "x")
			newer.Discard(t.Context())
			if replaced := instead == nil; replaced != tt.replaced || !replaced && instead.Num != older.Num {
				t.Fatalf("instead %+v", instead)
			}
			j, err := l.JobByID(t.Context(), "older")
			must(t, err)
			if is := j.Num == newer.Num; is != tt.replaced || newer.ID != "older" && tt.replaced {
				t.Errorf("older is job %d now, newer is %d", j.Num, newer.Num)
			}
			if jobs, rows := kept(t, l); jobs != 2 || rows != 2 {
				t.Errorf("%d jobs and %d rows are left", jobs, rows)
			}
		})
	}
}

// Finished jobs, and jobs without an identity, are like no other.
func TestNothingIsLikeAFinishedJob(t *testing.T) {
	l := openLedger(t, t.TempDir())
	first := draft(t, l, "a")
	first.publish(t, "x")
	must(t, l.SetStatus(t.Context(), first.Num, Finished, ""))
	for _, d := range []struct{ id, identity string }{{"b", "x"}, {"c", ""}, {"d", ""}} {
		if instead := draft(t, l, d.id).publish(t, d.identity); instead != nil {
			t.Errorf("%s: instead %+v", d.id, instead)
		}
	}
	if got := ids(t, l); !slices.Equal(got, []string{"d", "c", "b", "a"}) {
		t.Errorf("jobs %v", got)
	}
}

// What was asked before the lock was taken is forgotten, and what is asked from
// then on counts.
func TestTakeForgetsAnOldRequestToStop(t *testing.T) {
	l := openLedger(t, t.TempDir())
	d := draft(t, l, "a")
	d.publish(t, "x")
	for _, when := range []string{"before", "after"} {
		must(t, l.AskToStop(t.Context(), d.Num))
		if when == "before" {
			if j, err := l.Take(t.Context(), "a"); err != nil || j.Num != d.Num || j.Cancelled {
				t.Errorf("%+v, %v", j, err)
			}
		}
		if asked, err := l.AskedToStop(t.Context(), d.Num); err != nil || asked != (when == "after") {
			t.Errorf("asked %s: %v, %v", when, asked, err)
		}
	}
}
