// Package job holds what the stages of an import share: the name of a job, what
// was asked for, what the ledger keeps of it, and the rows. It plans, sends and
// reports nothing.
package job

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importfile"
	"bigcommerce-payments-mcp/internal/ledger"
)

// ID names one import, in answers, in the ledger and in the log.
type ID string

// NewID makes an ID that no other import has.
func NewID() ID { return ID("imp_" + strings.ToLower(rand.Text())) }

// Progress is told how far an import is: rows done of a total (0 when it is not
// known yet), and what is being done.
type Progress func(done, total int, doing string)

// Why a job stops, or is not carried out, whatever its stage.
var (
	// ErrCancelled is the cause of a job that somebody asked to stop.
	ErrCancelled = errors.New("somebody asked it to stop")
	// ErrStopping is the cause of a job whose process is about to end.
	ErrStopping = errors.New("the server was stopped")
	// ErrChanged is a row that does not read as it did when it was checked.
	ErrChanged = errors.New("the file has changed since it was checked")
)

// UnconfirmedPolicy is what a person says of rows whose outcome is unknown.
type UnconfirmedPolicy string

// The policies.
const (
	Leave  UnconfirmedPolicy = "" // as they are: nobody has looked
	Resend UnconfirmedPolicy = "resend"
	Skip   UnconfirmedPolicy = "skip"
)

// Options are a caller's choices for rows that come with the call. For a file
// those of its FileRequest count.
type Options struct {
	// SharedProviderCustomers allows several customers to share one customer of
	// the gateway.
	SharedProviderCustomers check.SharedProviderCustomers
	// VerifyCustomers has the customers looked up in the store, and their e-mail
	// addresses compared with the billing addresses.
	VerifyCustomers bool
	// Unconfirmed is what a person says of rows whose outcome is unknown.
	Unconfirmed UnconfirmedPolicy
}

// FileRequest asks for the import of a file.
type FileRequest struct {
	Name     string            `json:"name"` // below the import folder
	Columns  map[string]string `json:"columns,omitempty"`
	Defaults map[string]string `json:"defaults,omitempty"`
	Limit    int               `json:"limit,omitempty"` // only so many of its sendable rows; 0: all
	Shared   bool              `json:"shared,omitempty"`
	Verify   bool              `json:"verify,omitempty"` // look the customers up
}

// Options are the choices that a request holds, with a person's word on
// unconfirmed rows.
func (r FileRequest) Options(unconfirmed UnconfirmedPolicy) Options {
	return Options{SharedProviderCustomers: check.SharedProviderCustomers(r.Shared), VerifyCustomers: r.Verify, Unconfirmed: unconfirmed}
}

// Count counts rows with the same problem.
type Count struct {
	Field    string `json:"field"`
	Message  string `json:"message"`
	Count    int    `json:"count"`
	FirstRow int    `json:"first_row"`
}

// Numbers are how many rows of a job are imported, failed, already in,
// unconfirmed and remaining.
type Numbers [5]int

// Record is what the ledger keeps of what was asked for, as JSON.
type Record struct {
	File        *FileRequest           `json:"file,omitempty"` // nil: the rows came with the call
	Fingerprint importfile.Fingerprint `json:"fingerprint,omitzero"`
	Excluded    []Count                `json:"left,omitempty"`   // rows that a limit leaves out, by reason
	BeyondLimit int                    `json:"behind,omitempty"` // of them: good ones
	// Reported are the numbers that the report shows: nil before there was one,
	// and zeros from a run's begin until it has written its own.
	Reported *Numbers `json:"reported,omitempty"`
}

// Begun is the record of a job that begins to run: a report of before may be of
// rows that change now.
func (r Record) Begun() Record {
	r.Reported = new(Numbers)
	return r
}

// Text is the record as the ledger keeps it.
func (r Record) Text() json.RawMessage {
	text, err := json.Marshal(r)
	if err != nil { // strings and numbers only
		return json.RawMessage("{}")
	}
	return text
}

// RecordOf reads the record of a job.
func RecordOf(j ledger.Job) (Record, error) {
	var r Record
	err := json.Unmarshal(j.Plan, &r)
	return r, err
}

// Rows are the rows of an import, wherever they come from.
type Rows interface {
	// Each hands every row to f in order, checked, until f fails. An error of
	// its own refuses the whole.
	Each(ctx context.Context, checker *check.Checker, f func(Checked) error) error
	// At reads one row again, by the offset and number that Each gave it.
	At(offset int64, row int) (bcapi.ImportRow, error)
}

// Checked is a row with what the checks say of it.
type Checked struct {
	Row     int // from 1
	Offset  int64
	Import  *bcapi.ImportRow
	Verdict check.Verdict
}

// Inline are rows that came with a call.
type Inline []bcapi.ImportRow

// Each checks the rows one by one.
func (rows Inline) Each(_ context.Context, checker *check.Checker, f func(Checked) error) error {
	for i := range rows {
		if err := f(Checked{Row: i + 1, Offset: int64(i), Import: &rows[i], Verdict: checker.Row(&rows[i])}); err != nil {
			return err
		}
	}
	return nil
}

// At gives the row at an offset.
func (rows Inline) At(offset int64, _ int) (bcapi.ImportRow, error) { return rows[offset], nil }
