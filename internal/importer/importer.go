// Package importer moves instruments into a store. It is the face of the import
// for those who offer it to a person or a model, and knows nothing of MCP. Its
// stages, in a row's order, are packages of their own:
//
//	job        what the stages share: names, requests, rows
//	plan       rows are checked and recorded; nothing is sent
//	run        batches leave, responses come in, rows in doubt are looked up
//	reconcile  decides what a response or a lookup proves of a row
//	breaker    decides whether refusals are systemic
//	sizer      decides how large the next batch is
//	report     tells how a job stands, in numbers and row by row
//	verify     holds a job against the store's list
//	undo       deletes what a job has brought
package importer

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer/breaker"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/importer/plan"
	"bigcommerce-payments-mcp/internal/importer/report"
	"bigcommerce-payments-mcp/internal/importer/run"
	"bigcommerce-payments-mcp/internal/importer/undo"
	"bigcommerce-payments-mcp/internal/ledger"
)

// What the users of this package name of its stages.
type (
	// JobID names one import.
	JobID = job.ID
	// Progress is told how far an import is.
	Progress = job.Progress
	// Options are a caller's choices for inline rows.
	Options = job.Options
	// UnconfirmedPolicy is a person's word on rows whose outcome is unknown.
	UnconfirmedPolicy = job.UnconfirmedPolicy
	// FileRequest asks for the import of a file.
	FileRequest = job.FileRequest
	// Inline are rows that came with a call.
	Inline = job.Inline
	// Count counts rows with the same problem.
	Count = job.Count
	// Summary tells how a job stands.
	Summary = report.Summary
	// Status is where a job stands, in a word.
	Status = report.Status
	// Failure is a refused row.
	Failure = report.Failure
	// Instrument is a row that is in the store.
	Instrument = report.Instrument
	// UndoPreview tells what an undo would do.
	UndoPreview = undo.Preview
	// UndoSummary tells what an undo has done.
	UndoSummary = undo.Summary
)

// The statuses of a job.
const (
	Planned               = report.Planned
	NothingToSend         = report.NothingToSend
	Running               = report.Running
	Completed             = report.Completed
	CompletedWithFailures = report.CompletedWithFailures
	Interrupted           = report.Interrupted
	Cancelled             = report.Cancelled
)

// What a person says of rows whose outcome is unknown.
const (
	Leave  = job.Leave
	Resend = job.Resend
	Skip   = job.Skip
)

// Why a job is not carried out, or stops although rows are left. Failures of the
// API and of the ledger stop it too.
var (
	ErrNoImportDir = plan.ErrNoImportDir
	ErrStale       = plan.ErrStale
	ErrChanged     = job.ErrChanged
	ErrCancelled   = job.ErrCancelled
	ErrStopping    = job.ErrStopping
	ErrUnknowns    = run.ErrUnknowns
	ErrLeft        = run.ErrLeft
	ErrRefused     = breaker.ErrRefused
	// ErrNoJob is a job id that this store's ledger does not have.
	ErrNoJob = ledger.ErrNoJob
	// ErrInline is a job whose rows came with a call and are not kept.
	ErrInline = errors.New("the rows of this import came with its call and are not kept")
)

// Client is what an import needs of the API.
type Client interface {
	ImportInstruments(ctx context.Context, rows []bcapi.ImportRow) (bcapi.ImportResult, error)
	ImportMethods(ctx context.Context, currencyCode string) ([]bcapi.ImportMethod, error)
	CustomerInstruments(ctx context.Context, customerID int64) ([]bcapi.StoredInstrument, error)
	DeleteStoredInstruments(ctx context.Context, tokens []string) (bcapi.DeleteResult, error)
	ListStoredInstruments(ctx context.Context, page bcapi.StoredInstrumentsPage) (bcapi.StoredInstruments, error)
	AllStoredInstruments(ctx context.Context) iter.Seq2[bcapi.CustomerInstrument, error]
	Customers(ctx context.Context, ids []int64) ([]bcapi.Customer, error)
	Quota() (requests int, window time.Duration)
}

// Config is what an Importer works with.
type Config struct {
	Client  Client
	Checker *check.Checker
	Logger  *slog.Logger
	// StateDir is where the ledgers are; Scope tells the store's from others.
	StateDir string
	Scope    ledger.Scope
	// ImportDir is the one folder whose files may be read; "" for none.
	ImportDir string
	// Settle is how long a write whose outcome is unknown is given to show up.
	Settle time.Duration
	// Explain says in words why an import stopped, for its record.
	Explain func(error) string
}

// Importer runs imports into one store. It is safe for concurrent use.
type Importer struct {
	Config
	mu     sync.Mutex     // guards opened: the ledger is opened by the first who needs it
	opened *ledger.Ledger // nil before that

	verifying sync.Mutex // held by a verification
}

// New makes an Importer. It opens nothing yet.
func New(config Config) *Importer { return &Importer{Config: config} }

// openLedger opens the store's ledger when it is first needed.
func (im *Importer) openLedger(ctx context.Context) (*ledger.Ledger, error) {
	return im.ledgerBy(ctx, ledger.Open)
}

// openExisting opens the ledger if it exists; otherwise it returns
// ledger.ErrNone and creates nothing.
func (im *Importer) openExisting(ctx context.Context) (*ledger.Ledger, error) {
	return im.ledgerBy(ctx, ledger.OpenExisting)
}

func (im *Importer) ledgerBy(ctx context.Context, open func(context.Context, string, ledger.Scope) (*ledger.Ledger, error)) (*ledger.Ledger, error) {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.opened == nil {
		opened, err := open(ctx, im.StateDir, im.Scope)
		if err != nil {
			return nil, err
		}
		im.opened = opened
	}
	return im.opened, nil
}

// Close closes the ledger, if it was opened.
func (im *Importer) Close() error {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.opened == nil {
		return nil
	}
	err := im.opened.Close()
	im.opened = nil
	return err
}
