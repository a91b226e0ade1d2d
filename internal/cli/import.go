package cli

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/terminal"
)

type importCommand struct {
	storeSettings
	File        string                     `arg:"" help:"A .csv, .json or .jsonl file." placeholder:"FILE"`
	Columns     map[string]string          `help:"The file's own header and the field it holds; may be repeated." placeholder:"HEADER=FIELD"`
	Defaults    map[string]string          `help:"A field and its value for rows that lack it; may be repeated." placeholder:"FIELD=VALUE"`
	Limit       int                        `help:"Import only the first N good rows that are not yet in, as a pilot." placeholder:"N"`
	SharedPayer bool                       `name:"shared-provider-customers" help:"Several customers may share one provider_customer_id."`
	Verify      bool                       `name:"verify-customers" help:"Refuse rows whose customer is unknown or has another e-mail address."`
	Unconfirmed importer.UnconfirmedPolicy `enum:",resend,skip" default:"" help:"What you found of unconfirmed rows: resend (not in the store) or skip." placeholder:"ANSWER"`
	DryRun      bool                       `help:"Check the file and send nothing."`
	Yes         bool                       `help:"Do not ask before sending."`
}

// Run imports a file, with a person at the terminal.
func (c *importCommand) Run(ctx context.Context) error {
	folder, name := filepath.Split(c.File)
	if folder == "" {
		folder = "."
	}
	c.LogLevel = max(c.LogLevel, slog.LevelWarn) // progress is shown in its own way
	client, im, err := c.connect(ctx, c.logger(os.Stderr), folder)
	if err != nil {
		return err
	}
	defer im.cleanUp()
	return terminal.Import{
		Importer: im.Importer, Store: client.Store(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Request:     importer.FileRequest{Name: name, Columns: c.Columns, Defaults: c.Defaults, Limit: c.Limit, Shared: c.SharedPayer, Verify: c.Verify},
		Unconfirmed: c.Unconfirmed, Yes: c.Yes, DryRun: c.DryRun,
	}.Run(ctx)
}
