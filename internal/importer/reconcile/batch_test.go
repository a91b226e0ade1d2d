package reconcile_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer/breaker"
	"bigcommerce-payments-mcp/internal/importer/reconcile"
)

const settle = 10 * time.Second

// sent is a batch of rows of customers 1 to n.
func sent(n int) []bcapi.ImportRow {
	rows := make([]bcapi.ImportRow, n)
	for i := range rows {
		rows[i].CustomerID = int64(i + 1)
		rows[i].Instrument.VaultToken = "v" + string(rune('1'+i))
	}
	return rows
}

// in is an item of a response: the row of a customer has been imported.
func in(customer int64) bcapi.Imported {
	item := bcapi.Imported{CustomerID: customer}
	item.Instrument.Token = "t" + string(rune('0'+customer))
	return item
}

func bad(index int, message string) bcapi.ImportError {
	return bcapi.ImportError{Index: index, Field: "currency_code", Message: message}
}

func response(imported []bcapi.Imported, refused []bcapi.ImportError, meta bcapi.ImportMeta) bcapi.ImportResult {
	return bcapi.ImportResult{Imported: imported, Errors: refused, Meta: meta}
}

func refusal(kind bcapi.RefusalKind) error {
	return &bcapi.RefusedError{Kind: kind, API: &bcapi.Error{Status: 422, Title: "refused"}}
}

// want is what is expected of a decision on three rows.
type want struct {
	outcome  reconcile.Outcome
	imported []int
	refused  []int
	requeue  []int
	lookup   []int
	policy   reconcile.LookupPolicy
	size     reconcile.SizeChange
	observed bool // by the breaker, with one reason for all rows
	stop     bool
}

