package importer

import (
	"context"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/ledger"
)

// seeChunk is how many instruments are written down at a time.
const seeChunk = 1000

// see records what the job's customers have in the store already. A shopper
// often holds the same card from an older gateway, so that only an instrument
// that was not there before can be a row's own. It takes the cheaper way: one
// look per customer, or the store's whole list.
func (e *engine) see(ctx context.Context) error {
	customers, err := e.ledger.CustomersToSee(ctx, e.job)
	if err != nil || customers == 0 {
		return err
	}
	if err := e.ledger.BeginSeeing(ctx, e.job); err != nil {
		return err
	}
	first, err := bcapi.RetryThrottled(ctx, func() (bcapi.StoredInstruments, error) {
		return e.Client.ListStoredInstruments(ctx, bcapi.StoredInstrumentsPage{Limit: 1})
	})
	if err != nil {
		return err
	}
	if first.Total == nil || *first.Total/250 > customers {
		return e.seeEach(ctx)
	}
	return e.seeList(ctx)
}

func (e *engine) seeEach(ctx context.Context) error {
	after := int64(0)
	for {
		customers, err := e.ledger.SeenAfter(ctx, e.job, after, seeChunk)
		if err != nil || len(customers) == 0 {
			return err
		}
		for _, customer := range customers {
			instruments, err := bcapi.RetryThrottled(ctx, func() ([]bcapi.StoredInstrument, error) {
				return e.Client.CustomerInstruments(ctx, customer)
			})
			if err != nil && !isUnknownCustomer(err) {
				return err
			}
			listed := make([]ledger.ListedToken, len(instruments))
			for i, in := range instruments {
				listed[i] = ledger.ListedToken{CustomerID: customer, Token: in.Token}
			}
			if err := e.ledger.SaveListed(ctx, e.job, listed); err != nil {
				return err
			}
		}
		after = customers[len(customers)-1]
	}
}

func (e *engine) seeList(ctx context.Context) error {
	var listed []ledger.ListedToken
	for in, err := range e.Client.AllStoredInstruments(ctx) {
		if bcapi.WaitThrottle(ctx, err) {
			continue
		}
		if err != nil {
			return err
		}
		listed = append(listed, ledger.ListedToken{CustomerID: in.CustomerID, Token: in.Token})
		if len(listed) == seeChunk {
			if err := e.ledger.SaveListed(ctx, e.job, listed); err != nil {
				return err
			}
			listed = listed[:0]
		}
	}
	return e.ledger.SaveListed(ctx, e.job, listed)
}
