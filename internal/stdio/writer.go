package stdio

import (
	"fmt"
	"io"
	"sync"
)

// maxBacklog is how many bytes may wait for the client to read them before
// whoever wants to write more has to wait, or to do without.
const maxBacklog = 32 << 20

// writer is the only one that writes to the output. Lines are written in the
// order in which they are pushed, by one goroutine (run), which ends with the first
// failed write or with abandon. A blocked output blocks that goroutine alone.
type writer struct {
	w       io.Writer
	changed poke          // poked when all is written, and on failure
	wrote   func()        // called after each write
	failed  chan struct{} // closed when a write failed
	done    chan struct{} // closed when run has ended

	mu      sync.Mutex
	more    sync.Cond // queue has grown, or ended
	room    sync.Cond // backlog has shrunk, or ended
	queue   [][]byte  // lines to write, nil once ended
	backlog int       // bytes in queue and in the write that is under way
	ended   bool      // nothing is taken any more
	err     error     // the failed write's, set before failed is closed
}

func newWriter(w io.Writer, changed poke, wrote func()) *writer {
	out := &writer{w: w, changed: changed, wrote: wrote, failed: make(chan struct{}), done: make(chan struct{})}
	out.more.L, out.room.L = &out.mu, &out.mu
	return out
}

// push takes a line, and never blocks. Once the writer has ended the line is lost.
func (w *writer) push(line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	w.queue = append(w.queue, line)
	w.backlog += len(line)
	w.more.Signal()
}

func (w *writer) hasRoom() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.backlog < maxBacklog
}

// waitForRoom blocks while the backlog is full and the writer has not ended.
func (w *writer) waitForRoom() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.backlog >= maxBacklog && !w.ended {
		w.room.Wait()
	}
}

// idle reports whether everything pushed has been written, or never can be.
func (w *writer) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.backlog == 0 || w.ended
}

// abandon ends the writer. It returns how many bytes were not written.
func (w *writer) abandon() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end()
	return w.backlog
}

func (w *writer) end() {
	w.ended = true
	w.queue = nil
	w.more.Broadcast()
	w.room.Broadcast()
	w.changed.poke()
}

func (w *writer) run() {
	defer close(w.done)
	for {
		line, ok := w.next()
		if !ok {
			return
		}
		n, err := w.w.Write(line)
		if err == nil && n < len(line) {
			err = io.ErrShortWrite
		}
		if err != nil {
			w.fail(err)
			return
		}
		w.forget(line)
		w.wrote()
	}
}

func (w *writer) next() ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 && !w.ended {
		w.more.Wait()
	}
	if w.ended {
		return nil, false
	}
	line := w.queue[0]
	w.queue[0] = nil
	w.queue = w.queue[1:]
	return line, true
}

func (w *writer) forget(line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.backlog -= len(line)
	w.room.Broadcast()
	if w.backlog == 0 {
		w.changed.poke()
	}
}

func (w *writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = fmt.Errorf("%w: %w", ErrOutputClosed, err)
	w.backlog = 0
	w.end()
	close(w.failed)
}

// failure returns why the output cannot be written to any more, or nil.
func (w *writer) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// poke is a channel of capacity 1 that tells one reader that something changed;
// what changed is for the reader to look up.
type poke chan struct{}

func (p poke) poke() {
	select {
	case p <- struct{}{}:
	default:
	}
}
