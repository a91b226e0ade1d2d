package importer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importertest"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// schedules is how many schedules of faults TestChaos tries.
const schedules = 100

// TestChaos imports through faults, stops, crashes and resumptions that a seed
// decides. Whatever happens: nothing is stored twice, no row is lost, every
// token that is reported is the row's own, and the numbers always add up.
func TestChaos(t *testing.T) {
	seeds := make(chan uint64)
	var workers sync.WaitGroup
	for range 8 { // more than processors: they wait for the disk most of the time
		workers.Go(func() {
			for seed := range seeds {
				t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { newChaos(t, seed).run() })
				})
			}
		})
	}
	for seed := range uint64(schedules) {
		seeds <- seed
	}
	close(seeds)
	workers.Wait()
}

// chaos is one schedule under way.
type chaos struct {
	*bench
	wire *wire
	rows importer.Inline

	mu      sync.Mutex // guards what follows
	random  *rand.Rand
	faults  int     // how many are left
	often   float64 // of requests that meet one
	crashes int     // how many are left
	crashed bool    // in this run
	stop    context.CancelCauseFunc
	told    []string
}

func newChaos(t *testing.T, seed uint64) *chaos {
	random := rand.New(rand.NewPCG(seed, 1))
	options := sandbox.Options{
		Results:  pick(random, sandbox.ResultsNested, sandbox.ResultsFlat),
		MaxBatch: pick(random, 0, 0, 3, 7, 16),
	}
	c := &chaos{rows: cards(60), random: random, faults: random.IntN(20), often: random.Float64() / 2, crashes: random.IntN(3)}
	c.bench, c.wire = newWireBench(t, options)
	c.importer.Settle = time.Second
	bad := make(map[string]bool)
	for _, row := range c.rows {
		if random.IntN(12) == 0 {
			bad[row.Instrument.VaultToken] = true
		}
	}
	if random.IntN(2) == 0 {
		c.wire.store = picky{c.wire.store, bad, pick(random, dotted, dotted, unnamed, whole, byNumber), ""}
	}
	c.wire.on = c.choose
	return c
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// choose says what becomes of a request.
func (c *chaos) choose(p passage) trick {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.faults == 0 || c.random.Float64() > c.often {
		return nil
	}
	c.faults--
	within := func(d time.Duration) time.Duration { return time.Duration(c.random.Int64N(int64(d))) }
	name, does := "", trick(nil)
	tell := func(n string, t trick) { name, does = n, t }
	switch {
	case p.isImport():
		choices := []func(){
			func() { tell("lost before", lostBefore) },
			func() { tell("lost after", lostAfter) },
			func() { tell("lost, done later", afterwards(within(900*time.Millisecond), lostBefore)) },
			func() { tell("half done", partly) },
			func() { tell("500", refuse(500)) },
			func() { tell("503, done", instead(refuse(503))) },
			func() { tell("504, done later", afterwards(within(5900*time.Millisecond), refuse(504))) },
			func() { tell("slow", slow(within(5900*time.Millisecond))) },
			func() { tell("429", tooMany("1")) },
			func() { tell("429 for long", tooMany("7")) },
			func() { tell("423", refuse(423)) },
			func() { tell("413", refuse(413)) },
			func() { tell("silent", silent) },
			func() { tell("silent, done", instead(silent)) },
			func() { tell("silent, done later", afterwards(within(900*time.Millisecond), silent)) },
			func() { tell("contradicts", contradicts) },
			func() { tell("contradicts, done", instead(contradicts)) },
			func() { tell("contradicts, done later", afterwards(within(900*time.Millisecond), contradicts)) },
			func() { tell("cut", cut) },
			func() { tell("401", refuse(401)) },
			func() { tell("507", refuse(507)) },
			func() { tell("422", flatOfMany(flat422("Invalid"))) },
			func() { tell("422, done", flatOfMany(instead(flat422("Invalid")))) },
			func() { tell("crash before", c.crash(lostBefore)) },
			func() { tell("crash after", c.crash(lostAfter)) },
			func() { tell("cancel", c.cancel(importer.ErrCancelled)) },
			func() { tell("stop", c.cancel(importer.ErrStopping)) },
		}
		pick(c.random, choices...)()
	case p.isLook():
		choices := []func(){
			func() { tell("look lost", lostBefore) },
			func() { tell("look 503", refuse(503)) },
			func() { tell("look 429", tooMany("4")) },
			func() { tell("look 403", refuse(403)) },
			func() { tell("cancel at look", c.cancel(importer.ErrCancelled)) },
			func() { tell("crash at look", c.crash(lostBefore)) },
		}
		pick(c.random, choices...)()
	default:
		return nil
	}
	c.told = append(c.told, name)
	return does
}

// flatOfMany does a trick with more rows than one: of a single row what the
// store says is believed.
func flatOfMany(t trick) trick {
	return func(p passage) (*answer, error) {
		var rows []json.RawMessage
		if err := json.Unmarshal(p.body, &rows); err != nil || len(rows) < 2 {
			return p.act(p.body)
		}
		return t(p)
	}
}

// crash takes the ledger away from a run that goes on, as the end of its
// process would.
func (c *chaos) crash(t trick) trick {
	if c.crashes == 0 {
		return pass
	}
	c.crashes--
	return func(p passage) (*answer, error) {
		c.mu.Lock()
		c.crashed = true
		c.mu.Unlock()
		_ = c.importer.Close()
		return t(p)
	}
}

func (c *chaos) cancel(why error) trick {
	return func(p passage) (*answer, error) {
		c.mu.Lock()
		c.stop(why)
		c.mu.Unlock()
		return p.act(p.body)
	}
}

// run goes on with the import until nothing is left, or only what a person has
// to tell.
func (c *chaos) run() {
	defer func() {
		if c.t.Failed() {
			c.t.Logf("what happened: %s", strings.Join(c.told, ", "))
		}
	}()
	c.plan(c.rows)
	id := c.last.ID
	for range 60 {
		ctx, stop := context.WithCancelCause(c.t.Context())
		c.mu.Lock()
		c.stop = stop
		c.mu.Unlock()
		s, err := c.importer.Apply(ctx, id, c.answer(), quiet)
		stop(nil)
		crashed := c.crashed // and the report is of before
		if crashed {
			c.crashed = false
			c.again(c.wire)
			s, err = c.importer.Job(c.t.Context(), id)
		}
		c.must(err)
		c.last = s
		c.told = append(c.told, fmt.Sprintf("[%s: %s]", s.Status, s.Reason))
		c.check(!crashed)
		if s.Status == importer.Completed || s.Status == importer.CompletedWithFailures {
			return
		}
	}
	c.t.Fatalf("it does not come to its end: %+v", c.last)
}

// answer is what a person says who has looked in the store.
func (c *chaos) answer() importer.UnconfirmedPolicy {
	if c.last.Unconfirmed == 0 || c.last.Remaining > 0 || c.last.Status != importer.Interrupted || c.last.Report == "" {
		return importer.Leave
	}
	where := c.where()
	for i, line := range c.reportLines(c.last) {
		if line[2] == "unconfirmed" && where[c.rows[i].Instrument.VaultToken].Token != "" {
			return importer.Skip
		}
	}
	return importer.Resend
}

// where is the store's content by vault token; nothing may be there twice.
func (c *chaos) where() map[string]importertest.Stored {
	c.t.Helper()
	where := make(map[string]importertest.Stored)
	for _, s := range c.stored() {
		if where[s.VaultToken].Token != "" {
			c.t.Errorf("%s is stored twice", s.VaultToken)
		}
		where[s.VaultToken] = s
	}
	return where
}

// check holds what is told against the store.
func (c *chaos) check(reported bool) {
	c.t.Helper()
	s := c.last
	if s.Imported+s.Failed+s.Already+s.Unconfirmed+s.Remaining != s.Total || s.Total != len(c.rows) {
		c.t.Fatalf("the numbers do not add up: %+v", s)
	}
	where := c.where()
	if !reported {
		return
	}
	for i, line := range c.reportLines(c.last) {
		row := c.rows[i]
		in, stored := where[row.Instrument.VaultToken]
		switch status := line[2]; {
		case strings.HasPrefix(status, "imported"):
			if in.Token != line[3] || in.CustomerID != row.CustomerID {
				c.t.Fatalf("row %d is told %q as %s, and the store has %+v", i+1, status, line[3], in)
			}
		case status == "failed", status == "remaining":
			if stored {
				c.t.Fatalf("row %d is told %q, and the store has it: %q", i+1, status, line)
			}
		case status != "unconfirmed" && status != "failed (skipped)":
			c.t.Fatalf("row %d is told %q", i+1, status)
		}
	}
}
