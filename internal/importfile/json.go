package importfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// jsonFormat is a JSON array of rows, or rows in JSON Lines.
//
// The rows are told apart here and not by json.Decoder, which knows no line
// numbers and holds a value of any size. What a row holds is checked by
// encoding/json.
type jsonFormat struct {
	table    *table
	tree     *node
	defaults []value
	begin    int64 // behind the byte order mark
	perLine  bool  // JSON Lines
}

func newJSON(head []byte, bom int, perLine bool, o Options) (format, error) {
	f := &jsonFormat{table: newTable(), begin: int64(bom), perLine: perLine}
	defaults, wrong := parseDefaults(f.table, o.Defaults)
	tree, more := newTree(f.table, o.Columns)
	if wrong = append(wrong, more...); len(wrong) > 0 {
		return nil, f.table.columnsError(0, "columns or defaults do not fit", wrong)
	}
	f.tree, f.defaults = tree, defaults
	text := bytes.TrimLeft(head[bom:], whiteSpace)
	line := 1 + lines(head[:len(head)-len(text)])
	switch {
	case perLine && text[0] == '[':
		return nil, &Error{Kind: KindSyntax, Line: line, What: "it holds an array, but JSON Lines have one object on each line",
			Advice: "Name it .json if it is one array"}
	case !perLine && text[0] != '[':
		return nil, &Error{Kind: KindSyntax, Line: line, What: "it is not a JSON array",
			Advice: "Give the array of rows itself; if there is one object on each line, name the file .jsonl"}
	}
	return f, nil
}

func (f *jsonFormat) start() int64 { return f.begin }

func (f *jsonFormat) reader(in *stream) rowReader {
	s := &splitter{in: in.Reader, offset: f.begin, line: 1, began: func(offset int64) { in.record = offset }}
	return &jsonReader{f: f, split: s, rows: newRowParser(f)}
}

func (f *jsonFormat) one(in io.Reader) (Row, error) {
	// The first bytes are one small read, and nearly always enough.
	s := &splitter{in: bufio.NewReaderSize(in, 4<<10), line: 1, began: func(int64) {}}
	r := &jsonReader{f: f, split: s, rows: newRowParser(f)}
	if !f.perLine {
		c, err := s.next()
		if err != nil {
			return Row{}, err
		}
		if err := s.value(c); err != nil {
			return Row{}, err
		}
		return r.row()
	}
	return r.next()
}

// jsonReader reads the rows of either form.
type jsonReader struct {
	f     *jsonFormat
	split *splitter
	rows  *rowParser
}

func (r *jsonReader) next() (Row, error) {
	read := r.split.element
	if r.f.perLine {
		read = r.split.lineValue
	}
	if err := read(); err != nil {
		return Row{}, err
	}
	return r.row()
}

// row parses what the splitter holds.
func (r *jsonReader) row() (Row, error) {
	s := r.split
	if !utf8.Valid(s.raw) {
		return Row{}, notUTF8(s.valueLine)
	}
	if !json.Valid(s.raw) {
		return Row{}, s.malformed()
	}
	row := r.rows.parse(s.raw)
	row.Line, row.Offset = s.valueLine, s.valueOffset
	return row, nil
}

const whiteSpace = " \t\r\n"

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// splitter takes values off a text, one at a time, by their quotes and
// brackets alone.
type splitter struct {
	in     *bufio.Reader
	offset int64              // in the file, of the next byte
	line   int                // of the next byte
	began  func(offset int64) // told where each value begins
	inside bool               // behind the array's opening bracket
	count  int                // elements read

	raw         []byte // the value read last
	valueOffset int64
	valueLine   int
}

func (s *splitter) readByte() (byte, error) {
	c, err := s.in.ReadByte()
	if err == nil {
		s.offset++
		if c == '\n' {
			s.line++
		}
	}
	return c, err
}

// next returns the next byte that is not white space.
func (s *splitter) next() (byte, error) {
	for {
		s.began(s.offset)
		c, err := s.readByte()
		if err != nil || !isSpace(c) {
			return c, err
		}
	}
}

