package importer

import (
	"cmp"
	"context"
	"os"
	"slices"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer/check"
	"bigcommerce-payments-mcp/internal/importer/ledger"
)

// Status is where a job stands.
type Status string

// The statuses of a job.
const (
	Planned               Status = "planned"
	Running               Status = "running"
	Completed             Status = "completed"
	CompletedWithFailures Status = "completed_with_failures"
	Interrupted           Status = "interrupted"
	Cancelled             Status = "cancelled"
)

// listed is how many entries a list of a summary holds at most; the report
// holds all.
const listed = 20

// Summary tells how a job stands. Counts cover all rows, lists the first few.
type Summary struct {
	ID     JobID
	Status Status
	Reason string // why it stopped early
	File   string // "" for rows that came with a call

	Total, Imported, Failed, Already, Unconfirmed, Remaining int
	Adopted                                                  int // of the imported: found by a look, not told by an answer

	Customers, Expired, Requests, Seconds int // of what is left to send

	FailureSummary []Count
	Warnings       []Count
	Failures       []Failure
	Instruments    []Instrument
	Report         string // the report's path; "" before a run has stopped
}

// Count counts rows with the same problem.
type Count struct {
	Field    string `json:"field"`
	Message  string `json:"message"`
	Count    int    `json:"count"`
	FirstRow int    `json:"first_row"`
}

// Failure is a refused row, or a skipped one.
type Failure struct {
	Row        int
	CustomerID int64 // 0 when it is not a valid one
	Problems   []check.Problem
}

// Instrument is a row that is in the store.
type Instrument struct {
	Row        int
	CustomerID int64
	Token      string
	Type       bcapi.InstrumentType
	Adopted    bool
}

func (im *Importer) summary(ctx context.Context, l *ledger.Ledger, job ledger.Job) (*Summary, error) {
	s := &Summary{ID: JobID(job.ID), Reason: job.Reason}
	r, err := recordOf(job)
	if err != nil {
		return nil, err
	}
	if r.File != nil {
		s.File = r.File.Name
	}
	for _, fill := range []func(context.Context, *ledger.Ledger, ledger.Job) error{s.count, s.list, s.summarize} {
		if err := fill(ctx, l, job); err != nil {
			return nil, err
		}
	}
	s.Warnings = append(s.Warnings, r.Left...)
	s.Seconds = im.seconds(s.Requests)
	if s.Status, err = s.statusOf(l, job); err != nil {
		return nil, err
	}
	if s.Status == Interrupted && s.Reason == "" {
		s.Reason = "the process that ran it ended"
	}
	if path := l.ReportPath(job.ID); s.Status != Running {
		if _, err := os.Stat(path); err == nil {
			s.Report = path
		}
	}
	return s, nil
}

// statusOf tells a running job from one whose process died.
func (s *Summary) statusOf(l *ledger.Ledger, job ledger.Job) (Status, error) {
	switch job.Status {
	case ledger.Planned:
		return Planned, nil
	case ledger.CancelledBy:
		return Cancelled, nil
	case ledger.Running:
		running, err := l.RunningJob()
		if err != nil {
			return "", err
		}
		if running == job.ID {
			return Running, nil
		}
		return Interrupted, nil
	case ledger.Finished:
		if s.Failed+s.Unconfirmed+s.Remaining == 0 {
			return Completed, nil
		}
		return CompletedWithFailures, nil
	}
	return Interrupted, nil
}

func (s *Summary) count(ctx context.Context, l *ledger.Ledger, job ledger.Job) error {
	counts, err := l.Counts(ctx, job.Num)
	if err != nil {
		return err
	}
	s.Imported, s.Already = counts[ledger.Imported], counts[ledger.Already]
	s.Failed = counts[ledger.Refused] + counts[ledger.Skipped] + counts[ledger.Removed]
	s.Unconfirmed = counts[ledger.Sent] + counts[ledger.Unconfirmed] + counts[ledger.Held]
	s.Remaining = counts[ledger.Pending] + counts[ledger.Follower]
	for _, n := range counts {
		s.Total += n
	}
	totals, err := l.Totals(ctx, job.Num)
	if err != nil {
		return err
	}
	s.Adopted, s.Customers = totals.Adopted, totals.Customers
	s.Requests = requestsFor(counts[ledger.Pending])
	return nil
}

// requestsFor is how many batches so many rows take when all come back clean.
func requestsFor(rows int) int {
	requests := 0
	for size := newSizer(); rows > 0; size.clean(size.next()) {
		rows -= size.next()
		requests++
	}
	return requests
}

func (s *Summary) list(ctx context.Context, l *ledger.Ledger, job ledger.Job) error {
	failed, err := l.FirstRows(ctx, job.Num, ledger.Refused, ledger.Skipped, listed)
	if err != nil {
		return err
	}
	for _, row := range failed {
		s.Failures = append(s.Failures, Failure{Row: row.Row, CustomerID: row.CustomerID, Problems: row.Problems})
	}
	in, err := l.FirstRows(ctx, job.Num, ledger.Imported, ledger.Already, listed)
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

// kinds is how many combinations of problems are looked at for the counts.
const kinds = 500

func (s *Summary) summarize(ctx context.Context, l *ledger.Ledger, job ledger.Job) error {
	failures, err := l.CountProblems(ctx, job.Num, ledger.Refused, kinds)
	if err != nil {
		return err
	}
	removed, err := l.CountProblems(ctx, job.Num, ledger.Removed, kinds)
	if err != nil {
		return err
	}
	warnings, err := l.CountWarnings(ctx, job.Num, kinds)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		for _, p := range w.Problems {
			if p.Message == check.ExpiredMessage {
				s.Expired += w.Rows
			}
		}
	}
	s.FailureSummary, s.Warnings = merge(append(failures, removed...)), merge(warnings)
	return nil
}

// merge counts single problems from combinations of them.
func merge(counted []ledger.ProblemCount) []Count {
	index := make(map[check.Problem]int)
	var all []Count
	for _, c := range counted {
		for _, p := range c.Problems {
			at, known := index[p]
			if !known {
				at = len(all)
				index[p] = at
				all = append(all, Count{Field: p.Field, Message: p.Message, FirstRow: c.FirstRow})
			}
			all[at].Count += c.Rows
			all[at].FirstRow = min(all[at].FirstRow, c.FirstRow)
		}
	}
	slices.SortStableFunc(all, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.FirstRow, b.FirstRow))
	})
	return all[:min(len(all), listed)]
}
