// Package doctor looks at everything that the server needs before it can work:
// settings, folders, the way to the API, the account's scopes. It changes
// nothing, and says of each thing whether it holds and what to do if not.
package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/cardguard"
)

// Status tells whether what was checked holds.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Warning Status = "warning" // it holds, or is not needed for most, but deserves a word
	Failed  Status = "failed"
	Skipped Status = "skipped" // it could not be looked at
)

// Check is one thing that was looked at.
type Check struct {
	Name    string `json:"name"`
	Status  Status `json:"status"`
	Message string `json:"message"`
	Advice  string `json:"advice,omitempty"` // what to do
}

// Report is all that was looked at.
type Report struct {
	Store  *bcapi.Store `json:"store"` // nil when the settings name none
	OK     bool         `json:"ok"`    // nothing failed
	Checks []Check      `json:"checks"`
}

// Config is what the server would work with.
type Config struct {
	// API is what the client would be made from. How long it waits is set here.
	API bcapi.Config
	// Explain puts what the client refuses into words that name the variable.
	Explain func(error) error
	// TokenProblem and ImportDirProblem are why these settings are not taken; nil
	// when they are. Their texts name the variable.
	TokenProblem, ImportDirProblem error
	// Sandbox tells that the store is the embedded one.
	Sandbox   bool
	TokenFile string // that the access token was read from; "" for none
	StateDir  string
	ImportDir string // "" for none
	// ReadOnly leaves out the scopes that write.
	ReadOnly bool
	// Show is given each check as soon as it was made; may be nil.
	Show func(Check)
}

// How long the calls of one step may take together: a host that never answers
// costs this once. An attempt gets nearly all of it.
const (
	patience       = 12 * time.Second
	attemptTimeout = 8 * time.Second
)

// Run makes every check, in an order in which each stands on the ones before. It
// ends in less than a minute; when ctx ends it stops with what it has.
func Run(ctx context.Context, config Config) Report {
	d := &doctor{Config: config, blocked: make(map[string]string)}
	d.StateDir = absolute(d.StateDir)
	d.connect()
	for _, s := range d.steps() {
		check := d.make(ctx, s)
		if ctx.Err() != nil {
			break
		}
		d.report.Checks = append(d.report.Checks, check)
		if config.Show != nil {
			config.Show(check)
		}
	}
	d.report.OK = d.report.Count(Failed) == 0 && ctx.Err() == nil
	return d.report
}

// absolute tells a person where a folder is that was named from here.
func absolute(dir string) string {
	if path, err := filepath.Abs(dir); err == nil {
		return path
	}
	return dir
}

// Count tells how many checks have a status.
func (r Report) Count(status Status) int {
	n := 0
	for _, c := range r.Checks {
		if c.Status == status {
			n++
		}
	}
	return n
}

// doctor is one examination under way.
type doctor struct {
	Config
	client *bcapi.Client // nil when the settings do not make one
	report Report
	// blocked gives, for a check that failed or was skipped, the one that failed:
	// itself, or what it stands on.
	blocked map[string]string

	hello reply // to the first call
	calls calls
}

// connect makes the client. Its calls wait for no longer than a step may take.
func (d *doctor) connect() {
	if d.swapped() {
		return
	}
	d.API.AttemptTimeout, d.API.MaxWait = attemptTimeout, attemptTimeout
	client, err := bcapi.New(d.API)
	if err != nil {
		return // the checks of the settings say why
	}
	store := client.Store()
	d.client, d.report.Store = client, &store
}

// step is a check and the checks that it stands on.
type step struct {
	name  string
	needs []string
	look  func(context.Context) finding
}

// steps lists the checks: what is on this machine first, then the API's.
func (d *doctor) steps() []step {
	settings := []string{"store-hash", "access-token", "api-url"}
	account := []string{"store", "token"}
	return []step{
		{"store-hash", nil, d.storeHash},
		{"access-token", nil, d.accessToken},
		{"api-url", nil, d.apiURL},
		{"state-dir", nil, d.stateDir},
		{"ledger", append([]string{"state-dir"}, settings...), d.ledger},
		{"import-dir", nil, d.importDir},
		{"connection", settings, d.connection},
		{"store", []string{"connection"}, d.store},
		{"token", []string{"connection"}, d.token},
		{"clock", []string{"connection"}, d.clock},
		{"quota", account, d.quota},
		{"beta", account, d.beta},
		{"list-instruments", account, d.listInstruments},
		{"customer-instruments", account, d.customerInstruments},
		{"import-methods", account, d.importMethods},
		{"import-instruments", account, d.importInstruments},
		{"payment-tokens", account, d.paymentTokens},
		{"payment-methods", account, d.paymentMethods},
		{"verify-customers", account, d.verifyCustomers},
	}
}

func (d *doctor) make(ctx context.Context, s step) Check {
	found := d.look(ctx, s)
	switch {
	case found.because != "":
		d.blocked[s.name] = found.because
	case found.status == Failed:
		d.blocked[s.name] = s.name
	}
	return Check{
		Name: s.name, Status: found.status,
		Message: cardguard.Redact(found.message), Advice: cardguard.Redact(found.advice),
	}
}

func (d *doctor) look(ctx context.Context, s step) finding {
	for _, need := range s.needs {
		if root := d.blocked[need]; root != "" {
			return skipped(root)
		}
	}
	return s.look(ctx)
}

// finding is what a look has found.
type finding struct {
	status          Status
	message, advice string
	because         string // of a check that was skipped: the one that failed
}

func ok(format string, args ...any) finding {
	return finding{status: OK, message: fmt.Sprintf(format, args...)}
}

func warning(message, advice string) finding {
	return finding{status: Warning, message: message, advice: advice}
}

func failed(message, advice string) finding {
	return finding{status: Failed, message: message, advice: advice}
}

// skipped is a check that cannot be made before another one holds.
func skipped(other string) finding {
	return finding{status: Skipped, message: "needs " + other + ", which failed", because: other}
}
