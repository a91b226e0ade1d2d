package tools

import (
	"context"
	"fmt"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/words"
	"bigcommerce-payments-mcp/schemas"
)

type bulkImportInstrumentsInput struct {
	Instruments             []bcapi.ImportRow          `json:"instruments,omitempty" jsonschema:"minItems=1,maxItems=100,description=Rows to check and send now."`
	DryRun                  bool                       `json:"dry_run,omitempty" jsonschema:"description=With instruments: check them\\, send nothing."`
	File                    string                     `json:"file,omitempty" jsonschema:"description=.csv\\, .json or .jsonl below the import folder: checked\\, answered with a plan\\, not sent."`
	PlanID                  importer.JobID             `json:"plan_id,omitempty" jsonschema:"description=Send what this plan checked\\, or go on with that job."`
	Columns                 map[string]string          `json:"columns,omitempty" jsonschema:"description=With file: its own header to a field path such as instrument.vault_token; - ignores a column."`
	Defaults                map[string]string          `json:"defaults,omitempty" jsonschema:"description=With file: field path to the value of rows that lack it."`
	Limit                   int                        `json:"limit,omitempty" jsonschema:"minimum=1,description=With file: a pilot of so many good rows that are not yet in."`
	VerifyCustomers         bool                       `json:"verify_customers,omitempty" jsonschema:"description=With file: refuse rows whose customer is unknown or has another e-mail than billing_address.email."`
	SharedProviderCustomers string                     `json:"shared_provider_customers,omitempty" jsonschema:"enum=refuse,enum=allow,default=refuse,description=May customers share one provider_customer_id?"`
	Unconfirmed             importer.UnconfirmedPolicy `json:"unconfirmed,omitempty" jsonschema:"enum=resend,enum=skip,description=What a person who looked in the store says of unconfirmed rows."`
	WaitSeconds             *int                       `json:"wait_seconds,omitempty" jsonschema:"minimum=0,maximum=50,default=20,description=Wait so long; then the job goes on in the background."`
}

func (d Dependencies) bulkImportInstruments(a adapter) (server.ServerTool, error) {
	return define(a, spec{
		name:  "bulk_import_instruments",
		title: "Bulk import stored instruments",
		description: "Register instruments that are already in the gateway's vault (cards, PayPal and bank accounts) with existing customers of the store; list_import_payment_methods tells the payment_method_ids. Give exactly one of instruments, file and plan_id. " +
			"A file is planned first: show the plan to your person, then call again with its plan_id. " +
			"Every row is checked; bad rows are reported and the good ones are sent, none twice, over any number of calls. " +
			"The store does not ask the gateway: a wrong token looks imported and fails at the first charge, " +
			"and a wrong customer_id gives a shopper a stranger's card, so take the mapping from one trusted source. The answer tells what became of the rows.",
		hints:  hints{idempotent: true, openWorld: true},
		rowsAt: "/instruments",
		output: a.job,
	}, d.bulkImport)
}

// bulkImport does what the one argument given asks for.
func (d Dependencies) bulkImport(ctx context.Context, in bulkImportInstrumentsInput) (job, error) {
	if err := in.check(); err != nil {
		return job{}, err
	}
	shared := in.SharedProviderCustomers == "allow"
	options := importer.Options{SharedProviderCustomers: check.SharedProviderCustomers(shared), Unconfirmed: in.Unconfirmed}
	var s *importer.Summary
	var err error
	switch {
	case in.PlanID != "":
		s, err = d.apply(ctx, in.PlanID, in.Unconfirmed, wait(in.WaitSeconds))
	case in.File != "":
		s, err = d.importFile(ctx, in, shared)
	case in.DryRun:
		s, err = d.Importer.Check(ctx, in.Instruments, options)
	default:
		s, err = d.Jobs.RunInline(ctx, in.Instruments, options, wait(in.WaitSeconds), d.progress(ctx))
	}
	if err != nil {
		return job{}, err
	}
	return newJob(d.Client.Store(), s), nil
}

