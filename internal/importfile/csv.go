package importfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// csvFormat is a CSV with a header.
type csvFormat struct {
	table    *table
	comma    rune
	headers  []string
	fields   []int // of each column, or ignored
	defaults []value
	begin    int64 // where the first record after the header begins
	line     int   // the line that it begins on
}

// maxColumns is far more than there are fields.
const maxColumns = 1000

// newCSV reads the header. What separates its cells is whatever makes the most
// cells of it.
func newCSV(head []byte, bom int, size int64, o Options) (format, error) {
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		return nil, &Error{Kind: KindSyntax, Line: 1, What: "its lines end in a way that is no longer used (CR alone)", Advice: exportCSV}
	}
	f := &csvFormat{table: newTable()}
	var failure error
	var length int64
	for _, comma := range []rune{',', ';', '\t'} {
		reader := csv.NewReader(bytes.NewReader(head[bom:]))
		reader.Comma = comma
		cells, err := reader.Read()
		if err == nil && len(cells) > len(f.headers) {
			f.headers, f.comma, length = cells, comma, reader.InputOffset()
			f.line = 1 + lines(head[:bom+int(length)])
		}
		if failure == nil {
			failure = err
		}
	}
	f.begin = int64(bom) + length
	if f.headers == nil {
		return nil, malformedCSV(failure, 0)
	}
	if f.begin == int64(len(head)) && f.begin < size {
		return nil, &Error{Kind: KindSyntax, Line: 1, What: "its first line does not end within 64 KiB",
			Advice: "Look for a quote that is opened and never closed; the first line must be the header"}
	}
	if len(f.headers) > maxColumns {
		return nil, &Error{Kind: KindColumns, Line: 1, What: fmt.Sprintf("its first line has %d cells", len(f.headers)),
			Advice: "Begin the file with a header line, and delete the columns that are not needed"}
	}
	if err := f.match(o); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *csvFormat) match(o Options) error {
	for i, header := range f.headers {
		if !utf8.ValidString(header) {
			return notUTF8(1)
		}
		f.headers[i] = strings.TrimSpace(header)
	}
	defaults, wrong := parseDefaults(f.table, o.Defaults)
	fields, more := matchHeaders(f.table, f.headers, o, defaults)
	if wrong = append(wrong, more...); len(wrong) > 0 {
		what := "its columns do not fit"
		if !slices.ContainsFunc(f.headers, func(h string) bool { _, known := f.table.find(h); return known }) && len(o.Columns) == 0 {
			what = "its first line has none of the headers wanted (a CSV must begin with a header line)"
		}
		return f.table.columnsError(1, what, wrong)
	}
	f.fields, f.defaults = fields, defaults
	return nil
}

func (f *csvFormat) start() int64 { return f.begin }

func (f *csvFormat) reader(in *stream) rowReader {
	return &csvReader{f: f, in: in, csv: f.records(in.Reader), build: newBuilder(f.table, f.defaults), begin: f.begin, line: f.line}
}

func (f *csvFormat) one(in io.Reader) (Row, error) {
	r := &csvReader{f: f, csv: f.records(in), build: newBuilder(f.table, f.defaults)}
	return r.next()
}

func (f *csvFormat) records(in io.Reader) *csv.Reader {
	r := csv.NewReader(in)
	r.Comma = f.comma
	r.FieldsPerRecord = -1 // a wrong number of cells is one row's problem
	r.ReuseRecord = true
	return r
}

type csvReader struct {
	f     *csvFormat
	in    *stream // nil when one row is read
	csv   *csv.Reader
	build *builder
	begin int64 // the offset in the file, and the line, where csv began
	line  int
}

// next reads a row. Records without any text are passed over, as blank lines
// are: spreadsheets leave them at the end.
func (r *csvReader) next() (Row, error) {
	for {
		offset := r.csv.InputOffset()
		if r.in != nil {
			r.in.record = r.begin + offset
		}
		cells, err := r.csv.Read()
		switch {
		case r.csv.InputOffset()-offset > maxRecord:
			return Row{}, tooLong()
		case errors.Is(err, io.EOF):
			return Row{}, io.EOF
		case err != nil:
			return Row{}, malformedCSV(err, r.line-1)
		}
		for i, cell := range cells {
			if !utf8.ValidString(cell) {
				line, _ := r.csv.FieldPos(i)
				return Row{}, notUTF8(r.line + line - 1)
			}
		}
		if slices.IndexFunc(cells, func(c string) bool { return !isBlank(c) }) < 0 {
			continue
		}
		row := r.row(cells)
		line, _ := r.csv.FieldPos(0)
		row.Line, row.Offset = r.line+line-1, r.begin+offset
		return row, nil
	}
}

func (r *csvReader) row(cells []string) Row {
	b, f := r.build, r.f
	b.begin()
	if len(cells) != len(f.fields) {
		if i := slices.Index(f.fields, fieldCustomerID); i >= 0 && i < len(cells) {
			b.put(fieldCustomerID, cells[i])
		}
		return b.spoiled(fmt.Sprintf("has %d cells, but the header has %d: is text with a separator in it not in quotes?",
			len(cells), len(f.fields)))
	}
	for i, cell := range cells {
		switch field := f.fields[i]; {
		case field != ignored:
			b.put(field, cell)
		case cardguard.ContainsCardNumber(cell):
			b.refuse(clean(f.headers[i]), unwantedCard)
		}
	}
	return b.finish()
}

const unwantedCard = "is ignored but looks like a card number: delete the column from the file, and from every copy of it"

// malformedCSV turns what the csv package says into a refusal; before is how
// many lines it has not seen.
func malformedCSV(err error, before int) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	return &Error{Kind: KindSyntax, Line: before + parse.StartLine, Err: err,
		What:   "a quote in the row that begins here is not balanced",
		Advice: `Put cells that hold quotes into quotes, and write each quote in them twice ("")`}
}
