// Package importfile reads the rows of an import from a file: CSV, a JSON array or
// JSON Lines. A file of any length is streamed in bounded memory, and every
// row can be read again by its offset, so that a row which must wait need not
// be held.
//
// The package tells two kinds of fault apart. What makes the whole file
// doubtful (its encoding, its headers, an unbalanced quote) is an *Error and
// refuses the file. What is wrong with one row is a check.Problem of that row.
// Neither ever holds a value of the file; names that the file gives (headers,
// keys) are shortened and cleaned of card numbers first.
//
// Whatever the format, a row is a set of field paths with their text, and one
// builder makes the bcapi.ImportRow of it, so that formats agree.
package importfile

import (
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
)

const (
	defaultMaxBytes = 2 << 30
	// maxRecord is the most that one row may take. It bounds the memory, and
	// what an unbalanced quote swallows before it is noticed.
	maxRecord = 1 << 20
	// headBytes is how much of a file is looked at to tell what it is. A CSV
	// header must end within it.
	headBytes = 64 << 10
	// readBytes is how much is read from the file at a time.
	readBytes = 64 << 10
)

// Options say how the file's own names map to fields.
type Options struct {
	// Columns maps the file's own names to field paths such as
	// instrument.vault_token: the headers of a CSV, or the keys of JSON rows,
	// dotted where nested. The path "" or "-" ignores the column. A CSV must
	// have every header named here; a JSON row may lack keys.
	Columns map[string]string
	// Defaults gives fields, by path, the value they have in rows that lack
	// them. An empty cell, an empty string and null count as lacking.
	Defaults map[string]string
	// MaxBytes is the size of the largest file that is taken; 0 is 2 GiB.
	MaxBytes int64
}

// Row is one row of the file.
type Row struct {
	Number int   // from 1, the header not counted
	Line   int   // the line it begins on, from 1; 0 when read by ReadAt
	Offset int64 // in bytes from the start of the file, for ReadAt
	Row    bcapi.ImportRow
	// Problems are what reading the row found. Each refuses the row. Row holds
	// what could be read all the same, the customer id above all. A problem
	// without a field means that only the customer id was taken.
	Problems []check.Problem
}

// Judge checks the row and adds what reading it found. A field that could not
// be read is not judged a second time for being absent.
func (r *Row) Judge(checker *check.Checker) check.Verdict {
	if slices.ContainsFunc(r.Problems, func(p check.Problem) bool { return p.Field == "" }) {
		return check.Verdict{Problems: r.Problems}
	}
	verdict := checker.Row(&r.Row)
	if len(r.Problems) > 0 {
		judged := slices.DeleteFunc(verdict.Problems, func(p check.Problem) bool { return r.unread(p.Field) })
		verdict.Problems = slices.Concat(r.Problems, judged)
	}
	return verdict
}