// check holds the arguments to what a schema without combinators cannot say.
func (in *bulkImportInstrumentsInput) check() error {
	var violations []schemas.Violation
	given := 0
	for _, is := range []bool{in.Instruments != nil, in.File != "", in.PlanID != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		violations = append(violations, schemas.Violation{Pointer: "", Problem: "must have exactly one of: instruments, file, plan_id"})
	}
	onlyWith := func(given bool, pointer, with string, has bool) {
		if given && !has {
			violations = append(violations, schemas.Violation{Pointer: pointer, Problem: "goes only with " + with})
		}
	}
	onlyWith(in.Columns != nil, "/columns", "file", in.File != "")
	onlyWith(in.Defaults != nil, "/defaults", "file", in.File != "")
	onlyWith(in.VerifyCustomers, "/verify_customers", "file", in.File != "")
	onlyWith(in.Limit != 0, "/limit", "file", in.File != "")
	onlyWith(in.SharedProviderCustomers != "", "/shared_provider_customers", "instruments or file: a plan keeps what it was made with", in.PlanID == "")
	onlyWith(in.DryRun, "/dry_run", "instruments (a file is always planned first)", in.Instruments != nil)
	if len(violations) > 0 {
		return invalidArguments(violations, 0)
	}
	return nil
}

func (d Dependencies) importFile(ctx context.Context, in bulkImportInstrumentsInput, shared bool) (*importer.Summary, error) {
	s, err := d.Importer.PlanFile(ctx, importer.FileRequest{
		Name: in.File, Columns: in.Columns, Defaults: in.Defaults, Limit: in.Limit, Shared: shared, Verify: in.VerifyCustomers,
	}, d.progress(ctx))
	if err != nil || !d.NoConfirm || s.Remaining == 0 {
		return s, err
	}
	return d.Jobs.Run(ctx, s.ID, in.Unconfirmed, wait(in.WaitSeconds), d.progress(ctx))
}

// apply starts a plan, when the person agrees, or attaches to its job.
func (d Dependencies) apply(ctx context.Context, id importer.JobID, answer importer.UnconfirmedPolicy, atMost time.Duration) (*importer.Summary, error) {
	s, err := d.Importer.Job(ctx, id)
	if err != nil {
		return nil, err
	}
	begun := s.Imported+s.Unconfirmed > 0 && s.Reason != ledger.UndoReason // so that somebody has agreed, as far as is known
	if s.Status != importer.Running && !begun && s.Remaining > 0 {
		if err := d.confirm(ctx, fmt.Sprintf("plan:%s:%d:%d", id, s.Remaining, s.Failed), d.planQuestion(s)); err != nil {
			return nil, err
		}
	}
	return d.Jobs.Run(ctx, id, answer, atMost, d.progress(ctx))
}

func (d Dependencies) planQuestion(s *importer.Summary) string {
	question := fmt.Sprintf("Import %s of %s from %s into the %s?", words.Count(s.Remaining, "instrument"), words.Count(s.Unsent.Customers, "customer"), s.File, named(d.Client.Store()))
	if s.Failed > 0 { // a pilot does not count those that its limit leaves out
		question += " Left out, as refused: " + words.Count(s.Failed, "row") + "."
	}
	return question
}

const defaultWait = 20

// wait is how long a call waits for a job.
func wait(seconds *int) time.Duration {
	if seconds == nil {
		return defaultWait * time.Second
	}
	return time.Duration(*seconds) * time.Second
}

// progress tells the client of a call how far an import is.
func (d Dependencies) progress(ctx context.Context) importer.Progress {
	return func(done, total int, doing string) {
		message := fmt.Sprintf("%d %s", done, doing)
		if total > 0 {
			message = fmt.Sprintf("%d of %d %s", done, total, doing)
		}
		d.Progress(ctx, float64(done), float64(total), message)
	}
}
