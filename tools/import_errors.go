package tools

import (
	"errors"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importfile"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Explain says in one sentence why an import stopped, for its record.
func Explain(err error) string {
	for _, own := range []error{
		importer.ErrStopping, importer.ErrCancelled, importer.ErrUnknowns, importer.ErrChanged, importer.ErrStale,
	} {
		if errors.Is(err, own) {
			return own.Error()
		}
	}
	if errors.Is(err, importer.ErrRefused) { // it goes on with the API's reason
		return err.Error()
	}
	var file *importfile.Error
	var state *ledger.StateError
	switch { // rows may have been sent before
	case errors.As(err, &file):
		return file.Error()
	case errors.As(err, &state):
		return state.Error()
	}
	failure := explain(err)
	said, _ := failure.Details.(apiDetails) // a job has no details, so they go into the sentence
	return failure.Message + said.more() + " " + failure.NextStep
}

// explainImport turns the importer's own errors into words for a model; nil when
// the error is not one of them.
func explainImport(err error) *Error {
	var locked *ledger.LockedError
	var unusable *ledger.UnusableError
	var state *ledger.StateError
	var file *importfile.Error
	switch {
	case errors.As(err, &locked):
		return &Error{
			Code: "import_running", Message: "Another import into this store is running. Nothing was sent.", Retryable: true,
			NextStep: "Wait for it with get_import_job, or stop it with cancel_import_job, by the job_id in details or list_import_jobs; then call again.",
			Details: struct {
				JobID string `json:"job_id"`
			}{locked.JobID},
		}
	case errors.Is(err, importer.ErrStale), errors.Is(err, importer.ErrChanged):
		return &Error{
			Code: "plan_stale", Message: "The file has changed since it was checked. Nothing was sent.",
			NextStep: "Call with file again for a new plan; rows that are in are not sent twice.",
		}
	case errors.Is(err, importer.ErrNoJob):
		return &Error{
			Code: "unknown_job", Message: "This store has no import job or plan with that id.",
			NextStep: "Call list_import_jobs for those that it has.",
		}
	case errors.Is(err, importer.ErrInline):
		return &Error{
			Code: "inline_job", Message: "The rows of that import came with its call and are not kept.",
			NextStep: "Call bulk_import_instruments with the same instruments again; rows that are in are not sent twice.",
		}
	case errors.Is(err, importer.ErrNoImportDir):
		return &Error{
			Code: "no_import_dir", Message: "The server has no folder to import files from.",
			NextStep: "Tell your person to start the server with --import-dir (BIGCOMMERCE_IMPORT_DIR) naming the folder that holds the file.",
		}
	case errors.As(err, &unusable):
		return &Error{
			Code: "ledger_unusable", Message: "Nothing was sent, because " + unusable.Error() + ".",
			NextStep: "Tell your person: without the ledger it is not known what was imported before. They may name another --state-dir only if nothing was imported yet.",
			cause:    err,
		}
	case errors.As(err, &state):
		return &Error{
			Code: "state_directory", Message: "The call could not be carried out, because " + state.Error() + ". What was recorded before stays.",
			Retryable: true, NextStep: "Tell your person what to put right, then call again: rows that are in are not sent twice.",
			cause: err,
		}
	case errors.As(err, &file):
		return &Error{
			Code: string(file.Kind), Message: file.Error() + " Nothing was sent.",
			NextStep: "Correct the file or the arguments as said, then call again.",
		}
	case errors.Is(err, importer.ErrStopping):
		return &Error{
			Code: "stopping", Message: "The server is about to end. Nothing was sent.", Retryable: true,
			NextStep: "Call again when the server runs again.",
		}
	}
	return nil
}
