package run

import (
	"context"
	"errors"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/ledger"
)

// sentBatch is a batch that has come back.
type sentBatch struct {
	rows     []queuedRow
	trial    bool // of its size
	sent     []bcapi.ImportRow
	response bcapi.ImportResult
	err      error
}

// send records a batch as sent and sends it.
func (l *loop) send(ctx context.Context, batch []queuedRow) error {
	b := sentBatch{rows: batch, sent: make([]bcapi.ImportRow, len(batch))}
	numbers := make([]int, len(batch))
	for i, row := range batch {
		var err error
		if b.sent[i], err = l.readAgain(row.PendingRow); err != nil {
			return err
		}
		numbers[i] = row.Row
	}
	if err := l.Ledger.MarkSent(context.WithoutCancel(ctx), l.Num, numbers); err != nil {
		return l.recheckClaims(ctx, err)
	}
	l.queue.block(batch)
	l.sending++
	b.trial = l.size.Begin(len(batch))
	l.Logger.Debug("batch sent", "job_id", l.ID, "rows", len(batch), "first_row", batch[0].Row, "last_row", batch[len(batch)-1].Row)
	go func() {
		b.response, b.err = l.Client.ImportInstruments(ctx, b.sent)
		l.sent <- b
	}()
	return nil
}

// recheckClaims forms batches anew when a row's instrument has been brought by
// another row since it was planned: an unresolved one that was found, say. A row
// that still waits to be sent after that would be tried for ever.
func (l *loop) recheckClaims(ctx context.Context, err error) error {
	var claimed *ledger.ClaimedError
	if !errors.As(err, &claimed) || l.claimed[claimed.Row] {
		return err
	}
	l.claimed[claimed.Row] = true
	l.queue.reset()
	return l.Ledger.RelateAgain(ctx, l.Num, l.Options.SharedProviderCustomers)
}

// readAgain reads a row from where it came, and makes sure that it is the one
// that was checked.
func (l *loop) readAgain(row ledger.PendingRow) (bcapi.ImportRow, error) {
	again, err := l.Rows.At(row.Place, row.Row)
	if err != nil {
		return again, err
	}
	content, err := l.Ledger.Content(&again)
	if err == nil && content != row.Content {
		err = job.ErrChanged
	}
	return again, err
}
