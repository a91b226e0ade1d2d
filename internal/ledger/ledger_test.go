package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
)

var testScope = Scope{Origin: "https://api.example.com", StoreHash: "abc"}

func openLedger(t testing.TB, stateDir string) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), stateDir, testScope)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func card(customer int64, token string) *bcapi.ImportRow {
	month, year := 11, 2030
	return &bcapi.ImportRow{
		PaymentMethodID: "braintree.credit_card", CurrencyCode: "USD", CustomerID: customer,
		Instrument: bcapi.ImportInstrument{
			Type: bcapi.CreditCard, VaultToken: token, ProviderCustomerID: fmt.Sprint("pc", customer),
			Brand: "visa", ExpiryMonth: &month, ExpiryYear: &year, Last4: "1111", IIN: "411111",
		},
		BillingAddress: bcapi.Address{FirstName: "Ada", Email: "ada@example.com"},
	}
}

// addJob plans a job of rows.
func addJob(t testing.TB, l *Ledger, rows ...*bcapi.ImportRow) int64 {
	t.Helper()
	job := Job{ID: fmt.Sprint("job-", rand.Uint64()), Status: Planned, Plan: []byte("{}"), Identity: []byte{1}}
	if err := l.CreateJob(t.Context(), &job); err != nil {
		t.Fatal(err)
	}
	all := make([]NewRow, len(rows))
	for i, row := range rows {
		keys, err := l.Keys(check.Provider(row.PaymentMethodID), row)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = NewRow{Row: i + 1, CustomerID: row.CustomerID, Type: row.Instrument.Type, Keys: keys}
	}
	if err := l.AddRows(t.Context(), job.Num, all); err != nil {
		t.Fatal(err)
	}
	return job.Num
}

func states(t testing.TB, l *Ledger, job int64) []State {
	t.Helper()
	var all []State
	if err := l.EachRow(t.Context(), job, func(r *RowInfo) error {
		all = append(all, r.State)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sendAll sends a job's pending rows and records them all alike.
func sendAll(t testing.TB, l *Ledger, job int64, to State) {
	t.Helper()
	pending, err := l.PendingAfter(t.Context(), job, 0, 1000)
	must(t, err)
	var rows []int
	var outcomes []Outcome
	for _, p := range pending {
		rows = append(rows, p.Row)
		outcomes = append(outcomes, Outcome{Row: p.Row, To: to, Token: fmt.Sprintf("token-%d-%d", job, p.Row)})
	}
	must(t, l.MarkSent(t.Context(), job, rows))
	must(t, l.Record(t.Context(), job, outcomes))
}

func TestRelateWithinAJob(t *testing.T) {
	changed := card(1, "a")
	changed.CurrencyCode = "EUR"
	other := card(3, "c")
	other.Instrument.ProviderCustomerID = "pc2"
	for name, tt := range map[string]struct {
		rows   []*bcapi.ImportRow
		shared check.SharedProviderCustomers
		want   []State
	}{
		"strangers":                    {[]*bcapi.ImportRow{card(1, "a"), card(2, "b")}, false, []State{Pending, Pending}},
		"one token, two customers":     {[]*bcapi.ImportRow{card(1, "a"), card(2, "b"), card(3, "a")}, true, []State{Refused, Pending, Refused}},
		"one payer, two customers":     {[]*bcapi.ImportRow{card(1, "a"), card(2, "b"), other}, false, []State{Pending, Refused, Refused}},
		"one payer, allowed":           {[]*bcapi.ImportRow{card(1, "a"), card(2, "b"), other}, true, []State{Pending, Pending, Pending}},
		"the same again":               {[]*bcapi.ImportRow{card(1, "a"), card(1, "a"), card(1, "a")}, false, []State{Pending, Follower, Follower}},
		"the same with another value":  {[]*bcapi.ImportRow{card(1, "a"), changed}, false, []State{Pending, Refused}},
		"two cards of a customer":      {[]*bcapi.ImportRow{card(1, "a"), card(1, "b")}, false, []State{Pending, Pending}},
		"three customers, two mapping": {[]*bcapi.ImportRow{card(1, "a"), card(1, "a"), card(2, "a")}, true, []State{Refused, Refused, Refused}},
	} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, t.TempDir())
			job := addJob(t, l, tt.rows...)
			must(t, l.Relate(t.Context(), job, tt.shared))
			if got := states(t, l, job); !slices.Equal(got, tt.want) {
				t.Errorf("states %v, want %v", got, tt.want)
			}
		})
	}
}

