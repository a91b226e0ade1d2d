// Package importer moves instruments into a store: it checks rows, plans a job,
// sends it in batches, looks up what no answer told, and reports what became of
// every row. It knows nothing of MCP.
//
// What makes it safe is written down where it is done: a row is recorded before
// it is sent and never sent again while its outcome is unknown (ledger), a batch
// holds at most one row per customer (batch.go), only an instrument that was not
// there before can be a row's own (see.go, settle.go).
package importer

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/ledger"
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

// Options are a caller's choices for rows that come with the call. For a file
// those of its FileRequest count.
type Options struct {
	// SharedProviderCustomers allows several customers to share one customer of
	// the gateway.
	SharedProviderCustomers check.SharedProviderCustomers
	// VerifyCustomers has the customers looked up in the store, and their e-mail
	// addresses compared with the billing addresses.
	VerifyCustomers bool
	// Unconfirmed is what a person says of rows whose outcome could not be told.
	Unconfirmed Answer
}

// Answer is what to do with rows whose outcome could not be told.
type Answer string

// The answers.
const (
	Leave  Answer = "" // as they are: nobody has looked
	Resend Answer = "resend"
	Skip   Answer = "skip"
)

// openLedger opens the store's ledger when it is first needed.
func (im *Importer) openLedger(ctx context.Context) (*ledger.Ledger, error) {
	return im.ledgerBy(ctx, ledger.Open)
}

// knownLedger does so for those who need none where there is none: it is not
// made, and the error is ledger.ErrNone.
func (im *Importer) knownLedger(ctx context.Context) (*ledger.Ledger, error) {
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
