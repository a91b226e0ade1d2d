package tools

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/words"
)

type undoImportJobInput struct {
	JobID importer.JobID `json:"job_id" jsonschema:"minLength=1"`
}

type undoImportJobOutput struct {
	Store     bcapi.Store    `json:"store"`
	JobID     importer.JobID `json:"job_id"`
	Deleted   int            `json:"deleted" jsonschema:"description=By this call."`
	Remaining int            `json:"remaining" jsonschema:"description=Still to be deleted: call again."`
	Refused   int            `json:"refused"`
	Adopted   int            `json:"adopted" jsonschema:"description=Left in the store: no answer proved that the job created them."`
	Unsettled int            `json:"unsettled" jsonschema:"description=Rows that may be in the store and are not known to be."`
	Reason    string         `json:"reason,omitempty"`
	NextStep  string         `json:"next_step"`
}

// undoTime is how long one call deletes: clients give up on a call after a
// minute.
const undoTime = 45 * time.Second

func (d Dependencies) undoImportJob(a adapter) (server.ServerTool, error) {
	agreed := new(sync.Map)
	return define(a, spec{
		name:  "undo_import_job",
		title: "Undo import job",
		description: "Delete from the store exactly the instruments that an import job created; the gateway keeps them, and nothing that was there before is touched. " +
			"For pilots and wrong mappings. The person is asked first where the client can; else ask them yourself.",
		hints: hints{destructive: true, idempotent: true, openWorld: true},
	}, func(ctx context.Context, in undoImportJobInput) (undoImportJobOutput, error) {
		return d.undo(ctx, agreed, in)
	})
}

// undo undoes a job as far as it comes. agreed holds the jobs of whose undo a
// person has agreed to, and which was not at its end then: who agreed to its
// beginning agreed to all of it. That is this server's memory alone, as others
// may ask nobody.
func (d Dependencies) undo(ctx context.Context, agreed *sync.Map, in undoImportJobInput) (undoImportJobOutput, error) {
	out := undoImportJobOutput{Store: d.Client.Store(), JobID: in.JobID}
	agree := func(p *importer.UndoPreview) error {
		if _, goesOn := agreed.Load(in.JobID); p.Instruments == 0 || p.Begun && goesOn {
			return nil
		}
		return d.confirm(ctx, fmt.Sprintf("undo:%s:%d:%d", in.JobID, p.Instruments, p.Changed.UnixMilli()), fmt.Sprintf(
			"Delete %s of %s that import %s created from the %s? The gateway keeps what the store forgets.",
			words.Count(p.Instruments, "instrument"), customersOf(p), in.JobID, named(out.Store)))
	}
	limited, cancel := context.WithTimeout(ctx, undoTime)
	defer cancel()
	s, err := d.Importer.Undo(limited, in.JobID, agree, d.progress(ctx))
	if s == nil {
		return out, err
	}
	timeIsUp := errors.Is(limited.Err(), context.DeadlineExceeded) // not that of one request
	stopped := ctx.Err() != nil || errors.Is(err, importer.ErrCancelled)
	if s.Remaining > 0 && !stopped && canAsk(ctx) {
		agreed.Store(in.JobID, true)
	} else {
		agreed.Delete(in.JobID)
	}
	switch {
	case err == nil, timeIsUp, s.Remaining == 0:
	case ctx.Err() != nil:
		out.Reason = "The call was cancelled, or the server is about to end."
	case s.Removed == 0 && !stopped:
		return out, explainDelete(err)
	default:
		out.Reason = s.Reason
	}
	out.Deleted, out.Remaining, out.Refused = s.Removed, s.Remaining, s.Refused
	out.Adopted, out.Unsettled = s.Adopted, s.Unsettled
	out.NextStep = nextStepOfUndo(out)
	return out, nil
}

// customersOf names whom an undo is about, the first of them by their ids.
func customersOf(p *importer.UndoPreview) string {
	ids := strings.Trim(fmt.Sprint(p.CustomerIDs), "[]")
	if p.Customers > len(p.CustomerIDs) {
		ids += " …"
	}
	return fmt.Sprintf("%s (%s)", words.Count(p.Customers, "customer"), strings.ReplaceAll(ids, " ", ", "))
}

func nextStepOfUndo(out undoImportJobOutput) string {
	switch {
	case out.Reason != "":
		return "Once the reason is dealt with, and if your person still wants it, call again: it goes on where it was."
	case out.Remaining > 0:
		return "Call again: it goes on where it was."
	}
	var left []string
	if out.Refused > 0 {
		left = append(left, fmt.Sprintf("The API refused to delete %d instruments, which are still in the store: call again later; the server's log says why they were refused.", out.Refused))
	}
	if out.Unsettled > 0 {
		left = append(left, "The unsettled rows were left: report_file of get_import_job names their customers, and list_stored_instruments shows what those have; delete_stored_instruments takes away what your person does not want.")
	}
	if out.Adopted > 0 {
		left = append(left, "The adopted instruments were left: list_stored_instruments shows them, and delete_stored_instruments takes them away if your person wants that.")
	}
	if len(left) > 0 {
		return strings.Join(left, " ")
	}
	return "What the job created is not in the store any more, and its rows can be imported again. A customer who has other instruments may be without a default now: list_stored_instruments shows it, update_stored_instrument sets one."
}
