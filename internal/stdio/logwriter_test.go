package stdio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogWriterWritesInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var out bytes.Buffer
		log := NewLogWriter(&out)
		var want strings.Builder
		line := make([]byte, 0, 20)
		for i := range 1000 {
			line = fmt.Appendf(line[:0], "line %d\n", i) // the same memory each time
			want.Write(line)
			if n, err := log.Write(line); n != len(line) || err != nil {
				t.Errorf("Write: %d, %v", n, err)
			}
		}
		log.Close(time.Second)
		if out.String() != want.String() {
			t.Errorf("got %d bytes, want %d", out.Len(), want.Len())
		}
	})
}

func TestLogWriterThatIsNotRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, w := io.Pipe()
		log := NewLogWriter(w)
		start := time.Now()
		line := []byte(strings.Repeat("x", 999) + "\n")
		_, _ = log.Write(line)
		synctest.Wait() // it is being written, alone
		for range 9_999 {
			if n, err := log.Write(line); n != len(line) || err != nil {
				t.Fatalf("Write: %d, %v", n, err)
			}
		}
		if time.Since(start) != 0 {
			t.Error("Write has waited")
		}
		const kept = maxLogBacklog / 1000
		got := readSome(t, r, kept+1)
		if want := fmt.Sprintf("(%d log lines were lost: the log was not read)", 10_000-kept); got[kept] != want {
			t.Errorf("got %.80q, want %q", got[kept], want)
		}
		for range kept { // there is room again
			_, _ = log.Write(line)
		}
		if got := readSome(t, r, kept); got[kept-1] != strings.TrimSpace(string(line)) {
			t.Errorf("after the loss was told: %.80q", got[kept-1])
		}
		log.Close(time.Second)
	})
}

func TestLogWriterCloseIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, w := io.Pipe()
		log := NewLogWriter(w)
		_, _ = log.Write([]byte("never read\n"))
		start := time.Now()
		log.Close(3 * time.Second)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("Close took %v", took)
		}
		if n, err := log.Write([]byte("after Close\n")); n != 12 || err != nil {
			t.Errorf("Write after Close: %d, %v", n, err)
		}
		if len(log.lines) > 0 {
			t.Error("a line is kept that nobody will write")
		}
		_ = r.Close()
	})
}

func TestLogWriterWhoseOutputFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		out := &failing{left: 3}
		log := NewLogWriter(out)
		for i := range 5 {
			_, _ = log.Write(fmt.Appendf(nil, "line %d\n", i))
			synctest.Wait() // no spinning while it fails
		}
		log.Close(time.Second)
		if got := out.String(); got != "(2 log lines were lost: the log was not read)\nline 2\nline 3\nline 4\n" {
			t.Errorf("got %q", got)
		}
	})
}

func TestLogWriterTakesALineOfAnyLength(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var out bytes.Buffer
		log := NewLogWriter(&out)
		_, _ = log.Write(make([]byte, 2*maxLogBacklog))
		log.Close(time.Second)
		if out.Len() != 2*maxLogBacklog {
			t.Errorf("%d bytes were written", out.Len())
		}
	})
}

// failing fails its first writes.
type failing struct {
	bytes.Buffer
	left int
}

func (f *failing) Write(p []byte) (int, error) {
	if f.left > 0 {
		f.left--
		return 0, errors.New("not now")
	}
	return f.Buffer.Write(p)
}

// readSome reads n lines, and not a byte more.
func readSome(t *testing.T, r io.Reader, n int) []string {
	t.Helper()
	lines := newLineReader(r, maxLogBacklog)
	var all []string
	for range n {
		line, err := lines.next()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(line))
	}
	return all
}
