package importer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// amended has the store act, and changes its answer.
func amended(change func(answer map[string]any)) trick {
	return func(p passage) (*answer, error) {
		a, err := p.act(p.body)
		if err != nil {
			return nil, err
		}
		var object map[string]any
		if err := json.Unmarshal(a.body, &object); err != nil {
			return nil, err
		}
		change(object)
		body, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		return says(a.status, string(body))
	}
}

func refusing(row string) []any {
	return []any{map[string]any{"status": 422, "title": "Invalid", "errors": map[string]string{row + ".instrument.brand": "is not a brand"}}}
}

// An answer of 200 that contradicts itself proves nothing: what the store shows
// only later is found by the second look, and never sent again.
func TestAnAnswerThatContradictsItself(t *testing.T) {
	for name, change := range map[string]func(answer map[string]any){
		"a row imported and refused": func(a map[string]any) { a["errors"] = refusing("0") },
		"a row refused, and counted as imported": func(a map[string]any) {
			a["data"], a["errors"] = a["data"].([]any)[1:], refusing("0")
		},
		"more are counted than are told": func(a map[string]any) { a["data"] = a["data"].([]any)[1:] },
		"fewer are counted than were sent": func(a map[string]any) {
			a["data"], a["meta"] = a["data"].([]any)[1:], map[string]any{"total": 2, "success": 2, "failed": 0}
		},
		"counts that do not add up": func(a map[string]any) {
			a["data"], a["meta"] = a["data"].([]any)[1:], map[string]any{"total": 3, "success": 2, "failed": 0}
		},
		"a row told twice": func(a map[string]any) { a["data"] = append(a["data"].([]any), a["data"].([]any)[0]) },
		"one token for two rows": func(a map[string]any) {
			data := a["data"].([]any)
			data[1].(map[string]any)["instrument"] = data[0].(map[string]any)["instrument"]
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w := newWireBench(t, sandbox.Options{})
				rows := cards(5)[:4]
				b.plan(rows)
				imports := inTurn(passage.isImport, amended(change))
				var shows atomic.Pointer[time.Time] // when the store shows what it has
				w.on = func(p passage) trick {
					if p.isImport() && shows.Load() == nil {
						later := time.Now().Add(5 * time.Second)
						shows.Store(&later)
					}
					if at := shows.Load(); p.isLook() && at != nil && time.Now().Before(*at) {
						return func(passage) (*answer, error) { return says(http.StatusOK, `[]`) }
					}
					return imports(p)
				}
				if s := b.run(1); s.Status != importer.Completed || s.Imported != 4 {
					t.Fatalf("%+v", s)
				}
				b.eachOnce(rows)
			})
		})
	}
}

// enough ends a run that sends without an end.
func (b *bench) enough(w *wire, most int32) {
	on := w.on
	w.on = func(p passage) trick {
		if w.imports.Load() > most {
			b.t.Errorf("more than %d imports", most)
			return refuse(http.StatusForbidden)
		}
		return on(p)
	}
}

// A store that says nothing of a row, however often it is sent, gets it three
// times; then a person has to look. Neither does the next run send it again.
func TestAStoreThatStaysSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := newWireBench(t, sandbox.Options{})
		w.on = func(p passage) trick {
			if p.isImport() {
				return silent
			}
			return nil
		}
		b.enough(w, 5)
		b.plan(importer.Inline{card(1, "a")})
		for range 2 {
			if s := b.run(1); s.Status != importer.Interrupted || s.Unconfirmed != 1 || w.imports.Load() != 3 {
				t.Fatalf("%+v, %d imports", s, w.imports.Load())
			}
		}
	})
}

// A row that a store passes over, and takes its neighbours, is sent in ever
// smaller batches, so that it comes to an end, and not with each batch anew.
func TestARowThatAStorePassesOver(t *testing.T) {
	for name, how := range map[string]naming{"without a word": passedOver, "counting it as failed": byNumber, "naming no row": unnamed} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w := newWireBench(t, sandbox.Options{})
				w.store = picky{w.store, map[string]bool{"v5": true}, how, ""}
				var sent atomic.Int32
				w.on = func(p passage) trick {
					if p.isImport() && bytes.Contains(p.body, []byte(`"v5"`)) && sent.Add(1) > 20 {
						return refuse(http.StatusForbidden) // it would never end
					}
					return nil
				}
				b.plan(customers(2500))
				s := b.run(1)
				if s.Imported != 2499 || how == passedOver && s.Unconfirmed != 1 || how != passedOver && s.Failed != 1 {
					t.Fatalf("%+v", s)
				}
				if n := sent.Load(); n > 7 { // with 10, 5 and 2 rows, and at most three times alone
					t.Errorf("it was sent %d times", n)
				}
			})
		})
	}
}

// careless is a client that has sent a batch and fails without saying so.
type careless struct {
	importer.Client
	err   error
	fails atomic.Int32
}

func (c *careless) ImportInstruments(ctx context.Context, rows []bcapi.ImportRow) (bcapi.ImportResult, error) {
	result, err := c.Client.ImportInstruments(ctx, rows)
	if c.fails.Add(-1) >= 0 {
		return bcapi.ImportResult{}, c.err
	}
	return result, err
}

// An error that does not tell a write's fate leaves it unknown.
func TestAnErrorThatTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newWireBench(t, sandbox.Options{})
		config := b.importer.Config
		client := &careless{Client: config.Client, err: fmt.Errorf("some reason: %w", context.DeadlineExceeded)}
		client.fails.Store(2)
		config.Client = client
		b.importer = newImporter(t, config)
		rows := cards(60)
		b.plan(rows)
		if s := b.run(2); s.Status != importer.Completed || s.Imported != len(rows) || s.Adopted == 0 {
			t.Fatalf("%+v", s)
		}
		b.eachOnce(rows)
	})
}
