package tools

import (
	"fmt"
	"strings"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/words"
)

// job is the answer of every tool about an import.
type job struct {
	jobState

	File           string           `json:"file,omitempty"`
	Plan           *plan            `json:"plan,omitempty"`
	FailureSummary []importer.Count `json:"failure_summary" jsonschema:"description={field\\, message\\, count\\, first_row}"`
	Failures       []failure        `json:"failures" jsonschema:"description=20 at most: {row (from 1\\, header not counted)\\, customer_id\\, problems: [{field\\, message}]}"`
	Instruments    []jobInstrument  `json:"instruments" jsonschema:"description=20 at most: {row\\, customer_id\\, token\\, type}"`
	Adopted        int              `json:"adopted,omitempty" jsonschema:"description=Of imported: no answer came\\, but they were found in the store."`
	DeletedSince   int              `json:"deleted_since,omitempty"` // of already_imported: not in the store any more
	Verified       *verified        `json:"verified,omitempty"`
	Warnings       []importer.Count `json:"warnings"`
	ReportFile     string           `json:"report_file,omitempty"` // CSV with a line per row
	NextStep       string           `json:"next_step"`
}

// jobState is how an import stands, in numbers. Those of its rows add up to
// total.
type jobState struct {
	Store           bcapi.Store     `json:"store"`
	JobID           importer.JobID  `json:"job_id,omitempty"`
	PlanID          importer.JobID  `json:"plan_id,omitempty"`
	Status          importer.Status `json:"status" jsonschema:"enum=planned,enum=nothing_to_send,enum=running,enum=completed,enum=completed_with_failures,enum=interrupted,enum=cancelled"`
	Reason          string          `json:"reason,omitempty"` // why it stopped early
	Total           int             `json:"total"`
	Imported        int             `json:"imported"`
	Failed          int             `json:"failed"`
	AlreadyImported int             `json:"already_imported"`
	Unconfirmed     int             `json:"unconfirmed" jsonschema:"description=Perhaps in the store."`
	Remaining       int             `json:"remaining"`
}

// verified compares a job's instruments with the store's list.
type verified struct {
	Present    int `json:"present"`
	Missing    int `json:"missing"`
	NotDefault int `json:"not_default"`
}

// plan is what is left to do.
type plan struct {
	FirstRow  int            `json:"first_row"` // to be sent
	LastRow   int            `json:"last_row"`
	Types     map[string]int `json:"types"` // rows by type
	Customers int            `json:"customers"`
	Verified  bool           `json:"customers_verified,omitempty"` // looked up in the store, all of them
	Expired   int            `json:"expired"`
	Requests  int            `json:"requests"`
	Seconds   int            `json:"seconds"`
}

// failure is one refused row.
type failure struct {
	Row        int             `json:"row"` // from 1, a header not counted
	CustomerID *int64          `json:"customer_id" jsonschema:"nullable"`
	Problems   []check.Problem `json:"problems"`
}

// jobInstrument is one instrument that is in the store now.
type jobInstrument struct {
	Row        int                  `json:"row"`
	CustomerID int64                `json:"customer_id"`
	Token      string               `json:"token"`
	Type       bcapi.InstrumentType `json:"type"`
	Adopted    bool                 `json:"adopted,omitempty"`
}

func newJob(store bcapi.Store, s *importer.Summary) job {
	j := job{
		jobState: newJobState(store, s), File: s.File, Adopted: s.Adopted,
		FailureSummary: notNil(s.FailureSummary), Warnings: notNil(s.Warnings),
		Failures: []failure{}, Instruments: []jobInstrument{}, ReportFile: s.Report,
	}
	if s.Status == importer.Planned || s.Status == importer.NothingToSend {
		j.Plan = &plan{
			FirstRow: s.Unsent.FirstRow, LastRow: s.Unsent.LastRow, Types: s.Unsent.Types, Customers: s.Unsent.Customers, Verified: s.Verified,
			Expired: s.Expired, Requests: s.Requests, Seconds: s.Seconds,
		}
	}
	for _, f := range s.Failures {
		row := failure{Row: f.Row, Problems: f.Problems}
		if f.CustomerID > 0 {
			row.CustomerID = &f.CustomerID
		}
		j.Failures = append(j.Failures, row)
	}
	for _, in := range s.Instruments {
		j.Instruments = append(j.Instruments, jobInstrument(in))
	}
	j.NextStep = nextStepOf(s)
	return j
}

