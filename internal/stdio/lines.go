package stdio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// errLineTooLong stands for a line over the limit. It was read to its end and
// thrown away, so the next line can be read.
var errLineTooLong = errors.New("line too long")

const (
	byteOrderMark = "\xef\xbb\xbf"
	lineEnd       = "\r\n"
)

// lineReader splits a stream into lines. It holds at most one line of max bytes,
// however long the lines of the stream are.
type lineReader struct {
	r       *bufio.Reader
	max     int // bytes, line end not counted
	started bool
}

func newLineReader(r io.Reader, maxLine int) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 64<<10), max: maxLine}
}

// next returns the next line, without its \n or \r\n, in memory that is the
// caller's. A byte order mark before the first line is left out. What stands
// between the last \n and the end of the stream is a line too, unless it is empty.
// The error is errLineTooLong, io.EOF, or that of the stream; with the last, what
// was read of an unfinished line is lost.
func (l *lineReader) next() ([]byte, error) {
	var line []byte
	tooLong := false
	for {
		chunk, err := l.r.ReadSlice('\n')
		tooLong = tooLong || len(line)+len(chunk) > l.max+len(byteOrderMark+lineEnd)
		if !tooLong {
			line = append(line, chunk...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (tooLong || len(line) > 0):
			// A last line without an end: the stream says io.EOF again.
		case err != nil:
			return nil, err
		}
		return l.finish(line, tooLong)
	}
}

func (l *lineReader) finish(line []byte, tooLong bool) ([]byte, error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if !l.started {
		l.started = true
		line = bytes.TrimPrefix(line, []byte(byteOrderMark))
	}
	if tooLong || len(line) > l.max {
		return nil, errLineTooLong
	}
	return line, nil
}
