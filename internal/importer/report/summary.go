// Package report tells how a job stands: in numbers and short lists (Summary),
// and row by row in a CSV file (Ensure). It reads the ledger and changes no row.
package report

import (
	"context"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/importer/sizer"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Summary tells how a job stands. Counts cover all rows, lists the first few.
type Summary struct {
	ID     job.ID
	Status Status
	Reason string // why it stopped early
	File   string // "" for rows that came with a call

	// How the plan of a file was checked: with several customers allowed to share a
	// provider customer, and with its customers looked up.
	Shared, Verified bool

	Total, Imported, Failed, Already, Unconfirmed, Remaining int
	Adopted                                                  int // of the imported: found by a lookup, not told by a response
	NeedsReview                                              int // of the unconfirmed: wait for a person, and are not looked up again

	Refused int // of the failed: what is listed in failures; the others were deleted again

	BeyondLimit int // good rows of the file that a limit has left for later

	Expired, Requests, Seconds int           // of what is left to send
	Unsent                     ledger.Unsent // not filled in while it runs

	FailureSummary []job.Count
	Warnings       []job.Count
	Failures       []Failure
	MoreFailures   bool // behind the last of them
	Instruments    []Instrument
	Report         string // the report's path; "" before a run has stopped
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

// staleReport is the warning of a job that was begun and has no report of how it
// stands now: it could not be written, or the process was killed before, or
// another job has resolved rows since.
const staleReport = "the report of these rows is not up to date: run this import again to have it written, which sends nothing twice; if it stays so, make room on the disk of the state directory"

// Of tells all of how a job stands, of a running one in numbers alone; running
// is whether its lock is held. A job runs until the lock is free: before that its
// report is not written.
func Of(ctx context.Context, l *ledger.Ledger, j ledger.Job, running bool) (*Summary, error) {
	s, record, err := outline(ctx, l, j, running)
	if err != nil {
		return nil, err
	}
	if running { // who waits reads it again and again, and pays for each byte
		return s, nil
	}
	instruments := listed
	if s.Total > many {
		instruments = listedOfMany
	}
	if err := s.list(ctx, l, j.Num, 0, instruments); err != nil {
		return nil, err
	}
	for _, fill := range []func(context.Context, *ledger.Ledger, int64) error{s.countMore, s.Group} {
		if err := fill(ctx, l, j.Num); err != nil {
			return nil, err
		}
	}
	if s.Status == Planned || s.Status == NothingToSend { // later they have been told
		s.Warnings = append(s.Warnings, record.Excluded...)
	}
	if s.Report == "" && record.Reported != nil {
		s.Warnings = append(s.Warnings, job.Count{Message: staleReport, Count: s.Total, FirstRow: 1})
	}
	return s, nil
}

// Outline tells of a job what a list of jobs shows: numbers, status and report.
// All else takes several times as long: seconds, for a job of a million rows.
func Outline(ctx context.Context, l *ledger.Ledger, j ledger.Job, running bool) (*Summary, error) {
	s, _, err := outline(ctx, l, j, running)
	return s, err
}

func outline(ctx context.Context, l *ledger.Ledger, j ledger.Job, running bool) (*Summary, job.Record, error) {
	record, err := job.RecordOf(j)
	if err != nil {
		return nil, record, err
	}
	s := &Summary{ID: job.ID(j.ID), Reason: j.Reason, BeyondLimit: record.BeyondLimit}
	if record.File != nil {
		s.File, s.Shared, s.Verified = record.File.Name, record.File.Shared, record.File.Verify
	}
	if err := s.Count(ctx, l, j.Num); err != nil {
		return nil, record, err
	}
	if running {
		s.Status = Running
		return s, record, nil
	}
	s.setStatus(j.Status)
	s.Report = currentPath(record, l, j, s)
	return s, record, nil
}

// Count fills in the numbers of rows.
func (s *Summary) Count(ctx context.Context, l *ledger.Ledger, num int64) error {
	counts, err := l.Counts(ctx, num)
	if err != nil {
		return err
	}
	s.Imported, s.Already = counts[ledger.Imported], counts[ledger.Already]
	s.Refused = counts[ledger.Refused] + counts[ledger.Skipped]
	s.Failed = s.Refused + counts[ledger.Removed]
	s.NeedsReview = counts[ledger.Held]
	s.Unconfirmed = counts[ledger.Sent] + counts[ledger.Unconfirmed] + s.NeedsReview
	s.Remaining = counts[ledger.Pending] + counts[ledger.Follower]
	for _, n := range counts {
		s.Total += n
	}
	s.Requests = sizer.Requests(counts[ledger.Pending])
	return nil
}

// countMore fills in the counts that no state of a row tells, as far as they are
// of use.
func (s *Summary) countMore(ctx context.Context, l *ledger.Ledger, num int64) (err error) {
	if s.Imported > 0 {
		if s.Adopted, err = l.Adopted(ctx, num); err != nil {
			return err
		}
	}
	if s.Requests > 0 {
		s.Unsent, err = l.Unsent(ctx, num)
	}
	return err
}

func (s *Summary) numbers() job.Numbers {
	return job.Numbers{s.Imported, s.Failed, s.Already, s.Unconfirmed, s.Remaining}
}
