package importer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// A store that asks to wait for longer than its client waits is waited for,
// whatever it was asked: nothing is lost, and nothing is sent before.
func TestAStoreThatAsksToWait(t *testing.T) {
	const wait = 100 * time.Second
	for name, tt := range map[string]func(*bench, *wire) func(passage) trick{
		"an import": func(*bench, *wire) func(passage) trick {
			return inTurn(passage.isImport, pass, tooMany("100"), tooMany("100"))
		},
		"a look": func(*bench, *wire) func(passage) trick {
			imports, looks := inTurn(passage.isImport, pass, lostAfter), inTurn(passage.isLook, pass, tooMany("100"))
			return func(p passage) trick {
				if p.isLook() {
					return looks(p)
				}
				return imports(p)
			}
		},
		"the first look at the store": func(*bench, *wire) func(passage) trick {
			return inTurn(passage.isList, tooMany("100"))
		},
		"the store's list, in its middle": func(b *bench, _ *wire) func(passage) trick {
			for i := range 10 { // so many that the list has several pages
				others := make([]bcapi.ImportRow, 60)
				for j := range others {
					others[j] = card(int64(1000+60*i+j), fmt.Sprint("w", 60*i+j))
				}
				_, err := b.client.ImportInstruments(b.t.Context(), others)
				b.must(err)
			}
			return inTurn(passage.isList, pass, pass, tooMany("100"), pass, tooMany("1"))
		},
		"looks before anything is sent": func(_ *bench, _ *wire) func(passage) trick {
			hidden := func(passage) (*answer, error) { return says(200, `{"data":[],"meta":{}}`) } // it does not tell how many it has
			lists, looks := inTurn(passage.isList, hidden), inTurn(passage.isLook, pass, tooMany("100"))
			return func(p passage) trick {
				if p.isLook() {
					return looks(p)
				}
				return lists(p)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w := newWireBench(t, sandbox.Options{})
				w.on = tt(b, w)
				before := len(b.stored())
				rows := cards(90)
				b.plan(rows)
				start := time.Now()
				if s := b.run(1); s.Status != importer.Completed || s.Imported != len(rows) {
					t.Fatalf("%+v", s)
				}
				if took := time.Since(start); took < wait || took > 4*wait {
					t.Errorf("it took %v", took)
				}
				if n := b.distinct(); n != before+len(rows) {
					t.Errorf("%d stored, %d before", n, before)
				}
			})
		})
	}
}

// A job that waits for the store can be stopped at once, and gone on with.
func TestAWaitIsEndedByAStop(t *testing.T) {
	for name, on := range map[string]func(passage) trick{
		"an import": inTurn(passage.isImport, pass, tooMany("1000")),
		"the list":  inTurn(passage.isList, pass, tooMany("1000")),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w := newWireBench(t, sandbox.Options{})
				w.on = on
				rows := cards(90)
				b.plan(rows)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(10*time.Second, func() { cancel(importer.ErrStopping) })
				start := time.Now()
				s := b.applied(ctx, importer.Leave)
				if s.Status != importer.Interrupted || s.Reason != importer.ErrStopping.Error() || s.Unconfirmed+s.Failed > 0 || s.Remaining == 0 {
					t.Fatalf("%+v", s)
				}
				if took := time.Since(start); took > 15*time.Second {
					t.Errorf("it stopped after %v", took)
				}
				time.Sleep(1000 * time.Second)
				if s := b.run(1); s.Status != importer.Completed {
					t.Fatalf("%+v", s)
				}
				b.eachOnce(rows)
			})
		})
	}
}

// The reader of the store's list may go on after it was put off, and gets each
// instrument once.
func TestAListThatIsPutOffGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := newWireBench(t, sandbox.Options{})
		for i := range 10 {
			rows := customers(60 * (i + 1))[60*i:]
			_, err := b.client.ImportInstruments(t.Context(), rows)
			b.must(err)
		}
		w.on = inTurn(passage.isList, pass, tooMany("60"), tooMany("60"), pass, tooMany("60"), refuse(403))
		seen, waits := make(map[string]bool), 0
		var end error
		for in, err := range b.client.AllStoredInstruments(t.Context()) {
			if bcapi.WaitThrottle(t.Context(), err) {
				waits++
				continue
			}
			if end = err; err != nil {
				continue // which is the end all the same
			}
			if seen[in.Token] {
				t.Errorf("%s is there twice", in.Token)
			}
			seen[in.Token] = true
		}
		var refused *bcapi.RefusedError
		if len(seen) != 500 || waits < 2 || !errors.As(end, &refused) {
			t.Errorf("%d seen, %d waits, %v", len(seen), waits, end)
		}
	})
}
