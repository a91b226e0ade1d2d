package terminal

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"bigcommerce-payments-mcp/internal/cardguard"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/words"
)

// printPlan shows what an import would do.
func (i Import) printPlan(w io.Writer, s *importer.Summary) {
	fmt.Fprintf(w, "Plan: %q into the %s store %q (import %s)\n", cardguard.Redact(i.Request.Name), i.Store.Mode, i.Store.Hash, s.ID)
	switch s.Status {
	case importer.Running:
		fmt.Fprintln(w, "It is running already.")
	case importer.Interrupted:
		fmt.Fprintf(w, "It goes on with what was stopped earlier: %s\n", s.Reason)
	case importer.Cancelled:
		fmt.Fprintln(w, "It goes on with what was cancelled earlier.")
	}
	t := table(w)
	line(t, "rows", s.Total, "")
	line(t, "to import", s.Remaining, ofWhat(s.Unsent))
	line(t, "already imported", s.Already, "")
	line(t, "refused", s.Failed, "")
	if s.Imported > 0 {
		line(t, "imported so far", s.Imported, "")
	}
	if s.Unconfirmed > 0 {
		line(t, "unconfirmed", s.Unconfirmed, "sent, and not known to be in the store")
	}
	line(t, "expired cards", s.Expired, "imported all the same: gateways revive them")
	line(t, "requests", s.Requests, "about "+(time.Duration(s.Seconds)*time.Second).String())
	_ = t.Flush() // as with every other line: a closed terminal does not stop an import
	printCounts(w, "Refused", s.FailureSummary)
	printCounts(w, "Warnings", s.Warnings)
}

// ofWhat tells what is to be sent: of how many customers, of which types, which
// rows.
func ofWhat(u ledger.Unsent) string {
	if u.Customers == 0 {
		return ""
	}
	types := make([]string, 0, len(u.Types))
	for _, name := range slices.Sorted(maps.Keys(u.Types)) {
		types = append(types, fmt.Sprintf("%d %s", u.Types[name], name))
	}
	return fmt.Sprintf("of %s, in rows %d to %d: %s", words.Count(u.Customers, "customer"), u.FirstRow, u.LastRow, strings.Join(types, ", "))
}

// printSummary tells what became of an import. stopped is true when the person
// has stopped it.
func (i Import) printSummary(w io.Writer, s *importer.Summary, stopped bool) {
	t := table(w)
	note := ""
	if s.Adopted > 0 {
		note = fmt.Sprintf("%d of them found by looking, as no answer told", s.Adopted)
	}
	line(t, "imported", s.Imported, note)
	line(t, "failed", s.Failed, "")
	line(t, "already imported", s.Already, "")
	line(t, "unconfirmed", s.Unconfirmed, "")
	line(t, "remaining", s.Remaining, "")
	line(t, "total", s.Total, "")
	_ = t.Flush() // as with every other line: a closed terminal does not stop an import
	printCounts(w, "Failed", s.FailureSummary)
	if s.Report != "" {
		fmt.Fprintf(w, "What became of every row: %s\n", s.Report)
	} else {
		printCounts(w, "Warnings", s.Warnings) // one of them says why there is none
	}
	printEnd(w, s, stopped)
}

// printEnd says how an import ended, and what to do next.
func printEnd(w io.Writer, s *importer.Summary, stopped bool) {
	again := "run the same command again to go on"
	switch {
	case s.Status == importer.Completed:
		fmt.Fprintln(w, "Every row is in the store.")
	case s.Status == importer.CompletedWithFailures:
		fmt.Fprintln(w, "Correct the failed rows and import the file again: rows that are in the store are not sent again.")
	case stopped:
		fmt.Fprintln(w, "Stopped; "+again+".")
	case s.Status == importer.Cancelled:
		fmt.Fprintln(w, "Cancelled by somebody; "+again+".")
	default:
		fmt.Fprintf(w, "Stopped early: %s\n", s.Reason)
		if s.Remaining > 0 {
			fmt.Fprintln(w, "When that is put right, "+again+".")
		}
	}
	if s.Unconfirmed > 0 {
		fmt.Fprintln(w, "Unconfirmed rows were sent, and are not known to be in the store. The same command looks for them again; for those it cannot find,"+
			" look into the store and add --unconfirmed resend (send them again) or --unconfirmed skip (leave them out).")
	}
}

// printCounts lists what rows have in common.
func printCounts(w io.Writer, title string, counts []importer.Count) {
	if len(counts) == 0 {
		return
	}
	fmt.Fprintln(w, title+":")
	t := table(w)
	fmt.Fprintln(t, "      rows\tfirst row\tfield\tmessage")
	for _, c := range counts {
		fmt.Fprintf(t, "  %8d\t%9d\t%s\t%s\n", c.Count, c.FirstRow, c.Field, c.Message)
	}
	_ = t.Flush() // as with every other line: a closed terminal does not stop an import
}

func table(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

func line(t io.Writer, name string, n int, note string) {
	if n > 0 && note != "" {
		fmt.Fprintf(t, "  %s\t%8d\t%s\n", name, n, note)
	} else {
		fmt.Fprintf(t, "  %s\t%8d\n", name, n)
	}
}

func rows(n int) string { return words.Count(n, "row") }
