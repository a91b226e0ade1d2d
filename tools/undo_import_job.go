package tools

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
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
	return define(a, spec{
		name:  "undo_import_job",
		title: "Undo import job",
		description: "Delete from the store exactly the instruments that an import job created; the gateway keeps them, and nothing that was there before is touched. " +
			"For pilots and wrong mappings. The person is asked first where the client can; else ask them yourself.",
		hints: hints{destructive: true, idempotent: true, openWorld: true},
	}, d.undo)
}

func (d Dependencies) undo(ctx context.Context, in undoImportJobInput) (undoImportJobOutput, error) {
	out := undoImportJobOutput{Store: d.Client.Store(), JobID: in.JobID}
	preview, err := d.Importer.UndoPreview(ctx, in.JobID)
	if err != nil {
		return out, err
	}
	if preview.Instruments > 0 && !preview.Begun { // who agreed to its beginning agreed to all of it
		if err := d.confirm(ctx, fmt.Sprintf("undo:%s:%d", in.JobID, preview.Instruments), fmt.Sprintf(
			"Delete the %d instruments of %d customers that import %s created from the %s? The gateway keeps them.",
			preview.Instruments, preview.Customers, in.JobID, named(out.Store))); err != nil {
			return out, err
		}
	}
	limited, cancel := context.WithTimeout(ctx, undoTime)
	defer cancel()
	s, err := d.Importer.Undo(limited, in.JobID, d.progress(ctx))
	if err != nil && (s == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) && s.Removed == 0) {
		return out, err
	}
	out.Deleted, out.Remaining, out.Refused = s.Removed, s.Remaining, s.Refused
	out.Adopted, out.Unsettled = s.Adopted, s.Unsettled
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		out.Reason = Explain(err)
	}
	out.NextStep = nextStepOfUndo(out)
	return out, nil
}

func nextStepOfUndo(out undoImportJobOutput) string {
	switch {
	case out.Reason != "":
		return "Call again once the reason is dealt with: it goes on where it was."
	case out.Remaining > 0:
		return "Call again: it goes on where it was."
	case out.Unsettled > 0:
		return "The unsettled rows were left: call bulk_import_instruments with plan_id to have them looked up, cancel it, then call again."
	case out.Adopted > 0:
		return "The adopted instruments were left: list_stored_instruments shows them, and delete_stored_instruments takes them away if your person wants that."
	}
	return "Nothing: what the job created is not in the store any more, and its rows can be imported again."
}
