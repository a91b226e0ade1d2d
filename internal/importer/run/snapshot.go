package run

import (
	"context"
	"errors"
	"net/http"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/ledger"
)

// snapshotChunk is how many instruments are recorded at a time.
const snapshotChunk = 1000

// snapshot records what the job's customers have in the store already. A shopper
// often holds the same card from an older gateway, so that only an instrument
// that was not there before can be a row's own. It takes the cheaper way: one
// lookup per customer, or the store's whole list.
func (c *Config) snapshot(ctx context.Context) error {
	customers, err := c.Ledger.CustomersToSee(ctx, c.Num)
	if err != nil || customers == 0 {
		return err
	}
	if err := c.Ledger.BeginSeeing(ctx, c.Num); err != nil {
		return err
	}
	first, err := bcapi.RetryThrottled(ctx, func() (bcapi.StoredInstruments, error) {
		return c.Client.ListStoredInstruments(ctx, bcapi.StoredInstrumentsPage{Limit: 1})
	})
	if err != nil {
		return err
	}
	if first.Total == nil || *first.Total/250 > customers {
		return c.snapshotEach(ctx)
	}
	return c.snapshotList(ctx)
}

// snapshotEach looks every customer up.
func (c *Config) snapshotEach(ctx context.Context) error {
	after := int64(0)
	for {
		customers, err := c.Ledger.SeenAfter(ctx, c.Num, after, snapshotChunk)
		if err != nil || len(customers) == 0 {
			return err
		}
		for _, customer := range customers {
			instruments, err := bcapi.RetryThrottled(ctx, func() ([]bcapi.StoredInstrument, error) {
				return c.Client.CustomerInstruments(ctx, customer)
			})
			if err != nil && !isUnknownCustomer(err) {
				return err
			}
			listed := make([]ledger.ListedToken, len(instruments))
			for i, in := range instruments {
				listed[i] = ledger.ListedToken{CustomerID: customer, Token: in.Token}
			}
			if err := c.Ledger.SaveListed(ctx, c.Num, listed); err != nil {
				return err
			}
		}
		after = customers[len(customers)-1]
	}
}

// snapshotList walks the store's whole list.
func (c *Config) snapshotList(ctx context.Context) error {
	var listed []ledger.ListedToken
	for in, err := range c.Client.AllStoredInstruments(ctx) {
		if bcapi.WaitThrottle(ctx, err) {
			continue
		}
		if err != nil {
			return err
		}
		listed = append(listed, ledger.ListedToken{CustomerID: in.CustomerID, Token: in.Token})
		if len(listed) == snapshotChunk {
			if err := c.Ledger.SaveListed(ctx, c.Num, listed); err != nil {
				return err
			}
			listed = listed[:0]
		}
	}
	return c.Ledger.SaveListed(ctx, c.Num, listed)
}

// isUnknownCustomer reports whether a lookup failed because the store does not
// have the customer, who then has no instruments. With a wrong store hash
// everything is not found: sending tells that soon enough.
func isUnknownCustomer(err error) bool {
	var refused *bcapi.RefusedError
	return errors.As(err, &refused) && refused.API.Status == http.StatusNotFound
}