// What an earlier job brought decides about a later one.
func TestRelateWithTheLedger(t *testing.T) {
	for name, tt := range map[string]struct {
		outcome State
		later   *bcapi.ImportRow
		want    State
	}{
		"imported, the same":                {Imported, card(1, "a"), Already},
		"imported, for another customer":    {Imported, card(2, "a"), Refused},
		"imported, another card":            {Imported, card(1, "b"), Pending},
		"unconfirmed, the same":             {Unconfirmed, card(1, "a"), Pending}, // looked up before it is sent
		"unconfirmed, for another customer": {Unconfirmed, card(2, "a"), Refused},
		"refused, for another customer":     {Refused, card(2, "a"), Pending},
		"refused, the same":                 {Refused, card(1, "a"), Pending},
	} {
		t.Run(name, func(t *testing.T) {
			l := openLedger(t, t.TempDir())
			sendAll(t, l, addJob(t, l, card(1, "a")), tt.outcome)
			job := addJob(t, l, tt.later)
			must(t, l.Relate(t.Context(), job, false))
			if got := states(t, l, job); got[0] != tt.want {
				t.Errorf("state %v, want %v", got[0], tt.want)
			}
		})
	}
}

func TestChangedValuesAreWarnedOf(t *testing.T) {
	l := openLedger(t, t.TempDir())
	sendAll(t, l, addJob(t, l, card(1, "a")), Imported)
	changed := card(1, "a")
	changed.BillingAddress.City = "Austin"
	job := addJob(t, l, changed)
	must(t, l.Relate(t.Context(), job, false))
	rows, err := l.RowsAfter(t.Context(), job, Already, Already, 0, 10)
	must(t, err)
	if len(rows) != 1 || len(rows[0].Warnings) != 1 || rows[0].Warnings[0].Message != ChangedWarning || rows[0].Token == "" {
		t.Errorf("rows %+v", rows)
	}
}

func TestFollowersShareTheOutcome(t *testing.T) {
	for outcome, want := range map[State]State{Imported: Already, Refused: Refused} {
		l := openLedger(t, t.TempDir())
		job := addJob(t, l, card(1, "a"), card(1, "a"))
		must(t, l.Relate(t.Context(), job, false))
		sendAll(t, l, job, outcome)
		must(t, l.SettleFollowers(t.Context(), job))
		if got := states(t, l, job); got[1] != want {
			t.Errorf("%v: the follower is %v, want %v", outcome, got[1], want)
		}
	}
}

// A row is never sent while another holds its claim, whatever was planned.
func TestAClaimIsExclusive(t *testing.T) {
	l := openLedger(t, t.TempDir())
	first, second := addJob(t, l, card(1, "a")), addJob(t, l, card(1, "a"))
	sendAll(t, l, first, Imported)
	var claimed *ClaimedError
	if err := l.MarkSent(t.Context(), second, []int{1}); !errors.As(err, &claimed) {
		t.Fatalf("error %v, want a ClaimedError", err)
	}
	if got := states(t, l, second); got[0] != Pending {
		t.Errorf("state %v: the failed change was kept", got[0])
	}
}

// TestTransitions walks at random and holds the ledger to its table.
func TestTransitions(t *testing.T) {
	allowed := map[State][]State{
		Pending: {Sent}, Sent: {Imported, Refused, Pending, Unconfirmed},
		Unconfirmed: {Imported, Pending, Held}, Held: {Pending, Skipped}, Imported: {Removed},
	}
	all := []State{Pending, Sent, Imported, Refused, Already, Unconfirmed, Held, Skipped, Follower, Removed}
	l := openLedger(t, t.TempDir())
	random := rand.New(rand.NewPCG(1, 2))
	for walk := range 20 {
		job := addJob(t, l, card(int64(walk+1), fmt.Sprint("t", walk)))
		state := Pending
		for range 15 {
			next := all[random.IntN(len(all))]
			var err error
			if next == Sent {
				err = l.MarkSent(t.Context(), job, []int{1})
			} else {
				err = l.Record(t.Context(), job, []Outcome{{Row: 1, To: next}})
			}
			var illegal *TransitionError
			switch legal := slices.Contains(allowed[state], next); {
			case legal && err != nil:
				t.Fatalf("%v to %v: %v", state, next, err)
			case !legal && !errors.As(err, &illegal):
				t.Fatalf("%v to %v: %v, want a TransitionError", state, next, err)
			case legal:
				state = next
			}
			if got := states(t, l, job)[0]; got != state {
				t.Fatalf("state %v, want %v", got, state)
			}
		}
	}
}

