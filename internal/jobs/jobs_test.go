package jobs_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bigcommerce-payments-mcp/examples/vaultfile"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importertest"
	"bigcommerce-payments-mcp/internal/jobs"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

const (
	rows     = 150
	inFlight = 4 // imports at once, at most
	// patience is longer than anything should take: only a hang reaches it.
	patience = 30 * time.Second
)

func quiet(int, int, string) {}

// gate holds imports up on their way to the store, until it is opened.
type gate struct {
	store   http.Handler
	arrived chan struct{} // one for each import that has come to the gate
	opened  chan struct{}
	open    func()
	imports atomic.Int64
}

func newGate() *gate {
	g := &gate{store: sandbox.New(sandbox.Options{}), arrived: make(chan struct{}, 1000), opened: make(chan struct{})}
	g.open = sync.OnceFunc(func() { close(g.opened) })
	return g
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/payments/stored-instruments") {
		g.imports.Add(1)
		g.arrived <- struct{}{}
		<-g.opened
	}
	g.store.ServeHTTP(w, r)
}

// bench is a store behind a gate, and one process with its jobs.
type bench struct {
	*jobs.Manager
	t        *testing.T
	ctx      context.Context // ends a call that would hang
	gate     *gate
	store    *importertest.Store
	importer *importer.Importer
	files    string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, gate: newGate()}
	t.Cleanup(func() { noneLeft(t) })
	var done context.CancelFunc
	b.ctx, done = context.WithTimeout(t.Context(), patience)
	t.Cleanup(done)
	b.store = importertest.NewStore(t, b.gate)
	config := b.store.ImporterConfig(b.store.Client())
	b.files = config.ImportDir
	b.importer, b.Manager = b.process(config)
	return b
}

// process makes an importer with its jobs: what a process has of them. Several
// with one state directory are as several processes.
func (b *bench) process(config importer.Config) (*importer.Importer, *jobs.Manager) {
	im := importer.New(config)
	m := jobs.New(im)
	b.t.Cleanup(func() {
		b.gate.open()
		m.Shutdown(patience)
		if err := im.Close(); err != nil {
			b.t.Error(err)
		}
	})
	return im, m
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// plan plans the import of a file of its own.
func (b *bench) plan(name string) importer.JobID {
	b.t.Helper()
	file, err := os.Create(filepath.Join(b.files, name))
	b.must(err)
	defer file.Close()
	b.must(vaultfile.Write(file, vaultfile.Options{Rows: rows, Seed: uint64(name[0])}))
	s, err := b.importer.PlanFile(b.ctx, importer.FileRequest{Name: name}, quiet)
	b.must(err)
	return s.ID
}

// startHeld starts a job, whose first import the gate then holds.
func (b *bench) startHeld(id importer.JobID) {
	b.t.Helper()
	b.status(importer.Running)(b.Run(b.ctx, id, importer.Leave, 0, quiet))
	b.receive(b.gate.arrived, "no import is sent")
}

// status holds an answer to a status, and to numbers that add up.
func (b *bench) status(want importer.Status) func(*importer.Summary, error) *importer.Summary {
	b.t.Helper()
	return func(s *importer.Summary, err error) *importer.Summary {
		b.t.Helper()
		b.must(err)
		if s.Status != want || s.Total != rows || s.Imported+s.Failed+s.Already+s.Unconfirmed+s.Remaining != rows {
			b.t.Fatalf("want %s: %+v", want, s)
		}
		return s
	}
}

func (b *bench) receive(from <-chan struct{}, otherwise string) {
	b.t.Helper()
	select {
	case <-from:
	case <-time.After(patience):
		b.t.Fatal(otherwise)
	}
}

// eachOnce holds the store to so many instruments, none of them twice.
func (b *bench) eachOnce(want int) {
	b.t.Helper()
	if n := b.store.Distinct(); n != want {
		b.t.Errorf("%d instruments are stored, want %d", n, want)
	}
}

// finish opens the gate and holds the job to its good end.
func (b *bench) finish(m *jobs.Manager, id importer.JobID) {
	b.t.Helper()
	b.gate.open()
	if s := b.status(importer.Completed)(m.Run(b.ctx, id, importer.Leave, patience, quiet)); s.Imported != rows {
		b.t.Errorf("%+v", s)
	}
	b.eachOnce(rows)
}

// attached is a progress callback, and a channel that it closes.
func attached() (importer.Progress, <-chan struct{}) {
	told := make(chan struct{})
	once := sync.OnceFunc(func() { close(told) })
	return func(int, int, string) { once() }, told
}

// noneLeft waits until no goroutine of an import is left.
func noneLeft(t *testing.T) {
	t.Helper()
	stacks := make([]byte, 1<<20)
	for until := time.Now().Add(patience / 10); ; runtime.Gosched() {
		left := ""
		for _, stack := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n")[1:] {
			if strings.Contains(stack, "/internal/jobs.") || strings.Contains(stack, "/internal/importer.") {
				left += stack + "\n\n"
			}
		}
		if left == "" {
			return
		}
		if time.Now().After(until) {
			t.Errorf("goroutines are left behind:\n%s", left)
			return
		}
	}
}

