package stdio

import (
	"testing"
	"testing/synctest"
)

// The handshake does not wait for the tools, and everything else does.
func TestRequestsWaitForTheTools(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ready := make(chan struct{})
		g := startGate(t, func(o *Options) { o.Ready = ready })
		g.send(initialize("2025-11-25", `{}`), get(`1`, "tools/list"), toolCall(`2`, "echo", `{}`), get(`3`, "tools/list"), cancelled(`3`))
		g.answer(`"init"`)
		synctest.Wait()
		close(ready)
		rest, err := g.end()
		if len(rest) != 2 || err != nil {
			t.Fatalf("%+v, %v", rest, err)
		}
		for _, r := range rest {
			if r.Error != nil {
				t.Errorf("%s: %+v", r.ID, r.Error)
			}
		}
	})
}

// A server that never gets its tools can be stopped all the same.
func TestStopBeforeTheTools(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, func(o *Options) { o.Ready = make(chan struct{}) })
		g.send(initialize("2025-11-25", `{}`), get(`1`, "tools/list"))
		g.answer(`"init"`)
		synctest.Wait()
		g.stop()
		if err := <-g.served; err != nil {
			t.Error(err)
		}
	})
}