func malformed(line int, what string) *Error {
	return &Error{Kind: KindSyntax, Line: line, What: what, Advice: "Check the export: was it cut short, or edited by hand?"}
}

// element reads the next element of the array into raw. It returns io.EOF
// behind the array, once nothing but white space follows it.
func (s *splitter) element() error {
	if !s.inside {
		if _, err := s.next(); err != nil { // the bracket that newJSON saw
			return err
		}
		s.inside = true
	}
	c, err := s.next()
	if err == nil && c == ']' {
		return s.end()
	}
	if err == nil && s.count > 0 {
		if c != ',' {
			return malformed(s.line, "there is no comma between two rows")
		}
		c, err = s.next()
	}
	switch {
	case errors.Is(err, io.EOF):
		return malformed(s.line, "it ends before its array does")
	case err != nil:
		return err
	case c == ']' || c == ',':
		return malformed(s.line, "there is a comma too many")
	}
	s.count++
	return s.value(c)
}

func (s *splitter) end() error {
	_, err := s.next()
	if err == nil {
		return malformed(s.line, "there is more behind the end of its array")
	}
	return err
}

// value reads the value that begins with c, which has been read.
func (s *splitter) value(c byte) error {
	s.raw, s.valueOffset, s.valueLine = append(s.raw[:0], c), s.offset-1, s.line
	if c != '{' && c != '[' && c != '"' {
		return s.scalar()
	}
	for n := (nesting{}); !n.closed(c); s.raw = append(s.raw, c) {
		if len(s.raw) > maxRecord {
			return tooLong()
		}
		var err error
		if c, err = s.readByte(); err != nil {
			return s.cutShort(err)
		}
	}
	return nil
}

// nesting follows the brackets of a value, those in strings apart.
type nesting struct {
	depth           int
	quoted, escaped bool
}

// closed takes the next byte and reports whether the value ends with it.
func (n *nesting) closed(c byte) bool {
	switch {
	case n.escaped:
		n.escaped = false
	case n.quoted && c == '\\':
		n.escaped = true
	case c == '"':
		n.quoted = !n.quoted
	case n.quoted:
	case c == '{' || c == '[':
		n.depth++
	case c == '}' || c == ']':
		n.depth--
	}
	return n.depth == 0 && !n.quoted
}

// scalar reads on to the end of a number or a word, which is no row but has to
// be passed over.
func (s *splitter) scalar() error {
	for {
		next, err := s.in.Peek(1)
		if errors.Is(err, io.EOF) || err == nil && (isSpace(next[0]) || bytes.IndexByte([]byte(",]}"), next[0]) >= 0) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(s.raw) > maxRecord {
			return tooLong()
		}
		c, _ := s.readByte()
		s.raw = append(s.raw, c)
	}
}

func (s *splitter) cutShort(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	return malformed(s.valueLine, "it ends in the middle of the row that begins here")
}

// lineValue reads the next line that is not blank into raw.
func (s *splitter) lineValue() error {
	for {
		s.began(s.offset)
		s.raw, s.valueOffset, s.valueLine = s.raw[:0], s.offset, s.line
		for {
			part, err := s.in.ReadSlice('\n')
			s.raw = append(s.raw, part...)
			s.offset += int64(len(part))
			if len(s.raw) > maxRecord {
				return tooLong()
			}
			if err == nil {
				s.line++
				break
			}
			if errors.Is(err, io.EOF) && len(s.raw) > 0 {
				break
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				return err
			}
		}
		if s.raw = bytes.Trim(s.raw, whiteSpace); len(s.raw) > 0 {
			return nil
		}
	}
}

// malformed says where raw, which is no JSON, goes wrong.
func (s *splitter) malformed() error {
	var syntax *json.SyntaxError
	line := s.valueLine
	if errors.As(json.Unmarshal(s.raw, new(json.RawMessage)), &syntax) {
		at := min(max(syntax.Offset-1, 0), int64(len(s.raw)))
		line += lines(s.raw[:at])
	}
	return malformed(line, "it is no valid JSON")
}
