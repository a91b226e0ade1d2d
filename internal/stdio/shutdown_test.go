package stdio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

type ctx = context.Context

// add gives the gate's server one more tool.
func add(g *gateTest, name string, run func(ctx)) {
	g.srv.AddTool(mcp.NewTool(name), func(ctx ctx, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		run(ctx)
		return mcp.NewToolResultText(name), nil
	})
}

func listen(id string) string {
	return `{"jsonrpc":"2.0","id":` + id + `,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},` + modernMeta + `}}`
}

func TestNoAnswerIsLostAtEOF(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, func(o *Options) { o.Concurrency = 5 })
		const n = 200
		for i := range n {
			g.send(toolCall(fmt.Sprint(i), "wait", fmt.Sprintf(`{"ms":%d}`, i%7)))
		}
		if _, err := io.WriteString(g.in, get(`"last"`, "ping")); err != nil { // without a line end
			t.Fatal(err)
		}
		rest, err := g.end()
		if err != nil {
			t.Error(err)
		}
		seen := map[string]bool{}
		for _, r := range rest {
			seen[string(r.ID)] = true
		}
		if len(rest) != n+1 || len(seen) != n+1 || !seen[`"last"`] {
			t.Errorf("%d answers, %d ids", len(rest), len(seen))
		}
	})
}

func TestEOFGrace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, oneAtATime)
		start := time.Now()
		g.send(toolCall(`1`, "block", `{}`), toolCall(`2`, "echo", `{}`))
		g.started(`1`)
		rest, err := g.end()
		if err != nil || time.Since(start) != 60*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		answers := map[string]received{}
		for _, r := range rest {
			if r.ID != nil {
				answers[string(r.ID)] = r
			}
		}
		if got := answers[`1`].text(t); got != "stopped" {
			t.Errorf("the running call answers %q", got)
		}
		if e := answers[`2`].Error; e == nil || e.Code != codeBusy || !strings.Contains(e.Message, "not run") || g.tools.echoed.Load() != 0 {
			t.Errorf("the queued call answers %+v, and ran %d times", e, g.tools.echoed.Load())
		}
	})
}

func TestContextEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, oneAtATime)
		g.send(toolCall(`1`, "block", `{}`), toolCall(`2`, "echo", `{}`), listen(`3`))
		g.recv()
		g.recv()
		start := time.Now()
		g.stop() // with the input open
		answers := map[string]received{}
		for _, r := range g.rest() {
			answers[string(r.ID)] = r
		}
		if err := <-g.served; err != nil || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if len(answers) < 3 || answers[`1`].text(t) != "stopped" || answers[`2`].Error == nil || answers[`3`].Result == nil {
			t.Errorf("answers: %+v", answers)
		}
	})
}

func TestContextEndsWithAStubbornHandler(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(toolCall(`1`, "stubborn", `{}`), toolCall(`2`, "block", `{}`))
		g.recv()
		g.recv()
		start := time.Now()
		g.stop()
		rest := g.rest()
		if err := <-g.served; err != nil || time.Since(start) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if len(rest) == 0 || string(rest[len(rest)-1].ID) != `2` {
			t.Errorf("got %+v, want the answer of 2 alone", rest)
		}
		close(g.tools.release) // so that the test leaves nothing behind
	})
}

func TestEOFWithACancelledStubbornHandler(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(toolCall(`1`, "stubborn", `{}`))
		g.started(`1`)
		start := time.Now()
		g.send(cancelled(`1`))
		g.finish()
		if took := time.Since(start); took != 10*time.Second { // no answer is due: no EOFGrace
			t.Errorf("took %v", took)
		}
		close(g.tools.release)
	})
}

// notRead is an output whose reader has stopped reading: writes block until the
// test ends.
type notRead struct{ testEnds chan struct{} }

func (n notRead) Write([]byte) (int, error) {
	<-n.testEnds
	return 0, io.ErrClosedPipe
}

func TestOutputThatIsNotRead(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(*gateTest)
		took time.Duration
	}{
		{"EOF", func(g *gateTest) { g.closeInput() }, 70 * time.Second},
		{"context", func(g *gateTest) { g.stop() }, 10 * time.Second},
		{"EOF, then context", func(g *gateTest) {
			g.closeInput()
			time.Sleep(20 * time.Second)
			g.stop()
		}, 30 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				output := notRead{make(chan struct{})}
				g := startGate(t, func(o *Options) { o.Out, o.Concurrency = output, 2 })
				g.send(initialize("2025-11-25", `{}`))
				for i := range 40 { // each 1 MiB: more than may wait
					g.send(toolCall(fmt.Sprint(i), "big", `{"bytes":1048576}`))
				}
				synctest.Wait()
				if n := g.tools.bigs.Load(); n > 32+2 {
					t.Errorf("%d calls have run, and their answers take memory", n)
				}
				g.send(`[]`, toolCall(`"more"`, "steps", `{"n":3}`), initialize("2025-11-25", `{}`)) // and it still reads
				synctest.Wait()
				start := time.Now()
				test.end(g)
				if err := <-g.served; err != nil || time.Since(start) != test.took {
					t.Errorf("%v after %v", err, time.Since(start))
				}
				for want, times := range map[string]int{"a refusal was dropped": 2, "has not read all answers": 1} {
					if n := strings.Count(g.log.String(), want); n != times {
						t.Errorf("%d times %q in the log, want %d:\n%s", n, want, times, g.log)
					}
				}
				close(output.testEnds)
			})
		})
	}
}

func TestSlowReaderLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, func(o *Options) { o.Out = slow{o.Out} })
		const n = 40
		for i := range n { // each 1 MiB: more than may wait
			g.send(toolCall(fmt.Sprint(i), "big", `{"bytes":1048576}`))
		}
		rest, err := g.end()
		if len(rest) != n || err != nil {
			t.Errorf("%d answers, %v", len(rest), err)
		}
	})
}

// slow takes a second for each message.
type slow struct{ w io.Writer }

func (s slow) Write(p []byte) (int, error) {
	time.Sleep(time.Second)
	return s.w.Write(p)
}

func TestOutputCloses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, oneAtATime)
		g.send(toolCall(`1`, "block", `{}`), toolCall(`2`, "echo", `{}`))
		g.started(`1`)
		start := time.Now()
		_ = g.output.CloseWithError(errors.New("reader gone"))
		g.send(get(`3`, "ping"))
		if err := <-g.served; !errors.Is(err, ErrOutputClosed) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if <-g.tools.ended == nil || g.tools.echoed.Load() != 0 {
			t.Error("the running call was not cancelled, or the queued one has run")
		}
		if strings.Contains(g.log.String(), "level=WARN") {
			t.Errorf("nothing is left undone, but the log says:\n%s", g.log)
		}
	})
}

func TestSubscriptionsEndWithTheInput(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		start := time.Now()
		g.send(listen(`7`), listen(`"7"`))
		g.recv()
		g.recv()
		rest, err := g.end()
		if len(rest) != 2 || err != nil || time.Since(start) != 0 {
			t.Errorf("%+v, %v after %v", rest, err, time.Since(start))
		}
	})
}