// unread reports whether a problem of reading covers the field.
func (r *Row) unread(field string) bool {
	for _, p := range r.Problems {
		rest, found := strings.CutPrefix(field, p.Field)
		if found && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

// rowReader reads rows one after the other; io.EOF ends them. Numbers are not
// its affair.
type rowReader interface {
	next() (Row, error)
}

// format knows how the rows of one file lie in it.
type format interface {
	// start returns the offset of what follows the header.
	start() int64
	// reader reads rows from in, which stands at start.
	reader(in *stream) rowReader
	// one reads the row that begins where in does.
	one(in io.Reader) (Row, error)
}

// File is an open file of rows. Its methods are safe for concurrent use.
type File struct {
	root   *os.Root
	name   string
	file   *os.File
	format format

	mu   sync.Mutex
	seen Fingerprint // guarded by mu: the file when it was last known to be as opened
}

// Open opens the file below root and reads as much of it as tells whether it
// is one that can be imported: its format, its headers, its first row. Every
// error is an *Error. The caller closes the File.
func Open(root *os.Root, name string, o Options) (*File, error) {
	file, info, err := openRegular(root, name)
	if err != nil {
		return nil, err
	}
	f := &File{root: root, name: name, file: file, seen: stamp(info)}
	if err := f.prepare(o); err != nil {
		_ = file.Close()
		return nil, f.refusal(err)
	}
	return f, nil
}

// prepare finds out the format and tries the first row.
func (f *File) prepare(o Options) error {
	if err := checkSize(f.seen.Size, o.MaxBytes); err != nil {
		return err
	}
	head := make([]byte, min(headBytes, f.seen.Size))
	if _, err := io.ReadFull(io.NewSectionReader(f.file, 0, int64(len(head))), head); err != nil {
		return unreadable(err)
	}
	bom, err := checkText(head)
	if err != nil {
		return err
	}
	if o.Columns, err = trimColumns(o.Columns); err != nil {
		return err
	}
	if f.format, err = newFormat(f.name, head, bom, f.seen.Size, o); err != nil {
		return err
	}
	switch _, err := f.rowReader().next(); {
	case errors.Is(err, io.EOF):
		return &Error{Kind: KindEmpty, What: "it holds no rows", Advice: "Check the export"}
	case err != nil:
		return err
	}
	return nil
}

// trimColumns takes the white space off, as off the headers.
func trimColumns(columns map[string]string) (map[string]string, error) {
	trimmed := make(map[string]string, len(columns))
	for name, path := range sorted(columns) {
		name = strings.TrimSpace(name)
		if _, twice := trimmed[name]; twice {
			return nil, &Error{Kind: KindColumns, What: "columns names " + label(name) + " twice", Advice: adviceColumns}
		}
		trimmed[name] = strings.TrimSpace(path)
	}
	return trimmed, nil
}

func (f *File) rowReader() rowReader { return &failable{in: f.stream()} }

// failable puts a failure of the stream before what a format makes of the torn
// text that the failure left it with.
type failable struct {
	in     *stream
	reader rowReader // nil until the header has been skipped
}

func (r *failable) next() (Row, error) {
	if r.reader == nil {
		if err := r.in.skip(r.in.f.format.start()); err != nil {
			return Row{}, err
		}
		r.reader = r.in.f.format.reader(r.in)
	}
	row, err := r.reader.next()
	switch {
	case err == nil:
		return row, nil
	case errors.Is(err, errTooLong) || errors.Is(r.in.failed, errTooLong):
		refusal := tooLong()
		refusal.Line = r.in.f.lineAt(r.in.record)
		return Row{}, refusal
	case r.in.failed != nil:
		return Row{}, r.in.failed
	}
	return Row{}, err
}

// Rows reads the file from its start, in order. An error ends it and refuses
// the file; it is always an *Error. It may be called again, and several
// iterations may run at the same time.
func (f *File) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		reader := &failable{in: f.stream()}
		for number := 1; ; number++ {
			row, err := reader.next()
			if errors.Is(err, io.EOF) {
				err = reader.in.finish()
				if err == nil {
					return
				}
			}
			if err != nil {
				yield(Row{}, f.refusal(err))
				return
			}
			row.Number = number
			if !yield(row, nil) {
				return
			}
		}
	}
}

// ReadAt reads one row again. Offset and number are those that Rows gave it.
// A file that has changed meanwhile is a KindChanged error.
func (f *File) ReadAt(offset int64, number int) (Row, error) {
	row, err := Row{}, io.EOF
	if offset >= f.format.start() {
		row, err = f.format.one(io.NewSectionReader(f.file, offset, maxRecord+2))
	}
	if changed := f.verify(); changed != nil {
		return Row{}, f.refusal(changed)
	}
	if errors.Is(err, io.EOF) {
		err = &Error{Kind: KindChanged, What: "no row begins at the given offset", Advice: adviceChanged}
	}
	if err != nil {
		return Row{}, f.refusal(err)
	}
	row.Number, row.Line, row.Offset = number, 0, offset
	return row, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }
