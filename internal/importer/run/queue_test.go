package run

import (
	"slices"
	"testing"

	"bigcommerce-payments-mcp/internal/ledger"
)

// queued makes rows numbered from 1, of these customers.
func queued(customers ...int64) []queuedRow {
	rows := make([]queuedRow, len(customers))
	for i, customer := range customers {
		rows[i].PendingRow = ledger.PendingRow{Row: i + 1, CustomerID: customer}
	}
	return rows
}

func numbers(rows []queuedRow) []int {
	var all []int
	for _, row := range rows {
		all = append(all, row.Row)
	}
	return all
}

func TestFormBatch(t *testing.T) {
	for name, c := range map[string]struct {
		rows     []queuedRow
		maxBatch map[int]int // by row number
		size     int
		fresh    bool
		blocked  []int64
		batch    []int
		kept     []int
	}{
		"in the file's order":                     {rows: queued(1, 2, 3), size: 2, batch: []int{1, 2}, kept: []int{3}},
		"one row per customer":                    {rows: queued(1, 1, 2), size: 3, batch: []int{1, 3}, kept: []int{2}},
		"none of a blocked customer":              {rows: queued(1, 2, 3), size: 3, blocked: []int64{2}, batch: []int{1, 3}, kept: []int{2}},
		"a retried row bounds its batch":          {rows: queued(1, 2, 3, 4), maxBatch: map[int]int{1: 2}, size: 4, batch: []int{1, 2}, kept: []int{3, 4}},
		"a retried row waits for a smaller batch": {rows: queued(1, 2, 3), maxBatch: map[int]int{3: 2}, size: 3, batch: []int{1, 2}, kept: []int{3}},
		"a retried row alone":                     {rows: queued(1, 2), maxBatch: map[int]int{1: 1}, size: 10, batch: []int{1}, kept: []int{2}},
		"fresh rows only":                         {rows: queued(1, 2, 3), maxBatch: map[int]int{2: 5}, size: 3, fresh: true, batch: []int{1, 3}, kept: []int{2}},
		"a customer's later row never overtakes":  {rows: queued(1, 1, 2), maxBatch: map[int]int{1: 5}, size: 3, fresh: true, batch: []int{3}, kept: []int{1, 2}},
		"nothing is left to take":                 {rows: queued(1, 1), size: 2, blocked: []int64{1}, kept: []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.rows {
				c.rows[i].maxBatch = c.maxBatch[c.rows[i].Row]
			}
			blocked := make(map[int64]bool)
			for _, customer := range c.blocked {
				blocked[customer] = true
			}
			batch, kept := formBatch(c.rows, c.size, c.fresh, blocked)
			if !slices.Equal(numbers(batch), c.batch) || !slices.Equal(numbers(kept), c.kept) {
				t.Errorf("batch %v, kept %v", numbers(batch), numbers(kept))
			}
		})
	}
}
