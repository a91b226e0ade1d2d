package importer

import (
	"context"
	"errors"

	"bigcommerce-payments-mcp/internal/importer/ledger"
)

// Forget records that a customer's instruments with these tokens were deleted
// from the store by our own doing, and returns how many rows of imports had
// brought one of them. Those rows count as removed from then on, and can be
// imported anew. It records even when ctx has ended, since the deletion has
// happened, and needs no lock: an import may run, here or in another process.
func (im *Importer) Forget(ctx context.Context, customerID int64, tokens []string) (rows int, err error) {
	ctx = context.WithoutCancel(ctx)
	l, err := im.knownLedger(ctx)
	if errors.Is(err, ledger.ErrNone) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return l.Forget(ctx, customerID, tokens)
}
