package importer_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// Once a row of the job is in, refusals are the rows' own, were they ever so
// many and all alike; also when the row came in with an earlier run.
func TestRefusalsAfterASuccessAreNotSystemic(t *testing.T) {
	for _, names := range []naming{dotted, whole} {
		for _, stops := range []bool{false, true} {
			t.Run(fmt.Sprintf("naming %d, stopped %v", names, stops), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b, w := newWireBench(t, sandbox.Options{})
					good := w.store
					rows := customers(130)
					bad := make(map[string]bool)
					for i := range 70 {
						bad[fmt.Sprint("v", 61+i)] = true
					}
					w.store = picky{good, bad, names, ""}
					b.plan(rows)
					if stops {
						ctx, stop := context.WithCancelCause(t.Context())
						w.on = func(p passage) trick {
							if p.isImport() {
								stop(importer.ErrStopping)
							}
							return nil
						}
						if s := b.applied(ctx, importer.Leave); s.Status != importer.Interrupted || s.Imported == 0 || s.Failed > 0 {
							t.Fatalf("%+v", s)
						}
						w.store = picky{good, nil, names, ""} // nothing at all from now on
					}
					s := b.run(1)
					if s.Status != importer.CompletedWithFailures || !stops && s.Imported != 60 || s.Imported+s.Failed != 130 {
						t.Errorf("%+v", s)
					}
					if n := b.distinct(); n != s.Imported {
						t.Errorf("%d stored, %d imported", n, s.Imported)
					}
				})
			})
		}
	}
}

// A refusal that would meet every request stops the job. What is under way with
// it is not lost: it is taken over, or looked up by the next run.
func TestASystemicStopWithBatchesUnderWay(t *testing.T) {
	for _, status := range []int{401, 403, 507} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w := newWireBench(t, sandbox.Options{})
				rows := customers(100)
				b.plan(rows)
				w.on = inTurn(passage.isImport, pass, refuse(status), lostAfter, instead(refuse(504)))
				s := b.run(1)
				if s.Status != importer.Interrupted || !strings.Contains(s.Reason, fmt.Sprint(status)) || s.Failed > 0 {
					t.Fatalf("%+v", s)
				}
				if n := b.distinct(); s.Imported == 0 || s.Unconfirmed == 0 || s.Imported+s.Unconfirmed != n || s.Remaining < 10 {
					t.Fatalf("%d stored, %+v", n, s)
				}
				if s := b.run(1); s.Status != importer.Completed || s.Imported != 100 {
					t.Fatalf("%+v", s)
				}
				b.eachOnce(rows)
			})
		})
	}
}

// Each stop tells its own reason, whatever the runs before were stopped for.
func TestEachStopTellsItsOwnReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := newWireBench(t, sandbox.Options{})
		good := w.store
		rows := customers(90)
		b.plan(rows)
		stopped := func(remaining int, tells string, not ...string) {
			t.Helper()
			s := b.run(1)
			if s.Status != importer.Interrupted || s.Remaining != remaining || !strings.Contains(s.Reason, tells) {
				t.Fatalf("want a stop for %q: %+v", tells, s)
			}
			for _, other := range not {
				if strings.Contains(s.Reason, other) {
					t.Errorf("%q tells of %q", s.Reason, other)
				}
			}
		}
		w.store = picky{good, nil, dotted, "belongs to no gateway"}
		stopped(90, "belongs to no gateway")
		w.store = picky{good, nil, dotted, "is of another mode"}
		stopped(90, "is of another mode", "belongs")
		w.store = picky{good, nil, whole, "Vaulting is not enabled"}
		stopped(90, "Vaulting is not enabled", "belongs", "another mode")
		w.store, w.on = good, inTurn(passage.isImport, pass, pass, pass, pass, refuse(http.StatusForbidden))
		s := b.run(1)
		if s.Status != importer.Interrupted || s.Imported < 40 || s.Failed > 0 || !strings.Contains(s.Reason, "403") || strings.Contains(s.Reason, "aulting") {
			t.Fatalf("%+v", s)
		}
		w.on = nil
		if s := b.run(1); s.Status != importer.Completed || s.Reason != "" {
			t.Fatalf("%+v", s)
		}
		b.eachOnce(rows)
	})
}

