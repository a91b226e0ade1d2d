// Package terminal is an import as a person at a terminal sees it: a plan, a
// question, progress, and a summary at the end. What is done, and how safely,
// is the importer's.
package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Why Run ends without every row in the store. Other failures are a *Failure.
var (
	// ErrIncomplete is an import that ended, or was stopped, with rows left out.
	ErrIncomplete = errors.New("the import is not complete")
	// ErrNeedsYes is a question that nobody can be asked.
	ErrNeedsYes = errors.New("nothing was sent: there is no terminal to ask for consent on, so pass --yes to import without being asked (or --dry-run to see the plan alone)")
	// ErrDeclined is a question that was not answered with yes.
	ErrDeclined = errors.New("declined: nothing was sent")
)

// Import is the import of one file into one store.
type Import struct {
	Importer *importer.Importer
	Store    bcapi.Store
	// In is where answers come from. Out takes the result: the summary, or the
	// plan of a dry run. Err takes progress, and the plan with its question; it
	// has to be the *os.File itself for a terminal to be seen.
	In       *os.File
	Out, Err io.Writer
	Request  importer.FileRequest
	// Unconfirmed is what the person says of rows whose outcome could not be told.
	Unconfirmed importer.UnconfirmedPolicy
	Yes         bool // do not ask
	DryRun      bool // only plan
}

// Run plans the import, asks, carries it out and tells what became of it. It
// returns nil only when every row is in the store, or when a dry run has made
// its plan. When ctx ends, it stops between batches; the same import goes on
// with what is left.
func (i Import) Run(ctx context.Context) error {
	plan, err := i.plan(ctx)
	if err != nil {
		return i.failure(ctx, err, nothingSent)
	}
	if i.DryRun {
		i.printPlan(i.Out, plan)
		return nil
	}
	i.printPlan(i.Err, plan)
	if plan.Status == importer.Running {
		return i.failure(ctx, &ledger.LockedError{JobID: string(plan.ID)}, nothingSent)
	}
	if nothingToDo := plan.Requests == 0 && plan.Unconfirmed == 0 && i.Unconfirmed == importer.Leave; nothingToDo {
		// It is carried out all the same, for its report.
		fmt.Fprintln(i.Err, "There is nothing to send.")
	} else if err := i.consent(ctx, plan); err != nil {
		return err
	}
	end, err := i.apply(ctx, plan)
	if err != nil {
		return i.failure(ctx, err, goOn)
	}
	i.printSummary(i.Out, end, ctx.Err() != nil)
	if end.Status != importer.Completed {
		return fmt.Errorf("%w: %d of %d rows are not in the store", ErrIncomplete, end.Total-end.Imported-end.Already, end.Total)
	}
	return nil
}

func (i Import) plan(ctx context.Context) (*importer.Summary, error) {
	p := newProgress(i.Err)
	defer p.clear()
	return i.Importer.PlanFile(ctx, i.Request, p.tell)
}

func (i Import) apply(ctx context.Context, plan *importer.Summary) (*importer.Summary, error) {
	p := newProgress(i.Err)
	defer p.clear()
	if plan.Requests > 0 {
		p.say("looking at what the store holds already")
	}
	return i.Importer.Apply(ctx, plan.ID, i.Unconfirmed, p.tell)
}

// consent asks whether to go on with a plan, unless that was said beforehand.
func (i Import) consent(ctx context.Context, plan *importer.Summary) error {
	switch {
	case i.Yes:
		return nil
	case i.In == nil || !isTerminal(i.In) || !isTerminal(i.Err):
		return ErrNeedsYes
	case !i.ask(ctx, i.question(plan)):
		return ErrDeclined
	}
	return nil
}

func (i Import) question(plan *importer.Summary) string {
	text := fmt.Sprintf("Import %s into the %s store %q", rows(plan.Remaining), i.Store.Mode, i.Store.Hash)
	switch {
	case i.Unconfirmed == importer.Resend:
		text += ", and send again what cannot be told to be in it"
	case i.Unconfirmed == importer.Skip:
		text += ", and give up what cannot be told to be in it"
	case plan.Unconfirmed > 0:
		text += fmt.Sprintf(", and look for %s that were sent before", rows(plan.Unconfirmed))
	}
	return text + "?"
}

// ask puts a question; anything but yes is no, the end of ctx too. Nothing else
// may read In afterwards: then a reader is still waiting for it.
func (i Import) ask(ctx context.Context, question string) bool {
	fmt.Fprint(i.Err, question+" [y/N] ")
	answers := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(i.In).ReadString('\n')
		if err != nil { // cut off, as by Ctrl-D: no answer
			line = ""
		}
		answers <- line
	}()
	answer := ""
	select {
	case answer = <-answers:
	case <-ctx.Done():
	}
	if answer == "" {
		fmt.Fprintln(i.Err)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
