package report

import (
	"cmp"
	"context"
	"slices"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/ledger"
)

const (
	// listed is how many entries a list of a summary holds at most; the report
	// holds all.
	listed = 20
	// listedOfMany is how many instruments are listed of a job of more than many
	// rows, unless they are asked for: nobody reads those of a whole vault, and their
	// tokens are most of what the answer costs a model.
	listedOfMany = 5
	many         = 1000
	// kinds is how many combinations of problems are looked at for the counts.
	kinds = 500
)

// ListAfter lists the rows behind a row, in place of the first ones.
func (s *Summary) ListAfter(ctx context.Context, l *ledger.Ledger, num int64, row int) error {
	return s.list(ctx, l, num, row, listed)
}

func (s *Summary) list(ctx context.Context, l *ledger.Ledger, num int64, after, instruments int) error {
	s.Failures, s.Instruments, s.MoreFailures = nil, nil, false
	if s.Failed > 0 {
		failed, err := l.RowsAfter(ctx, num, ledger.Refused, ledger.Skipped, after, listed+1)
		if err != nil {
			return err
		}
		if s.MoreFailures = len(failed) > listed; s.MoreFailures {
			failed = failed[:listed]
		}
		for _, row := range failed {
			s.Failures = append(s.Failures, Failure{Row: row.Row, CustomerID: row.CustomerID, Problems: row.Problems})
		}
	}
	in, err := l.RowsAfter(ctx, num, ledger.Imported, ledger.Already, after, instruments)
	if err != nil {
		return err
	}
	for _, row := range in {
		s.Instruments = append(s.Instruments, Instrument{
			Row: row.Row, CustomerID: row.CustomerID, Token: row.Token, Type: bcapi.InstrumentType(row.Type), Adopted: row.Adopted,
		})
	}
	return nil
}

// Group counts the rows that failed, and those with warnings, by what is said of
// them.
func (s *Summary) Group(ctx context.Context, l *ledger.Ledger, num int64) error {
	if s.Failed > 0 {
		failures, err := l.CountProblems(ctx, num, kinds, ledger.Refused, ledger.Skipped, ledger.Removed)
		if err != nil {
			return err
		}
		s.FailureSummary = merge(failures)
	}
	warnings, err := l.CountWarnings(ctx, num, kinds)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		for _, p := range w.Problems {
			if p.Message == check.ExpiredMessage {
				s.Expired += w.Pending
			}
		}
	}
	s.Warnings = merge(warnings)
	return nil
}

// merge counts single problems from combinations of them.
func merge(counted []ledger.ProblemCount) []job.Count {
	index := make(map[check.Problem]int)
	var all []job.Count
	for _, c := range counted {
		for _, p := range c.Problems {
			at, known := index[p]
			if !known {
				at = len(all)
				index[p] = at
				all = append(all, job.Count{Field: p.Field, Message: p.Message, FirstRow: c.FirstRow})
			}
			all[at].Count += c.Rows
			all[at].FirstRow = min(all[at].FirstRow, c.FirstRow)
		}
	}
	slices.SortStableFunc(all, func(a, b job.Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.FirstRow, b.FirstRow))
	})
	return all[:min(len(all), listed)]
}
