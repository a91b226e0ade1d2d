package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/jobs"
	"bigcommerce-payments-mcp/internal/stdio"
	"bigcommerce-payments-mcp/tools"
)

type serveCommand struct {
	storeSettings
	ImportDir    string `env:"BIGCOMMERCE_IMPORT_DIR" help:"The one folder whose files a tool may read." placeholder:"DIR"`
	ReadOnly     bool   `env:"BIGCOMMERCE_READ_ONLY" help:"Offer only tools that change nothing."`
	AllowDeletes bool   `env:"BIGCOMMERCE_ALLOW_DELETES" help:"Offer the tools that delete stored instruments."`
	NoConfirm    bool   `env:"BIGCOMMERCE_NO_CONFIRM" help:"Import a file without showing a plan first; ask nothing before a delete."`
}

// shutdownGrace is how long a running import gets to end its requests when the
// server ends. What is cut then is looked up by the next run.
const shutdownGrace = 10 * time.Second

// Run serves MCP until stdin ends or a signal comes.
func (c *serveCommand) Run(ctx context.Context) error {
	stderr := stdio.NewLogWriter(os.Stderr)
	defer stderr.Close(time.Second)
	logger := c.logger(stderr)
	if err := c.checkImportDir(c.ImportDir); err != nil {
		return err
	}
	client, im, err := c.connect(ctx, logger, c.ImportDir)
	if err != nil {
		return err
	}
	defer im.cleanUp()
	manager := jobs.New(im.Importer)
	server, addTools := tools.Prepare(tools.Dependencies{
		Client: client, Importer: im.Importer, Jobs: manager, Confirmer: tools.NewConfirmer(),
		Logger: logger, Version: version, ReadOnly: c.ReadOnly, AllowDeletes: c.AllowDeletes, NoConfirm: c.NoConfirm,
		Progress: stdio.ReportProgress,
	})
	printBanner(stderr, client.Store())
	err = stdio.Serve(ctx, server, stdio.Options{In: os.Stdin, Out: os.Stdout, Logger: logger, Prepare: addTools})
	manager.Shutdown(shutdownGrace)
	return err
}

// printBanner tells a person who started the server by hand what it waits for.
func printBanner(w io.Writer, store bcapi.Store) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return
	}
	fmt.Fprintf(w, "%s %s: an MCP server for the %s store %q; it waits for an MCP client on stdin (Ctrl-D ends it).\n", name, version, store.Mode, store.Hash)
	executable, err := os.Executable()
	if err != nil || strings.Contains(executable, "go-build") { // what go run leaves is gone afterwards
		executable = "/path/to/" + name
	}
	fmt.Fprintf(w, "To attach it, give your assistant the command `%s`, as the README shows.\n", strings.Join(append([]string{executable}, os.Args[1:]...), " "))
}
