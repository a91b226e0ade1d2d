package importer

import (
	"cmp"
	"context"
	"slices"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/ledger"
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

const (
	// listed is how many entries a list of a summary holds at most; the report
	// holds all.
	listed = 20
	// listedOfMany is how many instruments are listed of a job of more than many
	// rows, unless they are asked for: nobody reads those of a whole vault, and their
	// tokens are most of what the answer costs a model.
	listedOfMany = 5
	many         = 1000
)

// Summary tells how a job stands. Counts cover all rows, lists the first few.
type Summary struct {
	ID     JobID
	Status Status
	Reason string // why it stopped early
	File   string // "" for rows that came with a call

	// How the plan of a file was checked: with several customers allowed to share a
	// provider customer, and with its customers looked up.
	Shared, Verified bool

	Total, Imported, Failed, Already, Unconfirmed, Remaining int
	Adopted                                                  int // of the imported: found by a look, not told by an answer
	Held                                                     int // of the unconfirmed: wait for a person, and are not looked up again

	Refused int // of the failed: what is listed in failures; the others were deleted again

	Behind int // good rows of the file that a limit has left for later

	Expired, Requests, Seconds int           // of what is left to send
	Unsent                     ledger.Unsent // not filled in while it runs

	FailureSummary []Count
	Warnings       []Count
	Failures       []Failure
	MoreFailures   bool // behind the last of them
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

// summary tells all of how a job stands, of a running one in numbers alone; running
// is whether its lock is held. A job runs until the lock is free: before that its
// report is not written.
func (im *Importer) summary(ctx context.Context, l *ledger.Ledger, job ledger.Job, running bool) (*Summary, error) {
	s, r, err := outline(ctx, l, job, running)
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
	if err := s.list(ctx, l, job.Num, 0, instruments); err != nil {
		return nil, err
	}
	for _, fill := range []func(context.Context, *ledger.Ledger, int64) error{s.total, s.summarize} {
		if err := fill(ctx, l, job.Num); err != nil {
			return nil, err
		}
	}
	s.Seconds = im.seconds(s.Requests)
	if s.Status == Planned { // later they have been told
		s.Warnings = append(s.Warnings, r.Left...)
	}
	if s.Report == "" && r.Reported != nil {
		s.Warnings = append(s.Warnings, Count{Message: staleReport, Count: s.Total, FirstRow: 1})
	}
	return s, nil
}

// outline tells what a list of jobs tells of one. All else takes several times as
// long: seconds, for a job of a million rows.
func outline(ctx context.Context, l *ledger.Ledger, job ledger.Job, running bool) (*Summary, record, error) {
	r, err := recordOf(job)
	if err != nil {
		return nil, r, err
	}
	s := &Summary{ID: JobID(job.ID), Reason: job.Reason, Behind: r.Behind}
	if r.File != nil {
		s.File, s.Shared, s.Verified = r.File.Name, r.File.Shared, r.File.Verify
	}
	if err := s.count(ctx, l, job.Num); err != nil {
		return nil, r, err
	}
	if running {
		s.Status = Running
		return s, r, nil
	}
	s.stopped(job.Status)
	s.Report = r.reportPath(l, job, s)
	return s, r, nil
}

// stopped sets the status of a job that does not run. One that says running was
// left by a process that died.
func (s *Summary) stopped(status ledger.Status) {
	switch status {
	case ledger.Planning, ledger.Planned:
		s.Status = Planned
	case ledger.CancelledBy:
		s.Status = Cancelled
	case ledger.Finished:
		s.Status = Completed
		if s.Failed+s.Unconfirmed+s.Remaining > 0 {
			s.Status = CompletedWithFailures
		}
	case ledger.Running, ledger.Interrupted:
		s.Status = Interrupted
		if s.Reason == "" {
			s.Reason = "the process that ran it ended"
		}
	}
}

// standing reads a job and whether it runs. The lock is asked for first: when it
// is free, what is read then is what the last run has left. A job that says
// running has begun since, or was left by a process that died.
func standing(ctx context.Context, l *ledger.Ledger, id string) (job ledger.Job, running bool, err error) {
	for range 2 {
		holder, err := l.RunningJob()
		if err != nil {
			return job, false, err
		}
		if job, err = l.JobByID(ctx, id); err != nil || holder == id || job.Status != ledger.Running {
			return job, holder == id, err
		}
	}
	return job, false, nil
}

// numbers are how many rows are imported, failed, already in, unconfirmed and
// remaining.
type numbers [5]int

func (s *Summary) numbers() numbers {
	return numbers{s.Imported, s.Failed, s.Already, s.Unconfirmed, s.Remaining}
}

func (s *Summary) count(ctx context.Context, l *ledger.Ledger, job int64) error {
	counts, err := l.Counts(ctx, job)
	if err != nil {
		return err
	}
	s.Imported, s.Already = counts[ledger.Imported], counts[ledger.Already]
	s.Refused = counts[ledger.Refused] + counts[ledger.Skipped]
	s.Failed = s.Refused + counts[ledger.Removed]
	s.Held = counts[ledger.Held]
	s.Unconfirmed = counts[ledger.Sent] + counts[ledger.Unconfirmed] + s.Held
	s.Remaining = counts[ledger.Pending] + counts[ledger.Follower]
	for _, n := range counts {
		s.Total += n
	}
	s.Requests = requestsFor(counts[ledger.Pending])
	return nil
}

// total fills in the counts that no state of a row tells, as far as they are of
// use.
func (s *Summary) total(ctx context.Context, l *ledger.Ledger, job int64) (err error) {
	if s.Imported > 0 {
		if s.Adopted, err = l.Adopted(ctx, job); err != nil {
			return err
		}
	}
	if s.Requests > 0 {
		s.Unsent, err = l.Unsent(ctx, job)
	}
	return err
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

// ListAfter has a job's summary list the rows behind a row, and not the first
// ones.
func (im *Importer) ListAfter(ctx context.Context, s *Summary, row int) error {
	l, err := im.openLedger(ctx)
	if err != nil {
		return err
	}
	job, err := l.JobByID(ctx, string(s.ID))
	if err != nil {
		return err
	}
	return s.list(ctx, l, job.Num, row, listed)
}

func (s *Summary) list(ctx context.Context, l *ledger.Ledger, job int64, after, instruments int) error {
	s.Failures, s.Instruments, s.MoreFailures = nil, nil, false
	if s.Failed > 0 {
		failed, err := l.RowsAfter(ctx, job, ledger.Refused, ledger.Skipped, after, listed+1)
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
	in, err := l.RowsAfter(ctx, job, ledger.Imported, ledger.Already, after, instruments)
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

func (s *Summary) summarize(ctx context.Context, l *ledger.Ledger, job int64) error {
	if s.Failed > 0 {
		failures, err := l.CountProblems(ctx, job, kinds, ledger.Refused, ledger.Skipped, ledger.Removed)
		if err != nil {
			return err
		}
		s.FailureSummary = merge(failures)
	}
	warnings, err := l.CountWarnings(ctx, job, kinds)
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
