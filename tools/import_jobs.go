package tools

import (
	"context"
	"fmt"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
)

type getImportJobInput struct {
	JobID       importer.JobID `json:"job_id" jsonschema:"minLength=1"`
	WaitSeconds *int           `json:"wait_seconds,omitempty" jsonschema:"minimum=0,maximum=50,default=20"`
	Verify      bool           `json:"verify,omitempty" jsonschema:"description=Compare its instruments with the store's whole list."`
	AfterRow    int            `json:"after_row,omitempty" jsonschema:"minimum=1,description=List failures and instruments behind this row\\, not the first."`
}

func (d Dependencies) getImportJob(a adapter) (server.ServerTool, error) {
	return define(a, spec{
		name:        "get_import_job",
		title:       "Get import job",
		description: "Tell how an import job stands; waits a while for a running one to end.",
		hints:       hints{readOnly: true, idempotent: true, openWorld: true},
		output:      a.job,
	}, func(ctx context.Context, in getImportJobInput) (job, error) {
		s, err := d.Jobs.Wait(ctx, in.JobID, wait(in.WaitSeconds), d.progress(ctx))
		if err != nil {
			return job{}, err
		}
		if in.AfterRow > 0 {
			if err := d.Importer.ListAfter(ctx, s, in.AfterRow); err != nil {
				return job{}, err
			}
		}
		j := newJob(d.Client.Store(), s)
		if in.Verify {
			err = d.verify(ctx, &j)
		}
		return j, err
	})
}

// verify adds to a job's answer how it compares with the store.
func (d Dependencies) verify(ctx context.Context, j *job) error {
	v, err := d.Importer.Verify(ctx, j.JobID, d.progress(ctx))
	if err != nil {
		return err
	}
	j.Verified = &verified{Present: v.Present, Missing: v.Missing, NotDefault: v.NotDefault}
	j.DeletedSince = v.Deleted
	if v.Missing > 0 {
		j.NextStep = fmt.Sprintf("%d imported instruments are not in the store any more: somebody has removed them since. Ask your person before anything is done about it.", v.Missing)
	}
	return nil
}

type cancelImportJobInput struct {
	JobID importer.JobID `json:"job_id" jsonschema:"minLength=1"`
}

func (d Dependencies) cancelImportJob(a adapter) (server.ServerTool, error) {
	return define(a, spec{
		name:        "cancel_import_job",
		title:       "Cancel import job",
		description: "Stop an import job, between two requests if it runs, or drop a plan. What is imported stays; the job can be gone on with later.",
		hints:       hints{idempotent: true},
		output:      a.jobState,
	}, func(ctx context.Context, in cancelImportJobInput) (job, error) {
		if err := d.Jobs.Cancel(ctx, in.JobID); err != nil {
			return job{}, err
		}
		s, err := d.Jobs.Wait(ctx, in.JobID, defaultWait*time.Second, d.progress(ctx))
		if err != nil {
			return job{}, err
		}
		return newJob(d.Client.Store(), s), nil
	})
}

type listImportJobsInput struct{}

type listImportJobsOutput struct {
	Store bcapi.Store `json:"store"`
	Jobs  []listedJob `json:"jobs" jsonschema:"description={job_id\\, status\\, reason\\, file\\, total\\, imported\\, failed\\, already_imported\\, unconfirmed\\, remaining}"`
}

// listedJob is one line of the list of jobs.
type listedJob struct {
	JobID           importer.JobID  `json:"job_id"`
	Status          importer.Status `json:"status"`
	Reason          string          `json:"reason,omitempty"` // why it stopped early, or was undone
	File            string          `json:"file,omitempty"`
	Total           int             `json:"total"`
	Imported        int             `json:"imported"`
	Failed          int             `json:"failed"`
	AlreadyImported int             `json:"already_imported"`
	Unconfirmed     int             `json:"unconfirmed"`
	Remaining       int             `json:"remaining"`
}

// maxJobs bounds the list: a model reads all of it.
const maxJobs = 50

func (d Dependencies) listImportJobs(a adapter) (server.ServerTool, error) {
	return define(a, spec{
		name:        "list_import_jobs",
		title:       "List import jobs",
		description: "List this store's latest 50 import jobs, newest first; get_import_job tells more of one.",
		hints:       hints{readOnly: true, idempotent: true},
	}, func(ctx context.Context, _ listImportJobsInput) (listImportJobsOutput, error) {
		jobs, err := d.Importer.Jobs(ctx, maxJobs)
		if err != nil {
			return listImportJobsOutput{}, err
		}
		out := listImportJobsOutput{Store: d.Client.Store(), Jobs: []listedJob{}}
		for _, s := range jobs {
			out.Jobs = append(out.Jobs, listedJob{
				JobID: s.ID, Status: s.Status, Reason: s.Reason, File: s.File, Total: s.Total, Imported: s.Imported,
				Failed: s.Failed, AlreadyImported: s.Already, Unconfirmed: s.Unconfirmed, Remaining: s.Remaining,
			})
		}
		return out, nil
	})
}
