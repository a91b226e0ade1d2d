package stdio

import (
	"context"
	"sync"
)

// preparation gives a server its tools, once, on a goroutine of its own.
type preparation struct {
	begin func()          // does not wait, and may be called again
	done  <-chan struct{} // closed when the server has its tools: never, when that fails
}

func newPreparation(prepare func() error, fail context.CancelCauseFunc) preparation {
	done := make(chan struct{})
	return preparation{
		done: done,
		begin: sync.OnceFunc(func() {
			go func() {
				if err := prepare(); err != nil {
					fail(err)
					return
				}
				close(done)
			}()
		}),
	}
}
