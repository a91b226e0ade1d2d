package importer_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importertest"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// slowStore is a client whose first question for import methods waits until it
// is let go, or its call ends.
type slowStore struct {
	importer.Client
	asked, letGo chan struct{}
}

func (s slowStore) ImportMethods(ctx context.Context, currency string) ([]bcapi.ImportMethod, error) {
	close(s.asked)
	select {
	case <-s.letGo:
		return s.Client.ImportMethods(ctx, currency)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// startPlan plans a file in a process of its own, which stops in the middle
// until it is let go.
func (b *bench) startPlan(ctx context.Context, request importer.FileRequest) (letGo func(), ended <-chan outcome) {
	b.t.Helper()
	config := b.importer.Config
	slow := slowStore{Client: config.Client, asked: make(chan struct{}), letGo: make(chan struct{})}
	config.Client = slow
	im := importer.New(config)
	b.t.Cleanup(func() { b.must(im.Close()) })
	end := make(chan outcome, 1)
	go func() {
		s, err := im.PlanFile(ctx, request, quiet)
		end <- outcome{s, err}
	}()
	select {
	case <-slow.asked:
	case o := <-end:
		b.t.Fatalf("it is planned already: %+v, %v", o.summary, o.err)
	}
	return func() { close(slow.letGo) }, end
}

// recorded holds the ledger to so many jobs and rows, those that nobody sees
// too.
func (b *bench) recorded(jobs, rows int) {
	b.t.Helper()
	if j, r := importertest.Recorded(b.t, b.importer.StateDir); j != jobs || r != rows {
		b.t.Errorf("%d jobs and %d rows are recorded, want %d and %d", j, r, jobs, rows)
	}
}

func (b *bench) jobs(im *importer.Importer) []*importer.Summary {
	b.t.Helper()
	all, err := im.Jobs(b.t.Context(), 50)
	b.must(err)
	return all
}

// A plan is seen when it is whole: not while it is made, nor when it is given up.
// Another process that opens the ledger meanwhile leaves it alone.
func TestAHalfPlanIsNoJob(t *testing.T) {
	for _, givenUp := range []bool{false, true} {
		b := newBench(t, sandbox.Options{})
		rows := cards(30)
		ctx, giveUp := context.WithCancel(t.Context())
		defer giveUp()
		letGo, ended := b.startPlan(ctx, b.write("half.jsonl", rows))
		if all := b.jobs(b.importer); len(all) != 0 {
			t.Errorf("a half plan is listed: %+v", all[0])
		}
		b.plan(rows[:3]) // which makes a draft of its own, and shows it
		if givenUp {
			giveUp()
			if end := <-ended; !errors.Is(end.err, context.Canceled) {
				t.Errorf("%+v, %v", end.summary, end.err)
			}
			b.recorded(1, 3)
			continue
		}
		letGo()
		end := <-ended
		b.must(end.err)
		if b.last = end.summary; b.last.Status != importer.Planned || b.last.Remaining != len(rows) || len(b.jobs(b.importer)) != 2 {
			t.Fatalf("%+v", b.last)
		}
		b.run(1)
		b.eachOnce(rows)
	}
}

// A finished job is told whatever else runs.
func TestAFinishedJobIsToldWhileAnotherRuns(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(20)
	finished := b.plan(rows[:5]).ID
	b.run(1)
	b.plan(rows)
	first, _, ended := b.startHeld()
	s, err := b.another().Apply(t.Context(), finished, importer.Leave, quiet)
	if err != nil || s.Status != importer.Completed || s.Imported != 5 || s.Report == "" {
		t.Errorf("%+v, %v", s, err)
	}
	close(first.letGo)
	b.must((<-ended).err)
}

// The choices of a plan are those it was checked with, to its end.
func TestAPlanKeepsItsChoices(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	sharing := importer.Inline{card(1, "a"), card(2, "b")}
	sharing[1].Instrument.ProviderCustomerID = sharing[0].Instrument.ProviderCustomerID
	refused := b.plan(sharing)
	if refused.Failed != 2 || refused.Shared {
		t.Errorf("refused %+v", refused)
	}
	allowed := b.plan(sharing, func(r *importer.FileRequest) { r.Shared = true })
	if allowed.Remaining != 2 || !allowed.Shared || allowed.ID == refused.ID {
		t.Errorf("allowed %+v", allowed)
	}
	if s := b.run(1); s.Imported != 2 || !s.Shared {
		t.Errorf("%+v", s)
	}
	// What the ledger has learned since counts against a plan that refuses.
	third := card(3, "c")
	third.Instrument.ProviderCustomerID = sharing[0].Instrument.ProviderCustomerID
	if s := b.plan(importer.Inline{third}); s.Failed != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAPlanVerifiesCustomersIfAsked(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	stranger := card(200_000, "a") // the store has 100000 customers
	if s := b.plan(importer.Inline{stranger}); s.Failed != 0 {
		t.Errorf("%+v", s)
	}
	if s := b.plan(importer.Inline{stranger}, func(r *importer.FileRequest) { r.Verify = true }); s.Failed != 1 || s.Failures[0].Problems[0].Field != "customer_id" {
		t.Errorf("%+v", s)
	}
}

// Rows that a person has left out count as failed, and their reason is told.
func TestSkippedRowsAreSummarized(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.plan(importer.Inline{card(1, "a"), card(2, "b")})
	b.lookAlikes()
	if s := b.run(1); s.Unconfirmed != 1 || s.NeedsReview != 1 {
		t.Fatalf("%+v", s)
	}
	s, err := b.importer.Apply(t.Context(), b.last.ID, importer.Skip, quiet)
	b.must(err)
	if s.Failed != 1 || s.NeedsReview != 0 || len(s.FailureSummary) != 1 || s.FailureSummary[0].Count != 1 || !strings.Contains(s.FailureSummary[0].Message, "cannot be told") {
		t.Errorf("%+v", s)
	}
}

// lookAlikes has the next import's answer lost while two instruments like its
// first appear: neither can be told to be the row's own.
func (b *bench) lookAlikes() {
	meddle := func() {
		for _, token := range []string{"x", "y"} {
			_, err := b.client.ImportInstruments(context.Background(), []bcapi.ImportRow{card(1, token)})
			b.must(err)
		}
		b.faults(`[{` + importPath + `,"times":1,"action":{"drop":"after"}}]`)
	}
	b.meddle.Store(&meddle)
}

// An inline import whose check leaves nothing to send is answered at once, also
// while another import runs, and its job is kept.
func TestNothingToSendInline(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(20)
	b.plan(rows)
	first, _, ended := b.startHeld()
	bad := card(900, "bad")
	bad.CurrencyCode = "?"
	second := b.another()
	s, err := second.Inline(t.Context(), importer.Inline{bad}, importer.Options{}, quiet)
	b.must(err)
	if s.Status != importer.CompletedWithFailures || s.Failed != 1 || s.Report == "" || s.ID == "" {
		t.Errorf("%+v", s)
	}
	if all := b.jobs(second); len(all) != 2 || !slices.ContainsFunc(all, func(j *importer.Summary) bool { return j.ID == s.ID }) {
		t.Errorf("%d jobs", len(all))
	}
	// A person's answer has to be carried out, and so waits its turn.
	_, err = second.Inline(t.Context(), importer.Inline{bad}, importer.Options{Unconfirmed: importer.Resend}, quiet)
	if locked := new(ledger.LockedError); !errors.As(err, &locked) {
		t.Errorf("error %v", err)
	}
	close(first.letGo)
	b.must((<-ended).err)
}

// The rows of an inline import are kept nowhere: the same call goes on with it,
// and its id does not.
func TestAnInlineImportIsNotGoneOnWith(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	rows := cards(50)
	job, err := b.importer.PlanInline(t.Context(), rows, importer.Options{})
	b.must(err)
	if _, err := b.importer.Job(t.Context(), job.ID()); !errors.Is(err, importer.ErrNoJob) {
		t.Errorf("a job that has not begun is told: %v", err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	s, err := job.Apply(ctx, func(done, _ int, _ string) {
		if done > 0 {
			stop(importer.ErrStopping)
		}
	})
	b.must(err)
	if s.Status != importer.Interrupted || s.Imported == 0 || s.Remaining == 0 || s.Report == "" {
		t.Fatalf("%+v", s)
	}
	if _, err := b.importer.Apply(t.Context(), job.ID(), importer.Leave, quiet); !errors.Is(err, importer.ErrInline) {
		t.Errorf("error %v", err)
	}
	if again, err := b.importer.Job(t.Context(), job.ID()); err != nil || again.Status != importer.Interrupted || again.Reason != s.Reason {
		t.Errorf("%+v, %v", again, err)
	}
	if b.last, err = b.importer.Inline(t.Context(), rows, importer.Options{}, quiet); err != nil || b.last.Status != importer.Completed {
		t.Fatalf("%+v, %v", b.last, err)
	}
	b.eachOnce(rows)
}

// A job that is stopped before it has begun has sent nothing.
func TestAnInlineImportThatIsStoppedBeforeItBegins(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	job, err := b.importer.PlanInline(t.Context(), cards(5), importer.Options{})
	b.must(err)
	ctx, stop := context.WithCancelCause(t.Context())
	stop(importer.ErrStopping)
	if s, err := job.Apply(ctx, quiet); !errors.Is(err, importer.ErrStopping) {
		t.Errorf("%+v, %v", s, err)
	}
	if n := len(b.stored()); n != 0 {
		t.Errorf("%d stored", n)
	}
	b.recorded(0, 0)
}

// The first that a job tells is that it has begun, before it looks at the store:
// it holds the lock then, and its file is the one that was checked.
func TestAJobTellsThatItHasBegun(t *testing.T) {
	b := newBench(t, sandbox.Options{Latency: time.Millisecond})
	b.plan(cards(5))
	told := 0
	_, err := b.importer.Apply(t.Context(), b.last.ID, importer.Leave, func(int, int, string) {
		if told++; told > 1 {
			return
		}
		if s, err := b.importer.Job(t.Context(), b.last.ID); err != nil || s.Status != importer.Running {
			t.Errorf("%+v, %v", s, err)
		}
		for _, r := range b.store.Requests() {
			if strings.HasSuffix(r.Path, "/stored-instruments") {
				t.Errorf("%s %s was sent before", r.Method, r.Path)
			}
		}
	})
	b.must(err)

	b.plan(cards(6))
	b.write("rows.jsonl", cards(7))
	if _, err := b.importer.Apply(t.Context(), b.last.ID, importer.Leave, func(int, int, string) { t.Error("a stale plan tells that it has begun") }); !errors.Is(err, importer.ErrStale) {
		t.Errorf("error %v", err)
	}
}

// A job is its store's: another store knows nothing of it, in the same state
// directory.
func TestJobsOfAnotherStore(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	id := b.plan(cards(5)).ID
	config := b.importer.Config
	config.Scope.StoreHash = "another"
	another := newImporter(t, config)
	for name, call := range map[string]func() error{
		"job":    func() error { _, err := another.Job(t.Context(), id); return err },
		"apply":  func() error { _, err := another.Apply(t.Context(), id, importer.Leave, quiet); return err },
		"cancel": func() error { return another.Cancel(t.Context(), id) },
		"undo":   func() error { _, err := another.Undo(t.Context(), id, agreed, quiet); return err },
		"verify": func() error { _, err := another.Verify(t.Context(), id, quiet); return err },
	} {
		if err := call(); !errors.Is(err, importer.ErrNoJob) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if jobs, err := another.Jobs(t.Context(), 50); err != nil || len(jobs) != 0 {
		t.Errorf("%+v, %v", jobs, err)
	}
	if s := b.run(1); s.Status != importer.Completed {
		t.Errorf("%+v", s)
	}
}
