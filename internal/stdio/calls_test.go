package stdio

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mark3labs/mcp-go/mcp"
)

func oneAtATime(o *Options) { o.Concurrency = 1 }

func TestCancelRunningCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		for _, id := range []string{`1`, `"1"`} {
			g.send(toolCall(id, "block", `{}`))
			g.started(id)
		}
		g.send(cancelled(`1.0`))
		if err := <-g.tools.ended; err == nil {
			t.Error("the context has not ended")
		}
		synctest.Wait()
		if len(g.tools.ended) > 0 {
			t.Error(`cancelling 1 has cancelled "1"`)
		}
		g.send(cancelled(`"1"`))
		<-g.tools.ended
		g.send(get(`2`, "ping"))
		g.answer(`2`) // and neither an answer nor progress of the two before it
		g.finish()
	})
}

func TestCancelQueuedCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, oneAtATime)
		g.send(toolCall(`1`, "block", `{}`))
		g.started(`1`)
		g.send(toolCall(`2`, "echo", `{}`), toolCall(`3`, "echo", `{}`), cancelled(`2`), cancelled(`1`))
		g.answer(`3`)
		g.finish()
		if n := g.tools.echoed.Load(); n != 1 {
			t.Errorf("echo ran %d times", n)
		}
	})
}

func TestCancellationsThatNameNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(toolCall(`1`, "block", `{}`))
		g.started(`1`)
		g.send(cancelled(`2`), cancelled(`"1"`), cancelled(`null`), cancelled(`[1]`), cancelled(`1.01`),
			`{"jsonrpc":"2.0","method":"notifications/cancelled"}`,
			`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{}}`)
		g.send(initialize("2025-11-25", `{}`), cancelled(`"init"`))
		g.answer(`"init"`)
		if len(g.tools.ended) > 0 {
			t.Error("the call was cancelled")
		}
		g.send(cancelled(`1`))
		g.finish()
	})
}

func TestQueuedCallsRunInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, oneAtATime)
		for i := range 100 {
			g.send(toolCall(fmt.Sprint(i), "wait", `{"ms":1}`))
		}
		for i := range 100 {
			g.answer(fmt.Sprint(i))
		}
		g.finish()
	})
}

func TestToolCallsRunUpToTheLimitTogether(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, func(o *Options) { o.Concurrency = 3 })
		for i := range 5 {
			g.send(toolCall(fmt.Sprint(i), "block", `{}`))
		}
		running := map[string]bool{}
		for range 3 {
			running[string(g.recv().Params)] = true
		}
		synctest.Wait()
		if len(running) != 3 || len(g.lines) > 0 {
			t.Errorf("running: %v and %d more", running, len(g.lines))
		}
		for i := range 5 {
			g.send(cancelled(fmt.Sprint(i)))
		}
		g.closeInput()
		g.rest()
		if err := <-g.served; err != nil {
			t.Error(err)
		}
	})
}

func TestLoopGoesOnWhileCallsWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		const n = 1000
		for i := range n {
			g.send(toolCall(fmt.Sprint(i), "block", `{}`))
		}
		for range 64 {
			if r := g.recv(); r.Method != "notifications/progress" {
				t.Fatalf("%+v", r)
			}
		}
		g.send(get(`"ping"`, "ping"))
		g.answer(`"ping"`)
		g.send(get(`"list"`, "tools/list"))
		g.answer(`"list"`)
		for i := range n {
			g.send(cancelled(fmt.Sprint(n - 1 - i))) // the last ones first: they are queued
		}
		g.finish()
		if got := len(g.tools.ended); got != 64 {
			t.Errorf("%d calls have run, want the 64 that were not queued", got)
		}
	})
}

func TestBusy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, oneAtATime)
		wantBusy := func(id string) {
			if r := g.wantError(id, codeBusy); !strings.Contains(r.Error.Message, "retry later") {
				t.Error(r.Error.Message)
			}
		}
		g.send(toolCall(`0`, "block", `{}`))
		g.started(`0`)
		for i := 1; i < maxPending; i++ {
			g.send(toolCall(fmt.Sprint(i), "echo", `{}`))
		}
		g.send(toolCall(`"more"`, "echo", `{}`))
		wantBusy(`"more"`)
		g.send(cancelled(`1`), toolCall(`"more"`, "echo", `{}`), get(`"ping"`, "ping"))
		wantBusy(`"ping"`)
		g.send(cancelled(`0`))
		for i := 2; i < maxPending; i++ {
			g.answer(fmt.Sprint(i))
		}
		g.answer(`"more"`)
		g.finish()
	})
}

func TestBytesOfPendingRequestsAreLimited(t *testing.T) {
	changed := make(poke, 1)
	r := newCalls(1, newWriter(io.Discard, changed, func() {}), changed)
	admit := func(id string, size int) (*call, *rpcError) {
		m := message{id: json.RawMessage(id), key: idKey(id), method: string(mcp.MethodToolsCall), params: make(json.RawMessage, size)}
		c := &call{message: m, registry: r, cancel: func() {}}
		_, refused := r.admit(c)
		return c, refused
	}
	first, refused := admit("1", maxPendingBytes+1)
	if refused != nil {
		t.Errorf("a single request is refused: %+v", refused)
	}
	if _, refused := admit("2", 0); refused == nil || refused.Code != codeBusy {
		t.Errorf("got %+v, want busy", refused)
	}
	r.cancel("1")
	if _, refused := admit("2", 0); refused == nil {
		t.Error("a cancelled call that still runs counts for nothing")
	}
	r.end(first)
	for i := range 9 {
		if _, refused := admit(fmt.Sprint(i), 7<<20); refused != nil {
			t.Errorf("%d: %+v", i, refused)
		}
	}
	if _, refused := admit("9", 7<<20); refused == nil {
		t.Error("70 MiB are pending")
	}
	r.cancel("5")
	if _, refused := admit("9", 7<<20); refused != nil {
		t.Errorf("the bytes of a cancelled queued call are still counted: %+v", refused)
	}
}

func TestNothingIsKeptOfCancelledCalls(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, oneAtATime)
		g.send(toolCall(`0`, "block", `{}`))
		g.started(`0`)
		for i := range 3 * maxPending {
			id := fmt.Sprint(i + 1)
			g.send(toolCall(id, "echo", `{}`), cancelled(id))
		}
		g.send(toolCall(`-1`, "echo", `{}`), cancelled(`0`))
		g.answer(`-1`) // not busy
		g.finish()
	})
}

func TestSubscriptionsListenIsNotATool(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, oneAtATime)
		g.send(listen(`7`), toolCall(`1`, "echo", `{}`))
		got := []string{g.recv().Method, g.recv().Method}
		slices.Sort(got) // an answer has no method
		if want := []string{"", mcp.MethodNotificationSubscriptionsAcknowledged}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if _, err := g.end(); err != nil {
			t.Error(err)
		}
	})
}
