package importer

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
	"bigcommerce-payments-mcp/internal/ledger"
)

// staleReport is the warning of a job that was begun and has no report of how it
// stands now: it could not be written, or the process was killed before, or
// another job has settled rows since.
const staleReport = "the report of these rows is not up to date: run this import again to have it written, which sends nothing twice; if it stays so, make room on the disk of the state directory"

// bringReport writes the report of a job that has stopped, unless that shows how
// it stands already. A report that cannot be written fails nothing: the job's
// summary warns of it.
func (im *Importer) bringReport(ctx context.Context, l *ledger.Ledger, job ledger.Job) {
	if err := report(ctx, l, job); err != nil {
		im.Logger.Error("the report could not be written", "job_id", job.ID, "error", err)
	}
}

func report(ctx context.Context, l *ledger.Ledger, job ledger.Job) error {
	r, err := recordOf(job)
	if err != nil {
		return err
	}
	var s Summary
	if err := s.count(ctx, l, job.Num); err != nil || r.reportPath(l, job, &s) != "" {
		return err
	}
	if err := writeReport(ctx, l, job); err != nil {
		return err
	}
	shown := s.numbers()
	r.Reported = &shown
	return l.SetPlan(ctx, job.Num, r.text())
}

// reportPath is where a job's report lies, if it shows how the job stands.
func (r record) reportPath(l *ledger.Ledger, job ledger.Job, s *Summary) string {
	path := l.ReportPath(job.ID)
	if r.Reported == nil || *r.Reported != s.numbers() {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// writeReport writes what became of every row of a job, one line each, to a
// file that appears only when it is whole.
func writeReport(ctx context.Context, l *ledger.Ledger, job ledger.Job) error {
	path := l.ReportPath(job.ID)
	file, err := os.CreateTemp(filepath.Dir(path), ".report-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // gone when all went well
	buffered := bufio.NewWriter(file)
	err = writeRows(ctx, csv.NewWriter(buffered), l, job)
	if err = errors.Join(err, buffered.Flush(), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func writeRows(ctx context.Context, w *csv.Writer, l *ledger.Ledger, job ledger.Job) error {
	if err := w.Write([]string{"row", "customer_id", "status", "instrument_token", "field", "message"}); err != nil {
		return err
	}
	err := l.EachRow(ctx, job.Num, func(r *ledger.RowInfo) error {
		customer := ""
		if r.CustomerID > 0 {
			customer = strconv.FormatInt(r.CustomerID, 10)
		}
		fields, messages := texts(append(r.Problems, r.Warnings...))
		return w.Write([]string{strconv.Itoa(r.Row), customer, statusText(r), r.Token, harmless(fields), harmless(messages)})
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

// harmless keeps a spreadsheet from taking a cell for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
