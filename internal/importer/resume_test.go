package importer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// applied carries the last job out with a context that the test can end.
func (b *bench) applied(ctx context.Context, answer importer.UnconfirmedPolicy) *importer.Summary {
	b.t.Helper()
	var err error
	b.last, err = b.importer.Apply(ctx, b.last.ID, answer, quiet)
	b.must(err)
	return b.last
}

// A look that did not find a row still counts when the job is cancelled before
// the next one, and is not the next one itself: what the store stores in the
// meantime is found, and the rows are not sent again.
func TestResumeBetweenTwoLooks(t *testing.T) {
	for name, tt := range map[string]struct {
		first   trick
		imports int32
		adopted int
	}{
		"the store was late":     {afterwards(45*time.Second, refuse(504)), 1, 2},
		"the store had given up": {refuse(504), 3, 0}, // the rows are sent again singly
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w := newWireBench(t, sandbox.Options{})
				rows := importer.Inline{card(1, "a"), card(2, "b")}
				for _, row := range rows { // each has the same card from an older gateway
					row.PaymentMethodID, row.Instrument.VaultToken = "stripe.credit_card", "old"+row.Instrument.VaultToken
					_, err := b.client.ImportInstruments(t.Context(), []bcapi.ImportRow{row})
					b.must(err)
				}
				w.imports.Store(0)
				ctx, cancel := context.WithCancelCause(t.Context())
				looked := 0
				imports := inTurn(passage.isImport, tt.first)
				w.on = func(p passage) trick {
					if p.isLook() && w.imports.Load() > 0 {
						if looked++; looked == 2 {
							cancel(importer.ErrCancelled) // both rows were looked for, once
						}
					}
					return imports(p)
				}
				b.plan(rows)
				if s := b.applied(ctx, importer.Leave); s.Status != importer.Cancelled || s.Unconfirmed != 2 || len(b.stored()) != 2 {
					t.Fatalf("%+v", s)
				}
				time.Sleep(30 * time.Second)
				b.importer = b.another() // nothing but the ledger is left of the run
				if s := b.run(1); s.Status != importer.Completed || s.Imported != 2 || s.Adopted != tt.adopted {
					t.Fatalf("%+v", s)
				}
				time.Sleep(time.Minute)
				if n := b.distinct(); n != 4 || w.imports.Load() != tt.imports {
					t.Errorf("%d stored, by %d requests", n, w.imports.Load())
				}
			})
		})
	}
}

// The ledger of a store is the same however its address is spelt.
func TestOneScopeHoweverTheAddressIsSpelt(t *testing.T) {
	b, w := newWireBench(t, sandbox.Options{})
	rows := cards(30)
	b.plan(rows)
	b.run(1)
	sent := w.imports.Load()
	for _, url := range []string{wireURL + "/", wireURL + "//", "http://LOCALHOST:1/", "HTTP://localhost:1"} {
		client, err := bcapi.New(bcapi.Config{APIURL: url, StoreHash: sandbox.StoreHash, AccessToken: sandbox.Token, Transport: w})
		b.must(err)
		config := b.importer.Config
		config.Client, config.Scope = client, ledger.Scope{Origin: client.Origin(), StoreHash: sandbox.StoreHash}
		im := newImporter(t, config)
		s, err := im.Inline(t.Context(), rows, importer.Options{}, quiet)
		b.must(err)
		if s.Already != len(rows) || w.imports.Load() != sent {
			t.Errorf("%s: %+v, %d requests", url, s, w.imports.Load()-sent)
		}
		if jobs, err := im.Jobs(t.Context(), 50); err != nil || len(jobs) < 2 {
			t.Errorf("%s: %d jobs, %v", url, len(jobs), err)
		}
	}
}

// holdOne makes a job with a row whose outcome cannot be told: two look-alikes
// of its card appear while the answer is lost.
func (b *bench) holdOne(apply func() *importer.Summary) *importer.Summary {
	b.t.Helper()
	strangers := func() {
		for _, token := range []string{"x", "y"} {
			_, err := b.client.ImportInstruments(context.Background(), []bcapi.ImportRow{card(1, token)})
			b.must(err)
		}
		b.faults(`[{` + importPath + `,"times":1,"action":{"drop":"before"}}]`)
	}
	b.meddle.Store(&strangers)
	s := apply()
	if s.Status != importer.Interrupted || s.Unconfirmed != 1 || s.Imported+s.Unconfirmed != s.Total {
		b.t.Fatalf("%+v", s)
	}
	return s
}

