package importer_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"testing"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// customers are rows of so many customers, one each.
func customers(n int) importer.Inline {
	rows := make(importer.Inline, n)
	for i := range rows {
		rows[i] = card(int64(i+1), fmt.Sprint("v", i+1))
	}
	return rows
}

// A store's limit is published nowhere: it is found at the price of a few
// requests, about as many as the numbers in question have binary digits, and
// then made full use of.
func TestABatchLimitIsFound(t *testing.T) {
	for _, tt := range []struct{ limit, rows int }{{1, 60}, {3, 300}, {25, 2000}, {60, 5000}, {0, 2000}} {
		t.Run(fmt.Sprint("limit ", tt.limit), func(t *testing.T) {
			t.Parallel()
			b, w := newWireBench(t, sandbox.Options{MaxBatch: tt.limit})
			b.plan(customers(tt.rows))
			if s := b.run(1); s.Status != importer.Completed || s.Imported != tt.rows {
				t.Fatalf("%+v", s)
			}
			size := cmp.Or(tt.limit, 100)
			needed := (tt.rows + size - 1) / size
			if n, most := int(w.imports.Load()), needed+needed/10+15; n > most {
				t.Errorf("%d requests, of which %d were needed", n, needed)
			} else {
				t.Logf("%d requests, of which %d were needed", n, needed)
			}
		})
	}
}

// A row that is too large by itself says nothing of how many rows a batch may
// have: it fails alone, and batches are large again after it.
func TestARowThatIsTooLarge(t *testing.T) {
	b, w := newWireBench(t, sandbox.Options{})
	w.on = func(p passage) trick {
		if p.isImport() && bytes.Contains(p.body, []byte(`"v30"`)) {
			return refuse(http.StatusRequestEntityTooLarge)
		}
		return nil
	}
	b.plan(customers(3000))
	if s := b.run(1); s.Status != importer.CompletedWithFailures || s.Imported != 2999 || s.Failed != 1 || s.Failures[0].Row != 30 {
		t.Fatalf("%+v", s)
	}
	if n := w.imports.Load(); n > 100 { // 30 would be enough, and 16 find the row
		t.Errorf("%d requests", n)
	}
}
