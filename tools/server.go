// Package tools is the MCP face of the server: one file per tool, holding its
// input, its output and its handler.
package tools

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/jobs"
	"bigcommerce-payments-mcp/schemas"
)

// Dependencies are what the tools work with.
type Dependencies struct {
	Client    *bcapi.Client
	Importer  *importer.Importer
	Jobs      *jobs.Manager
	Confirmer *Confirmer
	Logger    *slog.Logger
	Version   string
	ReadOnly  bool // offer only tools that change nothing, whatever else is set
	// AllowDeletes offers the tools that delete.
	AllowDeletes bool
	NoConfirm    bool // no plan step before a file import, no question before anything
	// Progress tells the client of a call how far it is; it never blocks for
	// long and may be called from any call at any time.
	Progress func(ctx context.Context, done, total float64, message string)
}

const instructions = `BigCommerce payments set-up for one store: mint payment access tokens, import stored payment instruments that are already vaulted at the store's gateway.
Every answer names its store and whether it is live or a sandbox: tell your person before the first change to a live store.
Never ask for, pass or repeat a card number or CVV: calls that hold one are refused. Instruments are named by gateway tokens.
A failed call answers {"error": {code, message, retryable, next_step}}: follow next_step; repeat a call unchanged only if retryable is true.
A file is imported in two calls: bulk_import_instruments with file answers a plan, with its plan_id sends it; a long import goes on in the background.`

// instructions are those of the server, with what is not offered: a model
// would look for it elsewhere.
func (d Dependencies) instructions() string {
	switch {
	case d.ReadOnly:
		return instructions + "\nThis server was started with --read-only: it changes nothing in the store."
	case !d.AllowDeletes:
		return instructions + "\nThis server deletes nothing: tools for that, and to undo an import, are offered only when its operator starts it with --allow-deletes."
	}
	return instructions
}

// NewServer assembles the MCP server. It fails when a tool's schema cannot be
// generated or compiled, and makes no network call.
func NewServer(d Dependencies) (*server.MCPServer, error) {
	s, addTools := Prepare(d)
	return s, addTools()
}

// Prepare gives a server that can shake hands already, and what adds its tools:
// the handshake need not wait for their schemas.
func Prepare(d Dependencies) (s *server.MCPServer, addTools func() error) {
	s = server.NewMCPServer("bigcommerce-payments-mcp", d.Version,
		server.WithTitle("BigCommerce Payments"),
		server.WithInstructions(d.instructions()),
		server.WithToolCapabilities(false),
		server.WithPromptCapabilities(false),
	)
	s.AddPrompts(migratePrompt())
	return s, func() error {
		all, err := d.tools()
		if err != nil {
			return err
		}
		s.AddTools(all...)
		return nil
	}
}

// tools builds the tools side by side: their schemas are most of what starting
// takes.
func (d Dependencies) tools() ([]server.ServerTool, error) {
	jobSchema, err := schemas.Describe[job]()
	if err != nil {
		return nil, err
	}
	stateSchema, err := schemas.Describe[jobState]()
	if err != nil {
		return nil, err
	}
	a := adapter{store: d.Client.Store(), logger: d.Logger, job: jobSchema, jobState: stateSchema}
	builders := []func(adapter) (server.ServerTool, error){
		d.createPaymentAccessToken,
		d.bulkImportInstruments,
		d.getImportJob,
		d.listImportJobs,
		d.cancelImportJob,
		d.listStoredInstruments,
		d.listPaymentMethods,
		d.listImportPaymentMethods,
		d.updateStoredInstrument,
	}
	if d.AllowDeletes {
		builders = append(builders, d.deleteStoredInstruments, d.undoImportJob, d.unvaultStoredInstrument)
	}
	built := make([]server.ServerTool, len(builders))
	errs := make([]error, len(builders))
	var building sync.WaitGroup
	for i, build := range builders {
		building.Go(func() { built[i], errs[i] = build(a) })
	}
	building.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if d.ReadOnly {
		built = slices.DeleteFunc(built, func(t server.ServerTool) bool { return !*t.Tool.Annotations.ReadOnlyHint })
	}
	return built, nil
}
