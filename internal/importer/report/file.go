package report

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Ensure writes the report of a job that does not run, unless the one that lies
// there shows how the job stands already.
func Ensure(ctx context.Context, l *ledger.Ledger, j ledger.Job) error {
	record, err := job.RecordOf(j)
	if err != nil {
		return err
	}
	var s Summary
	if err := s.Count(ctx, l, j.Num); err != nil || currentPath(record, l, j, &s) != "" {
		return err
	}
	if err := write(ctx, l, j); err != nil {
		return err
	}
	shown := s.numbers()
	record.Reported = &shown
	return l.SetPlan(ctx, j.Num, record.Text())
}

// currentPath is where a job's report lies, if it shows how the job stands; ""
// otherwise.
func currentPath(record job.Record, l *ledger.Ledger, j ledger.Job, s *Summary) string {
	path := l.ReportPath(j.ID)
	if record.Reported == nil || *record.Reported != s.numbers() {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// write writes what became of every row of a job, one line each, to a file that
// appears only when it is whole.
func write(ctx context.Context, l *ledger.Ledger, j ledger.Job) error {
	path := l.ReportPath(j.ID)
	file, err := os.CreateTemp(filepath.Dir(path), ".report-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // gone when all went well
	buffered := bufio.NewWriter(file)
	err = writeRows(ctx, csv.NewWriter(buffered), l, j)
	if err = errors.Join(err, buffered.Flush(), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func writeRows(ctx context.Context, w *csv.Writer, l *ledger.Ledger, j ledger.Job) error {
	if err := w.Write([]string{"row", "customer_id", "status", "instrument_token", "field", "message"}); err != nil {
		return err
	}
	err := l.EachRow(ctx, j.Num, func(r *ledger.RowInfo) error {
		customer := ""
		if r.CustomerID > 0 {
			customer = strconv.FormatInt(r.CustomerID, 10)
		}
		fields, messages := texts(append(r.Problems, r.Warnings...))
		return w.Write([]string{strconv.Itoa(r.Row), customer, statusText(r), r.Token, escapeFormula(fields), escapeFormula(messages)})
	})
	w.Flush()
	return errors.Join(err, w.Error())
}

// statusText is a row's state in the words of a job's counts.
func statusText(r *ledger.RowInfo) string {
	switch r.State {
	case ledger.Imported:
		if r.Adopted {
			return "imported (adopted)"
		}
		return "imported"
	case ledger.Already:
		return "already_imported"
	case ledger.Refused:
		return "failed"
	case ledger.Skipped:
		return "failed (skipped)"
	case ledger.Removed:
		return "removed"
	case ledger.Sent, ledger.Unconfirmed, ledger.Held:
		return "unconfirmed"
	}
	return "remaining"
}

func texts(problems []check.Problem) (fields, messages string) {
	var f, m []string
	for _, p := range problems {
		f, m = append(f, p.Field), append(m, p.Message)
	}
	return strings.Join(f, "; "), strings.Join(m, "; ")
}

// escapeFormula keeps a spreadsheet from taking a cell for a formula.
func escapeFormula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
