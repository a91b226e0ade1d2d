package stdio

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

// maxLogBacklog is how many bytes of log may wait to be written.
const maxLogBacklog = 1 << 20

// LogWriter is a log's way to a pipe that may not be read. Write never blocks: lines
// wait in a bounded queue that one goroutine writes out, and those that find it full
// are dropped. How many is told in a line of its own when the pipe is read again.
type LogWriter struct {
	w    io.Writer
	done chan struct{} // closed when run has ended

	mu      sync.Mutex // guards what follows
	changed sync.Cond  // lines or closed
	lines   [][]byte
	bytes   int // in lines, and in those that are being written
	dropped int // lines lost since that was last told
	closed  bool
}

// NewLogWriter returns a LogWriter to w. Its goroutine ends after Close; it stays
// behind in a write that never returns.
func NewLogWriter(w io.Writer) *LogWriter {
	l := &LogWriter{w: w, done: make(chan struct{})}
	l.changed.L = &l.mu
	go l.run()
	return l
}

// Write takes one log line, and never fails: a line that cannot be taken is
// dropped and counted.
func (l *LogWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.bytes > 0 && l.bytes+len(line) > maxLogBacklog {
		l.dropped++
		return len(line), nil
	}
	l.lines = append(l.lines, bytes.Clone(line))
	l.bytes += len(line)
	l.changed.Signal()
	return len(line), nil
}

// Close writes out what is waiting, for at most the given time. Later lines are
// dropped.
func (l *LogWriter) Close(timeout time.Duration) {
	l.mu.Lock()
	l.closed = true
	l.changed.Signal()
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-time.After(timeout):
	}
}

func (l *LogWriter) run() {
	defer close(l.done)
	for more := true; more; {
		var lines [][]byte
		var lost int
		lines, lost, more = l.take()
		for _, line := range lines {
			if _, err := l.w.Write(line); err != nil {
				lost++
			}
			l.release(len(line))
		}
		if lost > 0 {
			if _, err := fmt.Fprintf(l.w, "(%d log lines were lost: the log was not read)\n", lost); err != nil {
				l.drop(lost)
			}
		}
	}
}

// take waits for lines, or for Close, and tells how many lines after them were
// dropped and whether there can be more.
func (l *LogWriter) take() (lines [][]byte, dropped int, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.lines) == 0 && !l.closed {
		l.changed.Wait()
	}
	lines, dropped = l.lines, l.dropped
	l.lines, l.dropped = nil, 0
	return lines, dropped, !l.closed
}

func (l *LogWriter) release(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes -= n
}

func (l *LogWriter) drop(lines int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropped += lines
}