// A store that refuses every batch and names no row: the rows are looked up and
// go back to what remains, and few requests are spent on that.
func TestASetUpThatRefusesWholeBatches(t *testing.T) {
	const gave = "the API did not import the row and gave no reason"
	for name, tt := range map[string]struct {
		names  naming
		reason string
	}{
		"not at all":             {whole, "Vaulting is not enabled"},
		"by field":               {unnamed, "Vaulting is not enabled"},
		"by its numbers":         {byNumber, gave},
		"by row, which is clear": {dotted, "Vaulting is not enabled"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w := newWireBench(t, sandbox.Options{})
				good := w.store
				w.store = picky{good, nil, tt.names, "Vaulting is not enabled"}
				rows := cards(200)
				b.plan(rows)
				s := b.run(1)
				if s.Status != importer.Interrupted || s.Remaining != 200 || !strings.Contains(s.Reason, tt.reason) {
					t.Fatalf("%+v", s)
				}
				if n := w.imports.Load(); n > 10 { // three batches, as many under way by then, and rows alone
					t.Errorf("%d imports", n)
				}
				w.store = good
				if s := b.run(1); s.Status != importer.Completed {
					t.Fatalf("%+v", s)
				}
				b.eachOnce(rows)
			})
		})
	}
}

// A refusal that names no row may be about one: bad rows at the beginning, each
// in a batch of its own, are found and fail; the others are imported.
func TestBadRowsThatAreNotNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := newWireBench(t, sandbox.Options{})
		w.store = picky{w.store, map[string]bool{"v1": true, "v11": true, "v21": true, "v31": true}, whole, ""}
		b.plan(customers(60))
		if s := b.run(1); s.Status != importer.CompletedWithFailures || s.Imported != 56 || s.Failed != 4 {
			t.Fatalf("%+v", s)
		}
		if n := b.distinct(); n != 56 {
			t.Errorf("%d stored", n)
		}
	})
}

// Halves of a batch that was refused are no further batches: ten bad rows are
// ten failures, and no mistake of the set-up.
func TestHalvesProveNothingOfTheSetUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := newWireBench(t, sandbox.Options{})
		w.store = picky{w.store, nil, whole, ""}
		b.plan(customers(10))
		if s := b.run(1); s.Status != importer.CompletedWithFailures || s.Failed != 10 {
			t.Fatalf("%+v", s)
		}
	})
}

// Whole batches that are refused although the store has taken them are found
// there, and nothing of them is sent again.
func TestRefusedAndTakenAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := newWireBench(t, sandbox.Options{})
		refused := instead(flat422("Invalid"))
		w.on = inTurn(passage.isImport, refused, refused, refused, refused)
		rows := customers(60)
		b.plan(rows)
		if s := b.run(1); s.Status != importer.Completed || s.Adopted < 20 {
			t.Fatalf("%+v", s)
		}
		b.eachOnce(rows)
	})
}

// Rows that were found in the store are a success too: refusals beside them are
// of the rows.
func TestFoundRowsAreASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := newWireBench(t, sandbox.Options{})
		rows := customers(60)
		bad := make(map[string]bool)
		for _, row := range rows[10:] {
			bad[row.Instrument.VaultToken] = true
		}
		w.store = picky{w.store, bad, dotted, ""}
		w.on = func(p passage) trick {
			if p.isImport() && bytes.Contains(p.body, []byte(`"v1"`)) {
				return lostAfter
			}
			return nil
		}
		b.plan(rows)
		if s := b.run(1); s.Status != importer.CompletedWithFailures || s.Adopted != 10 || s.Failed != 50 {
			t.Fatalf("%+v", s)
		}
	})
}

// What is held back of refusals goes back when something else ends the run
// before it is known what they are.
func TestARunThatEndsInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := newWireBench(t, sandbox.Options{})
		good := w.store
		w.store = picky{good, nil, dotted, ""}
		ctx, cancel := context.WithCancelCause(t.Context())
		rows := customers(15)
		b.plan(rows)
		w.on = func(p passage) trick {
			if p.isImport() {
				cancel(importer.ErrCancelled)
			}
			return nil
		}
		if s := b.applied(ctx, importer.Leave); s.Status != importer.Cancelled || s.Remaining != 15 {
			t.Fatalf("%+v", s)
		}
		w.store = good
		if s := b.run(1); s.Status != importer.Completed {
			t.Fatalf("%+v", s)
		}
		b.eachOnce(rows)
	})
}