func TestRecoverAfterAKill(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	job := addJob(t, l, card(1, "a"), card(2, "b"))
	must(t, l.MarkSent(t.Context(), job, []int{1}))
	must(t, l.Close())

	l = openLedger(t, dir)
	until := time.Now().Add(time.Minute).Truncate(time.Millisecond)
	must(t, l.Recover(t.Context(), until))
	if got := states(t, l, job); !slices.Equal(got, []State{Unconfirmed, Pending}) {
		t.Fatalf("states %v", got)
	}
	unsettled, err := l.Unsettled(t.Context())
	must(t, err)
	if len(unsettled) != 1 || unsettled[0].CustomerID != 1 || unsettled[0].Attempts != 1 || !unsettled[0].UnknownUntil.Equal(until) {
		t.Errorf("unsettled %+v", unsettled)
	}
}

func TestOldTokens(t *testing.T) {
	l := openLedger(t, t.TempDir())
	if _, ok, err := l.OldTokens(t.Context(), 1); ok || err != nil {
		t.Errorf("a customer never looked at: ok %v, %v", ok, err)
	}
	job := addJob(t, l, card(1, "a"), card(2, "b"))
	must(t, l.BeginSeeing(t.Context(), job))
	must(t, l.SaveListed(t.Context(), job, []ListedToken{{1, "x"}, {1, "y"}, {3, "of nobody here"}}))
	must(t, l.BeginSeeing(t.Context(), job))
	must(t, l.SaveListed(t.Context(), job, []ListedToken{{1, "y"}, {1, "z"}}))
	must(t, l.MarkSent(t.Context(), job, []int{1}))
	must(t, l.Record(t.Context(), job, []Outcome{{Row: 1, To: Imported, Token: fmt.Sprintf("token-%d-1", job)}}))
	old, ok, err := l.OldTokens(t.Context(), 1)
	must(t, err)
	if got := slices.Sorted(maps.Keys(old)); !ok || !slices.Equal(got, []string{fmt.Sprintf("token-%d-1", job), "y", "z"}) {
		t.Errorf("old tokens %v", got)
	}
	if old, ok, err := l.OldTokens(t.Context(), 2); !ok || len(old) != 0 || err != nil {
		t.Errorf("a customer without: %v %v %v", old, ok, err)
	}
}

// What an unsettled row may have brought must not become an old token.
func TestUnsettledCustomersAreNotSeenAgain(t *testing.T) {
	l := openLedger(t, t.TempDir())
	job := addJob(t, l, card(1, "a"), card(1, "b"))
	must(t, l.BeginSeeing(t.Context(), job))
	must(t, l.MarkSent(t.Context(), job, []int{1}))
	if n, err := l.CustomersToSee(t.Context(), job); n != 0 || err != nil {
		t.Errorf("%d customers to see, %v", n, err)
	}
	must(t, l.BeginSeeing(t.Context(), job))
	must(t, l.SaveListed(t.Context(), job, []ListedToken{{1, "perhaps its own"}}))
	if old, ok, err := l.OldTokens(t.Context(), 1); !ok || len(old) != 0 || err != nil {
		t.Errorf("old tokens %v, %v, %v", old, ok, err)
	}
}

