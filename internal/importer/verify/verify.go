// Package verify holds what a job has recorded against the store's whole list of
// instruments. It changes no row and sends no write.
package verify

import (
	"context"
	"iter"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Client is what a verification needs of the API.
type Client interface {
	AllStoredInstruments(ctx context.Context) iter.Seq2[bcapi.CustomerInstrument, error]
}

// chunk is how many instruments are recorded at a time.
const chunk = 1000

// Verify reads the store's whole list and tells how a job's rows that are in
// compare with it. One may run at a time in a process: what is listed is the
// ledger's. progress is told of instruments read.
func Verify(ctx context.Context, client Client, l *ledger.Ledger, num int64, progress job.Progress) (*ledger.Verified, error) {
	if err := l.BeginListing(ctx); err != nil {
		return nil, err
	}
	read := 0
	listed := make([]bcapi.CustomerInstrument, 0, chunk)
	flush := func() error {
		read += len(listed)
		progress(read, 0, "instruments of the store read")
		err := l.List(ctx, listed)
		listed = listed[:0]
		return err
	}
	for in, err := range client.AllStoredInstruments(ctx) {
		if err != nil {
			return nil, err
		}
		if listed = append(listed, in); len(listed) == chunk {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	v, err := l.Verify(ctx, num)
	return &v, err
}