// answer is what a call got.
type answer struct {
	summary *importer.Summary
	err     error
}

func call(f func() (*importer.Summary, error)) <-chan answer {
	answers := make(chan answer, 1)
	go func() {
		s, err := f()
		answers <- answer{s, err}
	}()
	return answers
}

// Two calls attach to one job; it runs once, and both are told its end.
func TestTwoCallsWaitForOneJob(t *testing.T) {
	b := newBench(t)
	id := b.plan("a.csv")
	b.startHeld(id)
	runProgress, runs := attached()
	waitProgress, waits := attached()
	run := call(func() (*importer.Summary, error) {
		return b.Run(b.ctx, id, importer.Leave, patience, runProgress)
	})
	wait := call(func() (*importer.Summary, error) { return b.Wait(b.ctx, id, patience, waitProgress) })
	b.receive(runs, "the second call to run it is told no progress")
	b.receive(waits, "the waiting call is told no progress")
	b.gate.open()
	for _, answers := range []<-chan answer{run, wait} {
		a := <-answers
		if s := b.status(importer.Completed)(a.summary, a.err); s.Imported != rows || s.Report == "" {
			t.Errorf("%+v", s)
		}
	}
	b.eachOnce(rows)
}

// To wait no time is to ask how a job stands.
func TestWaitOfZero(t *testing.T) {
	b := newBench(t)
	id := b.plan("a.csv")
	b.status(importer.Planned)(b.Wait(b.ctx, id, 0, quiet))
	b.startHeld(id)
	b.status(importer.Running)(b.Wait(b.ctx, id, 0, quiet))
	b.status(importer.Running)(b.Run(b.ctx, id, importer.Leave, 0, quiet))
	b.finish(b.Manager, id)
	b.status(importer.Completed)(b.Wait(b.ctx, id, 0, quiet))
	b.status(importer.Completed)(b.Wait(b.ctx, id, patience, quiet))
	if _, err := b.Wait(b.ctx, "imp_none", 0, quiet); !errors.Is(err, importer.ErrNoJob) {
		t.Errorf("error %v", err)
	}
}

// A call that goes away leaves its job running.
func TestACallThatIsGivenUpLeavesItsJob(t *testing.T) {
	b := newBench(t)
	id := b.plan("a.csv")
	ctx, giveUp := context.WithCancel(b.ctx)
	run := call(func() (*importer.Summary, error) { return b.Run(ctx, id, importer.Leave, patience, quiet) })
	b.receive(b.gate.arrived, "no import is sent")
	giveUp()
	if a := <-run; !errors.Is(a.err, context.Canceled) {
		t.Errorf("%+v, %v", a.summary, a.err)
	}
	b.status(importer.Running)(b.Wait(b.ctx, id, 0, quiet))
	b.gate.open()
	b.status(importer.Completed)(b.Wait(b.ctx, id, patience, quiet))
	b.eachOnce(rows)
}