func TestDecide(t *testing.T) {
	all := []int{0, 1, 2}
	once := reconcile.LookupPolicy{Absent: 1, Returned: true, MaxBatch: 1}
	full := bcapi.ImportMeta{Total: 3, Success: 3}
	none := bcapi.ImportMeta{Total: 3, Failed: 3}
	for name, c := range map[string]struct {
		response bcapi.ImportResult
		err      error
		want     want
	}{
		"every row is in": {
			response: response([]bcapi.Imported{in(1), in(2), in(3)}, nil, full),
			want:     want{outcome: reconcile.Answered, imported: all, size: reconcile.GrowSize},
		},
		"in whatever order, and without counts": {
			response: response([]bcapi.Imported{in(3), in(1), in(2)}, nil, bcapi.ImportMeta{}),
			want:     want{outcome: reconcile.Answered, imported: all, size: reconcile.GrowSize},
		},
		"a partial success names each row": {
			response: response([]bcapi.Imported{in(1), in(3)}, []bcapi.ImportError{bad(1, "no")}, bcapi.ImportMeta{Total: 3, Success: 2, Failed: 1}),
			want:     want{outcome: reconcile.Answered, imported: []int{0, 2}, refused: []int{1}},
		},
		"a named row takes the others with it: they are sent again": {
			response: response(nil, []bcapi.ImportError{bad(1, "no")}, none),
			want:     want{outcome: reconcile.Answered, refused: []int{1}, requeue: []int{0, 2}},
		},
		"rows that no count tells of are looked up": {
			response: response(nil, []bcapi.ImportError{bad(1, "no")}, bcapi.ImportMeta{}),
			want: want{outcome: reconcile.Answered, refused: []int{1}, lookup: []int{0, 2},
				policy: reconcile.LookupPolicy{Wait: settle, Returned: true, MaxBatch: 1}},
		},
		"all refused for one reason may be systemic": {
			response: response(nil, []bcapi.ImportError{bad(0, "no"), bad(1, "no"), bad(2, "no")}, none),
			want:     want{outcome: reconcile.Answered, refused: all, observed: true},
		},
		"all refused for several reasons is not": {
			response: response(nil, []bcapi.ImportError{bad(0, "no"), bad(1, "never"), bad(2, "no")}, none),
			want:     want{outcome: reconcile.Answered, refused: all},
		},
		"none taken, none named": {
			response: response(nil, []bcapi.ImportError{bad(-1, "no")}, none),
			want:     want{outcome: reconcile.Answered, lookup: all, policy: once, size: reconcile.HalveUnlessSystem, observed: true},
		},
		"a response that contradicts itself proves nothing": {
			response: response([]bcapi.Imported{in(1)}, []bcapi.ImportError{bad(0, "no")}, bcapi.ImportMeta{Total: 3, Success: 1, Failed: 2}),
			want: want{outcome: reconcile.Answered, lookup: all, size: reconcile.HalveUnlessSystem,
				policy: reconcile.LookupPolicy{Wait: settle, Returned: true, MaxBatch: 1}},
		},
		"counts that do not add up prove nothing": {
			response: response([]bcapi.Imported{in(1), in(2), in(3)}, nil, bcapi.ImportMeta{Total: 3, Success: 2, Failed: 1}),
			want: want{outcome: reconcile.Answered, lookup: all, size: reconcile.HalveUnlessSystem,
				policy: reconcile.LookupPolicy{Wait: settle, Returned: true, MaxBatch: 1}},
		},
		"an item of nobody's proves nothing": {
			response: response([]bcapi.Imported{in(1), in(2), in(9)}, nil, full),
			want: want{outcome: reconcile.Answered, lookup: all, size: reconcile.HalveUnlessSystem,
				policy: reconcile.LookupPolicy{Wait: settle, Returned: true, MaxBatch: 1}},
		},
		"refused as a whole, for a row": {
			err:  refusal(bcapi.RefusedRow),
			want: want{outcome: reconcile.Answered, lookup: all, policy: once, size: reconcile.HalveUnlessSystem, observed: true},
		},
		"refused as a whole, for its size": {
			err:  refusal(bcapi.RefusedTooLarge),
			want: want{outcome: reconcile.Answered, requeue: all, size: reconcile.LimitSize},
		},
		"refused as a whole, for the account": {
			err:  refusal(bcapi.RefusedSystemic),
			want: want{outcome: reconcile.Answered, requeue: all, stop: true},
		},
		"never connected": {
			err:  &bcapi.NotSentError{Cause: errors.New("connection refused")},
			want: want{outcome: reconcile.NotSent, requeue: all, stop: true},
		},
		"the connection was cut": {
			err:  &bcapi.UnknownError{Kind: bcapi.UnknownCut},
			want: want{outcome: reconcile.Unknown, lookup: all, policy: reconcile.LookupPolicy{Wait: settle, MaxBatch: 1}},
		},
		"no response in time: it may still commit": {
			err: &bcapi.UnknownError{Kind: bcapi.UnknownTimeout},
			want: want{outcome: reconcile.Unknown, lookup: all, size: reconcile.HalveSize,
				policy: reconcile.LookupPolicy{Wait: 6 * settle, MaxBatch: 1}},
		},
		"an error of another kind makes nothing certain": {
			err: errors.New("anything"),
			want: want{outcome: reconcile.Unknown, lookup: all, size: reconcile.HalveSize,
				policy: reconcile.LookupPolicy{Wait: 6 * settle, MaxBatch: 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := reconcile.Decide(reconcile.Batch{Sent: sent(3), Response: c.response, Err: c.err}, settle)
			compare(t, got, c.want)
		})
	}
}

func compare(t *testing.T, d reconcile.Decision, w want) {
	t.Helper()
	if d.Outcome != w.outcome || d.Size != w.size || (d.Stop != nil) != w.stop {
		t.Errorf("outcome %d, size %d, stop %v", d.Outcome, d.Size, d.Stop)
	}
	if got := slices.Sorted(maps.Keys(d.Imported)); !slices.Equal(got, w.imported) {
		t.Errorf("imported %v", got)
	}
	if got := slices.Sorted(maps.Keys(d.Refused)); !slices.Equal(got, w.refused) {
		t.Errorf("refused %v", got)
	}
	if !slices.Equal(d.Requeue, w.requeue) || !slices.Equal(d.Lookup, w.lookup) || d.Policy != w.policy {
		t.Errorf("requeue %v, look up %v by %+v", d.Requeue, d.Lookup, d.Policy)
	}
	if observed := d.Observe != nil && len(d.Observe.Reason) > 0; observed != w.observed {
		t.Errorf("observed %+v", d.Observe)
	}
}

// A row that was sent alone cannot be mistaken for another: its refusal is its
// own.
func TestDecideOnOneRow(t *testing.T) {
	for name, b := range map[string]reconcile.Batch{
		"refused as a whole":       {Err: refusal(bcapi.RefusedRow)},
		"too large by itself":      {Err: refusal(bcapi.RefusedTooLarge)},
		"refused by name":          {Response: response(nil, []bcapi.ImportError{bad(0, "no")}, bcapi.ImportMeta{Total: 1, Failed: 1})},
		"refused without a name":   {Response: response(nil, []bcapi.ImportError{bad(-1, "no")}, bcapi.ImportMeta{Total: 1, Failed: 1})},
		"not taken, for no reason": {Response: response(nil, nil, bcapi.ImportMeta{Total: 1, Failed: 1})},
	} {
		t.Run(name, func(t *testing.T) {
			b.Sent = sent(1)
			d := reconcile.Decide(b, settle)
			if len(d.Refused[0]) == 0 || len(d.Lookup)+len(d.Requeue) > 0 {
				t.Errorf("%+v", d)
			}
		})
	}
}

// The reason that the breaker trips for names what the API said.
func TestDecideNamesTheSystemicReason(t *testing.T) {
	d := reconcile.Decide(reconcile.Batch{Sent: sent(3), Response: response(nil, []bcapi.ImportError{bad(-1, "is not enabled")}, bcapi.ImportMeta{Total: 3, Failed: 3})}, settle)
	if d.Observe == nil || !errors.Is(d.Observe.Unnamed, breaker.ErrRefused) {
		t.Errorf("%+v", d.Observe)
	}
}
