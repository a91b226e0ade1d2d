package importer

import (
	"context"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importfile"
)

// Rows are the rows of an import, wherever they come from.
type Rows interface {
	// Each hands every row to f in order, judged, until f fails. An error of
	// its own refuses the whole.
	Each(ctx context.Context, checker *check.Checker, f func(Judged) error) error
	// At reads one row again, by the place and number that Each gave it.
	At(place int64, row int) (bcapi.ImportRow, error)
}

// Judged is a row with what the checks say of it.
type Judged struct {
	Row     int // from 1
	Place   int64
	Import  *bcapi.ImportRow
	Verdict check.Verdict
}

// Inline are rows that came with a call.
type Inline []bcapi.ImportRow

// Each judges the rows one by one.
func (rows Inline) Each(_ context.Context, checker *check.Checker, f func(Judged) error) error {
	for i := range rows {
		if err := f(Judged{Row: i + 1, Place: int64(i), Import: &rows[i], Verdict: checker.Row(&rows[i])}); err != nil {
			return err
		}
	}
	return nil
}

// At gives the row at a place.
func (rows Inline) At(place int64, _ int) (bcapi.ImportRow, error) { return rows[place], nil }

// FileRows are the rows of a file.
type FileRows struct{ File *importfile.File }

// Each streams the file.
func (rows FileRows) Each(ctx context.Context, checker *check.Checker, f func(Judged) error) error {
	for row, err := range rows.File.Rows() {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(Judged{Row: row.Number, Place: row.Offset, Import: &row.Row, Verdict: row.Judge(checker)}); err != nil {
			return err
		}
	}
	return nil
}

// At reads the row at a place of the file.
func (rows FileRows) At(place int64, row int) (bcapi.ImportRow, error) {
	read, err := rows.File.ReadAt(place, row)
	return read.Row, err
}
