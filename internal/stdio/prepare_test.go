package stdio

import (
	"errors"
	"testing"
	"testing/synctest"
)

// The handshake does not wait for the tools, and everything else does.
func TestRequestsWaitForTheTools(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ready := make(chan struct{})
		g := startGate(t, func(o *Options) {
			o.Prepare = func() error {
				<-ready
				return nil
			}
		})
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

// The tools are made once, after the handshake: with its answer, or with the first
// request where there is no handshake.
func TestToolsAreMadeAfterTheHandshake(t *testing.T) {
	for name, first := range map[string]string{
		"handshake":    initialize("2025-11-25", `{}`),
		"no handshake": get(`"init"`, "tools/list"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				made := 0
				g := startGate(t, func(o *Options) {
					o.Prepare = func() error {
						made++
						return nil
					}
				})
				synctest.Wait()
				if made != 0 {
					t.Error("they are made before anybody has asked")
				}
				g.send(first)
				g.answer(`"init"`)
				synctest.Wait()
				if made != 1 {
					t.Errorf("they were made %d times", made)
				}
				g.send(get(`1`, "tools/list"), get(`2`, "tools/list"))
				if rest, err := g.end(); len(rest) != 2 || err != nil || made != 1 {
					t.Errorf("%+v, %v; made %d times", rest, err, made)
				}
			})
		})
	}
}

// A server whose tools cannot be made ends, and says why.
func TestToolsThatCannotBeMade(t *testing.T) {
	bubble(t, func(t *testing.T) {
		broken := errors.New("broken")
		g := startGate(t, func(o *Options) { o.Prepare = func() error { return broken } })
		g.send(initialize("2025-11-25", `{}`), get(`1`, "tools/list"))
		g.answer(`"init"`)
		if err := <-g.served; !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		if r := g.answer(`1`); r.Error == nil {
			t.Errorf("a request that waited was answered %+v", r)
		}
	})
}

// A server that never gets its tools can be stopped all the same.
func TestStopBeforeTheTools(t *testing.T) {
	bubble(t, func(t *testing.T) {
		never := make(chan struct{})
		g := startGate(t, func(o *Options) {
			o.Prepare = func() error {
				<-never
				return nil
			}
		})
		g.send(initialize("2025-11-25", `{}`), get(`1`, "tools/list"))
		g.answer(`"init"`)
		synctest.Wait()
		g.stop()
		if err := <-g.served; err != nil {
			t.Error(err)
		}
		close(never)
	})
}
