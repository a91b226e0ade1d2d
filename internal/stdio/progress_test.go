package stdio

import (
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type progressParams struct {
	Token    json.RawMessage `json:"progressToken"`
	Progress float64         `json:"progress"`
	Total    *float64        `json:"total"`
	Message  *string         `json:"message"`
}

func readProgress(t *testing.T, r received) progressParams {
	t.Helper()
	var p progressParams
	if err := json.Unmarshal(r.Params, &p); err != nil || r.Method != "notifications/progress" || r.ID != nil {
		t.Fatalf("not progress: %+v", r)
	}
	return p
}

func TestProgressAtMostOnceASecond(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		start := time.Now()
		g.send(toolCall(`"t\u0031"`, "steps", `{"n":50,"ms":100}`))
		for i := range 5 {
			p := readProgress(t, g.recv())
			if string(p.Token) != `"t\u0031"` || p.Progress != float64(10*i+1) || *p.Total != 50 || !strings.HasPrefix(*p.Message, "step ") {
				t.Errorf("report %d: %+v", i, p)
			}
			if at := time.Since(start); at != time.Duration(i)*time.Second {
				t.Errorf("report %d after %v", i, at)
			}
		}
		g.answer(`"t\u0031"`)
		g.finish()
	})
}

func TestProgressNeverFollowsItsAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		for range 20 {
			g.send(toolCall(`9007199254740993`, "steps", `{"n":5000}`))
			if p := readProgress(t, g.recv()); p.Progress != 1 || string(p.Token) != `9007199254740993` {
				t.Errorf("first: %+v", p)
			}
			g.answer(`9007199254740993`)
		}
		g.finish()
	})
}

func TestReportProgress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		reports := make(chan func(ctx), 1)
		add(g, "report", func(ctx ctx) { (<-reports)(ctx) })
		withToken := func(token string) string {
			return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"report","_meta":{"progressToken":` + token + `}}}`
		}

		var kept ctx
		reports <- func(ctx ctx) {
			kept = ctx
			ReportProgress(ctx, math.NaN(), 0, "")
			ReportProgress(ctx, math.Inf(1), 0, "")
			ReportProgress(ctx, 5, math.NaN(), "")
			ReportProgress(ctx, 5, 0, "")
			time.Sleep(time.Second)
			ReportProgress(ctx, 5, 10, "not above")
			ReportProgress(ctx, 4, 10, "below")
			ReportProgress(ctx, 6, 10, "above")
		}
		g.send(withToken(`0`))
		if p := readProgress(t, g.recv()); p.Progress != 5 || p.Total != nil || p.Message != nil || string(p.Token) != "0" {
			t.Errorf("first: %+v", p)
		}
		if p := readProgress(t, g.recv()); p.Progress != 6 || *p.Message != "above" {
			t.Errorf("second: %+v", p)
		}
		g.answer(`1`)
		time.Sleep(time.Second)
		ReportProgress(kept, 7, 10, "after the answer")
		ReportProgress(t.Context(), 1, 2, "outside the gate")

		for _, none := range []string{`null`, `true`, `{}`, `[1]`} {
			reports <- func(ctx ctx) { ReportProgress(ctx, 1, 2, "") }
			g.send(withToken(none))
			g.answer(`1`)
		}
		g.finish()
	})
}

func TestNoProgressAfterCancellation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(toolCall(`1`, "stubborn", `{}`))
		g.started(`1`)
		time.Sleep(2 * time.Second)
		g.send(toolCall(`2`, "block", `{}`))
		g.started(`2`)
		time.Sleep(2 * time.Second) // so that only the cancellation is in the way
		g.send(cancelled(`1`), cancelled(`2`))
		<-g.tools.ended
		close(g.tools.release)
		synctest.Wait()
		g.finish()
	})
}

func TestProgressIsDroppedWhenTheOutputIsFull(t *testing.T) {
	out := newWriter(io.Discard, make(poke, 1), func() {})
	out.push(make([]byte, maxBacklog))
	c := &call{registry: newCalls(1, out, make(poke, 1)), token: json.RawMessage(`1`)}
	c.report(1, 2, "")
	if len(out.queue) != 1 {
		t.Error("progress has been added to a full backlog")
	}
	out.forget(out.queue[0])
	c.report(1, 2, "")
	if len(out.queue) != 2 {
		t.Error("progress that was dropped counts as told")
	}
}