// What a person says of a row counts for the rows of another call too: the same
// rows inline, or another file that has the row.
func TestAPersonAnswersInAnotherJob(t *testing.T) {
	rows := importer.Inline{card(1, "a"), card(2, "b")}
	for name, again := range map[string]func(*bench, importer.UnconfirmedPolicy) *importer.Summary{
		"inline": func(b *bench, answer importer.UnconfirmedPolicy) *importer.Summary {
			s, err := b.importer.Inline(b.t.Context(), rows, importer.Options{Unconfirmed: answer}, quiet)
			b.must(err)
			return s
		},
		"another plan of the file": func(b *bench, answer importer.UnconfirmedPolicy) *importer.Summary {
			b.plan(rows, func(r *importer.FileRequest) { r.Shared = true })
			return b.applied(b.t.Context(), answer)
		},
	} {
		for _, answer := range []importer.UnconfirmedPolicy{importer.Resend, importer.Skip} {
			t.Run(fmt.Sprint(name, ", ", answer), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, sandbox.Options{})
				first := b.holdOne(func() *importer.Summary {
					b.plan(rows)
					return b.run(1)
				})
				before := b.distinct()
				if s := again(b, importer.Leave); s.Failed != 1 || s.Already != 1 || b.distinct() != before {
					t.Fatalf("without an answer: %+v", s)
				}
				s := again(b, answer)
				if answer == importer.Resend && (s.Imported != 1 || s.Already != 1 || s.Status != importer.Completed || b.distinct() != before+1) ||
					answer == importer.Skip && (s.Failed != 1 || s.Already != 1 || b.distinct() != before) {
					t.Errorf("%+v, %d stored", s, b.distinct())
				}
				after := b.distinct()
				b.last = first
				if s := b.run(1); s.Unconfirmed+s.Remaining > 0 || s.Imported+s.Already+s.Failed != 2 {
					t.Errorf("the first job: %+v", s)
				}
				if s := again(b, importer.Leave); s.Unconfirmed+s.Remaining > 0 || b.distinct() != after {
					t.Errorf("later: %+v, %d stored, %d before", s, b.distinct(), after)
				}
			})
		}
	}
}

// A file that was only touched while its import runs has changed nothing; one
// with other content stops it, before any of that is sent, and its stamp is not
// what that is told from.
func TestTheFileChangesWhileItRuns(t *testing.T) {
	rows := customers(200)
	other := slices.Clone(rows) // as long, with customers exchanged
	for i := 100; i < 200; i += 2 {
		other[i].CustomerID, other[i+1].CustomerID = rows[i+1].CustomerID, rows[i].CustomerID
	}
	for name, tt := range map[string]struct {
		content importer.Inline
		stamp   func(before time.Time) time.Time
		changed bool
	}{
		"touched":                    {rows, func(before time.Time) time.Time { return before.Add(time.Hour) }, false},
		"changed":                    {other, func(before time.Time) time.Time { return before.Add(time.Hour) }, true},
		"changed, with the old time": {other, func(before time.Time) time.Time { return before }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, w := newWireBench(t, sandbox.Options{})
			b.plan(rows)
			path := filepath.Join(b.files, "rows.jsonl")
			before, err := os.Stat(path)
			b.must(err)
			write := func(rows importer.Inline, at time.Time) {
				b.write("rows.jsonl", rows)
				b.must(os.Chtimes(path, at, at))
			}
			w.on = meanwhile(func() {
				if at := tt.stamp(before.ModTime()); tt.changed {
					write(tt.content, at)
				} else {
					b.must(os.Chtimes(path, at, at))
				}
			})
			s := b.run(1)
			if !tt.changed {
				if s.Status != importer.Completed {
					t.Fatalf("%+v", s)
				}
				b.eachOnce(rows)
				return
			}
			if s.Status != importer.Interrupted || s.Imported == 0 || s.Failed+s.Unconfirmed > 0 || s.Reason == "" {
				t.Fatalf("%+v", s)
			}
			for _, in := range b.stored() {
				if in.VaultToken != fmt.Sprint("v", in.CustomerID) {
					t.Errorf("customer %d has %s", in.CustomerID, in.VaultToken)
				}
			}
			if name == "changed" {
				if _, err := b.importer.Apply(t.Context(), s.ID, importer.Leave, quiet); !errors.Is(err, importer.ErrStale) {
					t.Errorf("gone on with: %v", err)
				}
			}
			write(rows, before.ModTime())
			if s := b.run(1); s.Status != importer.Completed {
				t.Fatalf("%+v", s)
			}
			b.eachOnce(rows)
		})
	}
}