func TestShows(t *testing.T) {
	l := openLedger(t, t.TempDir())
	keys, err := l.Keys("braintree", card(1, "a"))
	must(t, err)
	full := bcapi.StoredInstrument{Type: bcapi.CreditCard, IIN: "41111122", Last4: "1111", ExpiryMonth: 11, ExpiryYear: 30}
	for name, tt := range map[string]struct {
		change func(*bcapi.StoredInstrument)
		want   bool
	}{
		"the same, year of two digits": {func(*bcapi.StoredInstrument) {}, true},
		"fields left out":              {func(s *bcapi.StoredInstrument) { s.IIN, s.ExpiryMonth, s.ExpiryYear = "", 0, 0 }, true},
		"another last_4":               {func(s *bcapi.StoredInstrument) { s.Last4 = "2222" }, false},
		"another month":                {func(s *bcapi.StoredInstrument) { s.ExpiryMonth = 12 }, false},
		"another type":                 {func(s *bcapi.StoredInstrument) { s.Type = bcapi.PayPalAccount }, false},
	} {
		shown := full
		tt.change(&shown)
		if got := l.Shows(shown, bcapi.CreditCard, keys.Look); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestLockIsExclusive(t *testing.T) {
	dir := t.TempDir()
	a, b := openLedger(t, dir), openLedger(t, dir)
	lock, err := a.TryLock("job-1")
	must(t, err)
	var locked *LockedError
	if _, err := b.TryLock("job-2"); !errors.As(err, &locked) || locked.JobID != "job-1" {
		t.Errorf("error %v, want job-1's LockedError", err)
	}
	if running, err := b.RunningJob(); err != nil || running != "job-1" {
		t.Errorf("running %q, %v", running, err)
	}
	must(t, lock.Unlock())
	if running, err := b.RunningJob(); err != nil || running != "" {
		t.Errorf("running %q, %v", running, err)
	}
	lock, err = b.TryLock("job-2")
	must(t, err)
	must(t, lock.Unlock())
}

// Asking whether a job runs must not keep one from starting.
func TestAskingDoesNotLock(t *testing.T) {
	dir := t.TempDir()
	asking, starting := openLedger(t, dir), openLedger(t, dir)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 500 {
			if _, err := asking.RunningJob(); err != nil {
				t.Error(err)
			}
		}
	}()
	for {
		lock, err := starting.TryLock("job")
		must(t, err)
		must(t, lock.Unlock())
		select {
		case <-done:
			return
		default:
		}
	}
}

func TestUnusableLedgersAreLeftAlone(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, stateDir, path string){
		"damaged": func(t *testing.T, _, path string) {
			must(t, os.WriteFile(path, []byte(strings.Repeat("not a database", 1000)), 0o600))
		},
		"newer": func(t *testing.T, dir, _ string) {
			l := openLedger(t, dir)
			_, err := l.write.ExecContext(t.Context(), "PRAGMA user_version = 99")
			must(t, err)
			must(t, l.Close())
		},
		"key gone": func(t *testing.T, dir, _ string) {
			must(t, os.Remove(filepath.Join(dir, "key")))
		},
		"key cut": func(t *testing.T, dir, _ string) {
			must(t, os.WriteFile(filepath.Join(dir, "key"), []byte("short"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, openLedger(t, dir).Close())
			path := filepath.Join(dir, testScope.dirName(), "ledger.db")
			damage(t, dir, path)
			before, err := os.ReadFile(path)
			must(t, err)
			var unusable *UnusableError
			if _, err := Open(t.Context(), dir, testScope); !errors.As(err, &unusable) {
				t.Fatalf("error %v, want an UnusableError", err)
			}
			after, err := os.ReadFile(path)
			must(t, err)
			if !slices.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestFilesArePrivateAndHoldNoShopper(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	l := openLedger(t, dir)
	sendAll(t, l, addJob(t, l, card(1, "a-vault-token")), Imported)
	must(t, l.Close())
	must(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		must(t, err)
		info, err := entry.Info()
		must(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if entry.IsDir() {
			return nil
		}
		content, err := os.ReadFile(path)
		must(t, err)
		for _, secret := range []string{"a-vault-token", "ada@example.com", "411111", "pc1"} {
			if strings.Contains(string(content), secret) {
				t.Errorf("%s holds %q", path, secret)
			}
		}
		return nil
	}))
}

func TestTwoProcessesMakeOneKey(t *testing.T) {
	dir := t.TempDir()
	keys := make(chan string, 8)
	for range cap(keys) {
		go func() {
			key, err := stateKey(dir)
			if err != nil {
				keys <- err.Error()
				return
			}
			keys <- string(key)
		}()
	}
	first := <-keys
	for range cap(keys) - 1 {
		if key := <-keys; key != first {
			t.Fatal("two keys")
		}
	}
}

// BenchmarkSend records 100-row batches as sent and imported, synced to disk.
func BenchmarkSend(b *testing.B) {
	l := openLedger(b, b.TempDir())
	const size = 100
	row := 0
	job := Job{ID: "bench", Status: Running, Plan: []byte("{}"), Identity: []byte{1}}
	must(b, l.CreateJob(context.Background(), &job))
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		rows, numbers, outcomes := make([]NewRow, size), make([]int, size), make([]Outcome, size)
		for i := range rows {
			row++
			keys, err := l.Keys("braintree", card(int64(row), fmt.Sprint("token", row)))
			must(b, err)
			rows[i] = NewRow{Row: row, CustomerID: int64(row), Type: bcapi.CreditCard, Keys: keys}
			numbers[i] = row
			outcomes[i] = Outcome{Row: row, To: Imported, Token: strings.Repeat("0", 64)}
		}
		must(b, l.AddRows(context.Background(), job.Num, rows))
		b.StartTimer()
		must(b, l.MarkSent(context.Background(), job.Num, numbers))
		must(b, l.Record(context.Background(), job.Num, outcomes))
	}
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "rows/s")
}
