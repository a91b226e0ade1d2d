package importer_test

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bigcommerce-payments-mcp/examples/vaultfile"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importertest"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// vault is a file of an import folder, and stores to import it into.
type vault struct {
	b     *testing.B
	files string
	rows  int
}

func newVault(b *testing.B, rows int) *vault {
	b.Helper()
	v := &vault{b: b, files: b.TempDir(), rows: rows}
	file, err := os.Create(filepath.Join(v.files, "vault.csv"))
	v.must(err)
	defer file.Close()
	v.must(vaultfile.Write(file, vaultfile.Options{Rows: rows, Seed: 1}))
	return v
}

func (v *vault) must(err error) {
	v.b.Helper()
	if err != nil {
		v.b.Fatal(err)
	}
}

// counted is a store that counts the requests it gets.
type counted struct {
	*importertest.Store
	requests atomic.Int64
}

// importer makes an empty store, and an importer into it with a state directory
// of its own. The function closes both.
func (v *vault) importer(options sandbox.Options) (*importer.Importer, *counted, func()) {
	v.b.Helper()
	store, handler := new(counted), sandbox.New(options)
	store.Store = importertest.NewStore(v.b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		store.requests.Add(1)
		handler.ServeHTTP(w, r)
	}))
	config := store.ImporterConfig(store.Client())
	config.ImportDir = v.files
	im := importer.New(config)
	return im, store, func() {
		v.must(im.Close())
		store.Close()
	}
}

func (v *vault) plan(im *importer.Importer) importer.JobID {
	v.b.Helper()
	s, err := im.PlanFile(v.b.Context(), importer.FileRequest{Name: "vault.csv"}, quiet)
	v.must(err)
	if s.Remaining != v.rows {
		v.b.Fatalf("plan %+v", s)
	}
	return s.ID
}

func (v *vault) apply(im *importer.Importer, id importer.JobID) {
	v.b.Helper()
	s, err := im.Apply(v.b.Context(), id, importer.Leave, quiet)
	v.must(err)
	if s.Status != importer.Completed || s.Imported != v.rows {
		v.b.Fatalf("%+v", s)
	}
}

// BenchmarkImport imports a file end to end: from CSV through the plan to a
// synced ledger and a report, with the store in the same process.
func BenchmarkImport(b *testing.B) {
	v := newVault(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		im, _, closeAll := v.importer(sandbox.Options{})
		b.StartTimer()
		v.apply(im, v.plan(im))
		b.StopTimer()
		closeAll()
		b.StartTimer()
	}
	b.ReportMetric(float64(v.rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkPlan checks a file; the largest heap on the way must not grow with
// the file, so that its bytes per row fall from one size to the next.
func BenchmarkPlan(b *testing.B) {
	for _, size := range []struct {
		name string
		rows int
	}{{"10k", 10_000}, {"160k", 160_000}} {
		b.Run(size.name, func(b *testing.B) {
			v := newVault(b, size.rows)
			var peak uint64
			for b.Loop() {
				b.StopTimer()
				im, _, closeAll := v.importer(sandbox.Options{})
				runtime.GC()
				measured := watchHeap()
				b.StartTimer()
				v.plan(im)
				b.StopTimer()
				peak = max(peak, measured())
				closeAll()
				b.StartTimer()
			}
			b.ReportMetric(float64(v.rows*b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(peak)/1e6, "MB-heap")
			b.ReportMetric(float64(peak)/float64(v.rows), "B-heap/row")
		})
	}
}

// watchHeap looks at the heap now and then; the function ends that and returns
// the most that it has grown by.
func watchHeap() func() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	heap := func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before := heap()
	peak, done := before, make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				peak = max(peak, heap())
			}
		}
	})
	return func() uint64 {
		close(done)
		watching.Wait()
		return peak - before
	}
}

// BenchmarkImportWithQuota imports into a store with a quota, a scaled-down
// 450/30s. quota-% is how long our 80 % of the quota make so many requests last
// at least, against how long they took.
func BenchmarkImportWithQuota(b *testing.B) {
	v := newVault(b, 8_000)
	quota := sandbox.Quota{Requests: 30, Window: time.Second}
	usable := int64(quota.Requests) * 4 / 5
	var least, took time.Duration
	var requests int64
	for b.Loop() {
		im, store, closeAll := v.importer(sandbox.Options{Quota: quota, Latency: 5 * time.Millisecond})
		start := time.Now()
		v.apply(im, v.plan(im))
		took += time.Since(start)
		n := store.requests.Load()
		least += time.Duration((n-1)/usable) * quota.Window // a window's share can go at once
		requests += n
		closeAll()
	}
	b.ReportMetric(100*least.Seconds()/took.Seconds(), "quota-%")
	b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
	b.ReportMetric(float64(v.rows*b.N)/took.Seconds(), "rows/s")
}