func newJobState(store bcapi.Store, s *importer.Summary) jobState {
	state := jobState{
		Store: store, JobID: s.ID, Status: s.Status, Reason: s.Reason,
		Total: s.Total, Imported: s.Imported, Failed: s.Failed, AlreadyImported: s.Already,
		Unconfirmed: s.Unconfirmed, Remaining: s.Remaining,
	}
	if s.File != "" && s.Status != importer.Completed && s.Status != importer.CompletedWithFailures {
		state.PlanID = s.ID
	}
	return state
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// nextStepOf says what to do about a job.
func nextStepOf(s *importer.Summary) string {
	if s.Reason == ledger.UndoReason {
		return nextStepOfUndone(s)
	}
	switch s.Status {
	case importer.Planned, importer.NothingToSend:
		return nextStepOfPlan(s)
	case importer.Running:
		return fmt.Sprintf("It goes on in the background. Call get_import_job with job_id %s to wait for it, or cancel_import_job to stop it.", s.ID)
	case importer.Completed:
		if n := s.BeyondLimit; n > 0 {
			return fmt.Sprintf("Every row of this pilot is in; %d good rows of the file are not. Verify the pilot with get_import_job, have your person try a charge, then call bulk_import_instruments with the file and without limit.", n)
		}
		return "Nothing: every row is in."
	case importer.CompletedWithFailures:
		if s.Refused == 0 {
			return "Nothing: what is not in was in, and was deleted from the store again. Import that again only if your person asks for it."
		}
		return "Correct the rows listed in failures (report_file has all" + moreFailures(s) + ") and import those again; rows that are in are never sent twice."
	}
	return nextStepOfStopped(s)
}

// nextStepOfStopped says how to go on with a job that has not come to its end.
func nextStepOfStopped(s *importer.Summary) string {
	again := "Call bulk_import_instruments with plan_id " + string(s.ID)
	if s.File == "" {
		again = "Call bulk_import_instruments with the same rows"
	}
	switch {
	case s.NeedsReview > 0 && s.NeedsReview == s.Unconfirmed && s.Remaining == 0:
		return fmt.Sprintf("Of %d rows it cannot be told whether they are in the store. Ask your person to look there (list_stored_instruments with the customer_ids in report_file helps), then %s and unconfirmed: \"resend\" (they are not there) or \"skip\".",
			s.NeedsReview, lower(again))
	case s.NeedsReview > 0:
		return again + fmt.Sprintf(" to go on once the reason is dealt with; what is in is not sent twice. %d rows wait for your person, who has to look for them in the store: then add unconfirmed: \"resend\" (they are not there) or \"skip\".", s.NeedsReview)
	case s.Status == importer.Cancelled && s.Remaining+s.Unconfirmed == 0:
		return "Nothing is left to import."
	case s.Status == importer.Cancelled && s.Imported+s.Unconfirmed == 0:
		return "Nothing was sent, and nothing will be, unless bulk_import_instruments is called with plan_id " + string(s.ID) + "."
	case s.Status == importer.Cancelled:
		return again + " to go on; what is in is not sent twice."
	case s.Unconfirmed > 0:
		return again + " to go on once the reason is dealt with: unconfirmed rows are looked up in the store first, and sent again only if they are not there."
	}
	return again + " to go on once the reason is dealt with; what is in is not sent twice."
}

// moreFailures says how to read the failures that an answer leaves out.
func moreFailures(s *importer.Summary) string {
	if !s.MoreFailures || s.ID == "" {
		return ""
	}
	return fmt.Sprintf("; get_import_job with job_id %s and after_row %d lists more", s.ID, s.Failures[len(s.Failures)-1].Row)
}

// nextStepOfUndone keeps a model from bringing back what was just taken away.
func nextStepOfUndone(s *importer.Summary) string {
	switch {
	case s.Status == importer.Running:
		return fmt.Sprintf("It is being undone. Call get_import_job with job_id %s to wait for that, or cancel_import_job to stop it.", s.ID)
	case s.Imported > s.Adopted:
		return "If your person still wants it undone, call undo_import_job: it goes on where it was, or says why instruments are left."
	}
	return "Nothing: it is undone. Import its rows again only if your person asks for it, by a new call of bulk_import_instruments with the file or the rows."
}

// lower puts a sentence into the middle of another.
func lower(sentence string) string { return strings.ToLower(sentence[:1]) + sentence[1:] }

func nextStepOfPlan(s *importer.Summary) string {
	how := "Call again without dry_run"
	if s.File != "" {
		how = "Show this plan to your person, then call bulk_import_instruments with plan_id " + string(s.ID)
	}
	switch {
	case s.Total == 0: // of a pilot
		return "Nothing was sent, and there is nothing to send: warnings tells what became of the file's rows."
	case s.Remaining == 0 && s.Failed > 0 && s.Already > 0:
		return fmt.Sprintf("Nothing is left to import: %s in, and what is listed in failures has to be corrected first%s.", words.Count(s.Already, "row"), moreFailures(s))
	case s.Remaining == 0 && s.Failed > 0:
		return "Nothing was sent, and no row can be: correct the rows listed in failures" + moreFailures(s) + "."
	case s.Remaining == 0:
		return "Nothing is left to import: every row is in."
	case s.Failed > 0:
		return fmt.Sprintf("Nothing was sent. %s to import the %d good rows, or correct the rows listed in failures first%s.", how, s.Remaining, moreFailures(s))
	}
	return fmt.Sprintf("Nothing was sent. %s to import all %d rows.", how, s.Remaining)
}
