package stdio

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

const tooLong = "<too long>"

func readAll(t testing.TB, r io.Reader, maxLine int) []string {
	t.Helper()
	lines := newLineReader(r, maxLine)
	var all []string
	for {
		line, err := lines.next()
		switch {
		case errors.Is(err, errLineTooLong):
			all = append(all, tooLong)
		case errors.Is(err, io.EOF):
			if _, again := lines.next(); !errors.Is(again, io.EOF) {
				t.Errorf("after the end: %v", again)
			}
			return all
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, string(line))
		}
	}
}

func TestLineReader(t *testing.T) {
	long := strings.Repeat("x", 200<<10) // several times the buffer
	tests := []struct {
		name, input string
		want        []string
	}{
		{"nothing", "", nil},
		{"lines", "a\nb\n", []string{"a", "b"}},
		{"a last line without an end", "a\nb", []string{"a", "b"}},
		{"CRLF", "a\r\nb\r\n\r\n", []string{"a", "b", ""}},
		{"a last CR without LF", "a\r", []string{"a"}},
		{"blank lines", "\n\na\n", []string{"", "", "a"}},
		{"byte order mark", "\xef\xbb\xbfa\n\xef\xbb\xbfb\n", []string{"a", "\xef\xbb\xbfb"}},
		{"exactly the limit", "12345\n12345\r\n12345", []string{"12345", "12345", "12345"}},
		{"one over the limit", "123456\na\n123456\r\nb\n123456", []string{tooLong, "a", tooLong, "b", tooLong}},
		{"far over the limit", long + "\na\n" + long + "\r\nb\n" + long, []string{tooLong, "a", tooLong, "b", tooLong}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for name, r := range map[string]io.Reader{
				"whole":        strings.NewReader(test.input),
				"byte by byte": iotest.OneByteReader(strings.NewReader(test.input)),
				"data and EOF": iotest.DataErrReader(strings.NewReader(test.input)),
			} {
				if got := readAll(t, r, 5); !slices.Equal(got, test.want) {
					t.Errorf("%s: got %q, want %q", name, got, test.want)
				}
			}
		})
	}
}

func TestLineReaderKeepsLines(t *testing.T) {
	lines := newLineReader(strings.NewReader("first\nother\n"), 10)
	first, _ := lines.next()
	if _, err := lines.next(); err != nil || string(first) != "first" {
		t.Errorf("the first line has become %q, %v", first, err)
	}
}

func TestLineReaderPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	lines := newLineReader(io.MultiReader(strings.NewReader("a\nhalf"), iotest.ErrReader(broken)), 10)
	if line, err := lines.next(); string(line) != "a" || err != nil {
		t.Errorf("got %q, %v", line, err)
	}
	if line, err := lines.next(); line != nil || !errors.Is(err, broken) {
		t.Errorf("got %q, %v", line, err)
	}
}

func TestLineReaderIsBounded(t *testing.T) {
	const huge, limit = 256 << 20, 1 << 20
	lines := newLineReader(io.LimitReader(xs{}, huge), limit)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := lines.next()
	runtime.ReadMemStats(&after)
	if !errors.Is(err, errLineTooLong) {
		t.Error(err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 10*limit {
		t.Errorf("a line of %d bytes took %d bytes", huge, got)
	}
}

// xs is an endless line.
type xs struct{}

func (xs) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func FuzzLineReader(f *testing.F) {
	f.Add([]byte("a\nb\r\n\n123456\nlast"), uint8(3))
	f.Add([]byte("\xef\xbb\xbf{}\r\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, input []byte, chunk uint8) {
		const limit = 5
		var want []string
		pieces := strings.Split(string(input), "\n")
		if last := len(pieces) - 1; pieces[last] == "" {
			pieces = pieces[:last]
		}
		for i, piece := range pieces {
			line := strings.TrimSuffix(piece, "\r")
			if i == 0 {
				line = strings.TrimPrefix(line, "\xef\xbb\xbf")
			}
			if len(line) > limit {
				line = tooLong
			}
			want = append(want, line)
		}
		r := &chunks{bytes.NewReader(input), int(chunk%16) + 1}
		if got := readAll(t, r, limit); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", input, got, want)
		}
	})
}

// chunks reads at most n bytes at a time.
type chunks struct {
	r io.Reader
	n int
}

func (c *chunks) Read(p []byte) (int, error) { return c.r.Read(p[:min(len(p), c.n)]) }
