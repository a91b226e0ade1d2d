package importer_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// ledger opens the importer's ledger, as another process does.
func (b *bench) ledger() *ledger.Ledger {
	b.t.Helper()
	l, err := ledger.Open(b.t.Context(), b.importer.StateDir, b.importer.Scope)
	b.must(err)
	b.t.Cleanup(func() { b.must(l.Close()) })
	return l
}

// A row that another job has sent is looked up before it is sent: found, it is
// the other's, and already in; absent, it is sent by this job. Either way the
// other job is told right from then on, its repeats and its report too.
func TestARowThatAnotherJobHasSent(t *testing.T) {
	for name, tt := range map[string]struct {
		first   trick
		want    importer.Summary // of the second job
		other   importer.Summary
		reports string
	}{
		"and the store has": {
			afterwards(45*time.Second, refuse(504)),
			importer.Summary{Status: importer.Completed, Already: 1, Imported: 1},
			importer.Summary{Status: importer.Completed, Imported: 1, Already: 1},
			"imported (adopted)",
		},
		"and the store has not": {
			refuse(504),
			importer.Summary{Status: importer.Completed, Imported: 2},
			importer.Summary{Status: importer.Interrupted, Remaining: 2},
			"remaining",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w := newWireBench(t, sandbox.Options{})
				rows := importer.Inline{card(1, "a"), card(1, "a")} // the second repeats the first
				imports := inTurn(passage.isImport, tt.first)
				ctx, cancel := context.WithCancelCause(t.Context())
				w.on = func(p passage) trick {
					if p.isLook() && w.imports.Load() == 1 {
						cancel(importer.ErrStopping)
					}
					return imports(p)
				}
				b.plan(rows)
				first := b.applied(ctx, importer.Leave)
				if first.Unconfirmed != 1 || first.Remaining != 1 {
					t.Fatalf("%+v", first)
				}
				b.plan(importer.Inline{card(1, "a"), card(1, "b")})
				s := b.run(1)
				if s.Status != tt.want.Status || s.Already != tt.want.Already || s.Imported != tt.want.Imported || b.distinct() != 2 {
					t.Fatalf("%+v", s)
				}
				other, err := b.importer.Job(t.Context(), first.ID)
				b.must(err)
				if other.Status != tt.other.Status || other.Imported != tt.other.Imported || other.Already != tt.other.Already ||
					other.Remaining != tt.other.Remaining || other.Unconfirmed != 0 {
					t.Errorf("the other job: %+v", other)
				}
				report, err := os.ReadFile(other.Report)
				b.must(err)
				if !strings.Contains(string(report), "1,1,"+tt.reports+",") {
					t.Errorf("the other's report: %s", report)
				}
				b.write("rows.jsonl", rows)
				b.last = first
				if s := b.run(1); s.Status != importer.Completed || s.Imported+s.Already != 2 || b.distinct() != 2 {
					t.Errorf("gone on with: %+v", s)
				}
			})
		})
	}
}

// A row that stays claimed, whatever the plan is brought up to, stops the job
// and is not tried for ever.
func TestARowThatStaysClaimed(t *testing.T) {
	b, w := newWireBench(t, sandbox.Options{})
	rows := customers(60)
	taken := rows[55] // not among those of the first batches
	l := b.ledger()
	w.on = meanwhile(func() { // somebody sends a row of ours and does not ask for the lock
		job := ledger.Job{ID: "another", Status: ledger.Running, Plan: []byte("{}"), Identity: []byte{1}}
		keys, err := l.Keys(check.Provider(taken.PaymentMethodID), &taken)
		if err = errors.Join(err, l.CreateJob(context.Background(), &job)); err == nil {
			row := ledger.NewRow{Row: 1, CustomerID: taken.CustomerID, Type: taken.Instrument.Type, Keys: keys}
			err = errors.Join(l.AddRows(context.Background(), job.Num, []ledger.NewRow{row}), l.MarkSent(context.Background(), job.Num, []int{1}))
		}
		if err != nil {
			t.Error(err)
		}
	})
	b.plan(rows)
	s := b.run(1)
	if s.Status != importer.Interrupted || !strings.Contains(s.Reason, "claimed") || s.Unconfirmed > 0 || s.Remaining == 0 {
		t.Fatalf("%+v", s)
	}
	for _, in := range b.stored() {
		if in.VaultToken == taken.Instrument.VaultToken {
			t.Error("the row was sent")
		}
	}
}

// Rows that a run did not come to are told, and never a completed job; the next
// run brings them in.
func TestRowsThatAreLeft(t *testing.T) {
	b, w := newWireBench(t, sandbox.Options{})
	rows := customers(20)
	l := b.ledger()
	b.plan(rows, func(r *importer.FileRequest) { r.Limit = 19 })
	job, err := l.JobByID(t.Context(), string(b.last.ID))
	b.must(err)
	w.on = meanwhile(func() { // a row turns up behind those that the run has read
		keys, err := l.Keys(check.Provider(rows[19].PaymentMethodID), &rows[19])
		row := ledger.NewRow{Row: 20, Place: b.offset("rows.jsonl", 20), CustomerID: 20, Type: rows[19].Instrument.Type, Keys: keys}
		if err = errors.Join(err, l.AddRows(context.Background(), job.Num, []ledger.NewRow{row})); err != nil {
			t.Error(err)
		}
	})
	if s := b.run(1); s.Status != importer.Interrupted || s.Reason != importer.ErrLeft.Error() || s.Imported != 19 || s.Remaining != 1 {
		t.Fatalf("%+v", s)
	}
	if s := b.run(1); s.Status != importer.Completed || s.Imported != 20 {
		t.Fatalf("%+v", s)
	}
	b.eachOnce(rows)
}

// offset is where a line of a file begins; lines count from 1.
func (b *bench) offset(name string, line int) int64 {
	b.t.Helper()
	text, err := os.ReadFile(b.files + "/" + name)
	b.must(err)
	before := strings.SplitAfterN(string(text), "\n", line)[:line-1]
	return int64(len(strings.Join(before, "")))
}
