package importer

import (
	"context"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Verify reads the store's whole list and tells how the rows of a job that are
// in compare with it. progress is told of instruments read.
func (im *Importer) Verify(ctx context.Context, id JobID, progress Progress) (*ledger.Verified, error) {
	l, err := im.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	job, err := l.JobByID(ctx, string(id))
	if err != nil {
		return nil, err
	}
	im.verifying.Lock() // what was listed is the ledger's, for one at a time
	defer im.verifying.Unlock()
	if err := l.BeginListing(ctx); err != nil {
		return nil, err
	}
	read := 0
	chunk := make([]bcapi.CustomerInstrument, 0, seeChunk)
	flush := func() error {
		read += len(chunk)
		progress(read, 0, "instruments of the store read")
		err := l.List(ctx, chunk)
		chunk = chunk[:0]
		return err
	}
	for in, err := range im.Client.AllStoredInstruments(ctx) {
		if err != nil {
			return nil, err
		}
		if chunk = append(chunk, in); len(chunk) == seeChunk {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	v, err := l.Verify(ctx, job.Num)
	return &v, err
}
