package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Why an examination ends without everything being well.
var errStopped = errors.New("stopped before everything was looked at")

// FailedError tells how many checks failed.
type FailedError struct{ Failed, All int }

func (e *FailedError) Error() string {
	return fmt.Sprintf("%d of %d checks failed: do what stands below each, then run doctor again", e.Failed, e.All)
}

// Text runs the checks and writes a line for each as it is made, with what to do
// on a line below, and a summary. Not all is well without a nil error: a
// *FailedError, or that ctx has ended.
func Text(ctx context.Context, config Config, out io.Writer, colour bool) error {
	config.Show = func(c Check) { printCheck(out, c, colour) }
	report := Run(ctx, config)
	if ctx.Err() != nil {
		return errStopped
	}
	fmt.Fprintln(out, report.summary())
	return report.err()
}

// JSON runs the checks and writes the report as one JSON document. Its error is
// as Text's.
func JSON(ctx context.Context, config Config, out io.Writer) error {
	report := Run(ctx, config)
	if ctx.Err() != nil {
		return errStopped
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return err
	}
	return report.err()
}

func (r Report) err() error {
	if n := r.Count(Failed); n > 0 {
		return &FailedError{Failed: n, All: len(r.Checks)}
	}
	return nil
}

func (r Report) summary() string {
	text := "No store is set"
	if r.Store != nil {
		text = fmt.Sprintf("The %s store %q", r.Store.Mode, r.Store.Hash)
	}
	return fmt.Sprintf("%s: %d checks, %d ok, %d warnings, %d failed, %d skipped.",
		text, len(r.Checks), r.Count(OK), r.Count(Warning), r.Count(Failed), r.Count(Skipped))
}

// printCheck writes what a person reads. A closed terminal does not stop the
// checks.
func printCheck(out io.Writer, c Check, colour bool) {
	word, code := label(c.Status)
	if colour {
		word = "\x1b[" + code + "m" + word + "\x1b[0m"
	}
	fmt.Fprintf(out, "%s  %-20s  %s\n", word, c.Name, c.Message)
	if c.Advice != "" {
		fmt.Fprintf(out, "        -> %s\n", c.Advice)
	}
}

// label gives a status's word, all of one width, and its ANSI colour.
func label(status Status) (word, code string) {
	switch status {
	case OK:
		return "ok    ", "32"
	case Warning:
		return "warn  ", "33"
	case Skipped:
		return "skip  ", "2"
	}
	return "FAILED", "31"
}
