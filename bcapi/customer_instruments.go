package bcapi

import (
	"context"
	"net/http"
	"strconv"
)

var customerInstruments = route{
	method:   http.MethodGet,
	template: "/customers/{customer_id}/stored-instruments",
	scopes:   []string{"store_stored_payment_instruments_read_only", "store_stored_payment_instruments"},
}

// CustomerInstruments reads what one customer has; the list is not paged
// (docs/api-facts.md 2.11). For a customer that does not exist the API may
// answer with 404, which is a *RefusedError, or with nothing stored.
func (c *Client) CustomerInstruments(ctx context.Context, customerID int64) ([]StoredInstrument, error) {
	call, err := newCall(customerInstruments, []string{strconv.FormatInt(customerID, 10)}, nil, nil)
	if err != nil {
		return nil, err
	}
	return read(ctx, c, call, func(value any, clean cleaner) ([]StoredInstrument, bool) {
		return readList(value, func(item map[string]any) StoredInstrument { return readInstrument(item, clean) })
	})
}
