package terminal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importfile"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Failure is an import that could not be planned or carried out, in words for
// the person who wanted it. Its text may have several lines.
type Failure struct {
	Text string
	Err  error // what lies beneath
}

func (f *Failure) Error() string { return f.Text }

// Unwrap gives what lies beneath.
func (f *Failure) Unwrap() error { return f.Err }

// How things stand after a failure.
const (
	nothingSent = "Nothing was sent."
	goOn        = "Run the same command again to go on: what is in the store is not sent again."
)

// failure puts an error into words. then says how things stand, where the error
// does not.
func (i Import) failure(ctx context.Context, err error, then string) error {
	var locked *ledger.LockedError
	var file *importfile.Error
	var text string
	switch {
	case ctx.Err() != nil:
		text = "stopped\n" + then
	case errors.As(err, &locked):
		text = locked.Error() + "\nNothing was sent by this command: wait until that import has ended, then run the command again."
	case errors.As(err, &file):
		text = fileText(file)
	case errors.Is(err, importer.ErrStale):
		text = importer.ErrStale.Error() + "\n" + nothingSent + " Run the same command again to check the file anew."
	case errors.Is(err, importer.ErrNoImportDir):
		text = "no folder is set to read files from: pass --import-dir (BIGCOMMERCE_IMPORT_DIR) naming the one that holds the file"
	default:
		text = i.Importer.Explain(err) + "\n" + then
	}
	return &Failure{Text: text, Err: err}
}

// fileText says why a file was refused, each thing that is wrong on a line of
// its own.
func fileText(e *importfile.Error) string {
	var text strings.Builder
	text.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&text, ", line %d", e.Line)
	}
	text.WriteString(": " + e.What)
	for _, detail := range e.Details {
		text.WriteString("\n  - " + detail)
	}
	advice := e.Advice
	if e.Kind == importfile.KindColumns && len(e.Details) > 0 { // the names do not fit
		advice = `Map the file's own names to fields with --columns, such as --columns "Token=instrument.vault_token" (Name=- ignores one), and give what it lacks with --defaults, such as --defaults currency_code=USD`
	}
	if advice != "" {
		text.WriteString("\n" + advice + ".")
	}
	return text.String()
}