func TestCancelBefore(t *testing.T) {
	b := newBench(t)
	id := b.plan("a.csv")
	b.must(b.Cancel(b.ctx, id))
	if s := b.status(importer.Cancelled)(b.Wait(b.ctx, id, patience, quiet)); s.Remaining != rows {
		t.Errorf("%+v", s)
	}
	if n := b.gate.imports.Load(); n != 0 {
		t.Errorf("%d imports were sent", n)
	}
	b.finish(b.Manager, id)
}

// A job that is cancelled waits for what is under way, sends nothing more, and
// can be gone on with.
func TestCancelWhileRunning(t *testing.T) {
	b := newBench(t)
	id := b.plan("a.csv")
	b.startHeld(id)
	b.must(b.Cancel(b.ctx, id))
	b.must(b.Cancel(b.ctx, id))
	b.status(importer.Running)(b.Wait(b.ctx, id, 0, quiet))
	b.gate.open()
	s := b.status(importer.Cancelled)(b.Wait(b.ctx, id, patience, quiet))
	if s.Imported == 0 || s.Remaining == 0 || s.Unconfirmed > 0 || s.Reason != "" || s.Report == "" {
		t.Errorf("%+v", s)
	}
	if n := b.gate.imports.Load(); n > inFlight {
		t.Errorf("%d imports were sent", n)
	}
	b.eachOnce(s.Imported)
	b.finish(b.Manager, id)
}

func TestCancelAfter(t *testing.T) {
	b := newBench(t)
	id := b.plan("a.csv")
	b.finish(b.Manager, id)
	b.must(b.Cancel(b.ctx, id))
	b.status(importer.Completed)(b.Wait(b.ctx, id, 0, quiet))
	if err := b.Cancel(b.ctx, "imp_none"); !errors.Is(err, importer.ErrNoJob) {
		t.Errorf("error %v", err)
	}
}

// TestShutdown ends a process with a job under way: the job's requests are
// waited for, in bounded time, and another process goes on with it.
func TestShutdown(t *testing.T) {
	b := newBench(t)
	id := b.plan("a.csv")
	waiting := b.plan("b.csv")
	b.startHeld(id)
	b.Shutdown(time.Millisecond) // returns although the store does not answer
	b.status(importer.Running)(b.Wait(b.ctx, id, 0, quiet))
	if _, err := b.Run(b.ctx, waiting, importer.Leave, 0, quiet); !errors.Is(err, importer.ErrStopping) {
		t.Errorf("another job starts after the shutdown: %v", err)
	}
	b.gate.open()
	b.Shutdown(patience)
	s := b.status(importer.Interrupted)(b.importer.Job(b.ctx, id))
	if s.Imported == 0 || s.Remaining == 0 || s.Unconfirmed > 0 || s.Reason != importer.ErrStopping.Error() || s.Report == "" {
		t.Errorf("%+v", s)
	}
	b.eachOnce(s.Imported)
	_, next := b.process(b.importer.Config)
	b.finish(next, id)
}

// A job of another process is attached to, to run and to wait alike; another
// job is refused meanwhile, by name.
func TestAJobOfAnotherProcess(t *testing.T) {
	b := newBench(t)
	id, second := b.plan("a.csv"), b.plan("b.csv")
	b.startHeld(id)
	_, other := b.process(b.importer.Config)
	b.status(importer.Running)(other.Wait(b.ctx, id, 0, quiet))

	var locked *ledger.LockedError
	if _, err := other.Run(b.ctx, second, importer.Leave, patience, quiet); !errors.As(err, &locked) || locked.JobID != string(id) {
		t.Errorf("a second job meanwhile: %v", err)
	}
	runProgress, runs := attached()
	waitProgress, waits := attached()
	wait := call(func() (*importer.Summary, error) { return other.Wait(b.ctx, id, patience, waitProgress) })
	b.receive(waits, "the other process's waiting call is told no progress")
	run := call(func() (*importer.Summary, error) {
		return other.Run(b.ctx, id, importer.Leave, patience, runProgress)
	})
	b.receive(runs, "the other process's call to run it is told no progress")
	b.gate.open()
	for _, answers := range []<-chan answer{run, wait} {
		a := <-answers
		b.status(importer.Completed)(a.summary, a.err)
	}
	b.eachOnce(rows)
}
