package bcapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
)

// Limits of a page: the most that the API's other lists give, and its default
// there (docs/api-facts.md 2.4 and 8).
const (
	maxPageLimit = 250
	minPageLimit = 50
)

// AllStoredInstruments reads the whole list of the store, page after page. It
// ends with an error, or with the end of the list: where the API does not prove
// that this is the end, that is a *ReadError of ReadIncomplete. After an error that
// puts the call off (ThrottleWait) it goes on if the caller does, who has to wait first
// (WaitThrottle). What is imported meanwhile may or may not be among the instruments.
func (c *Client) AllStoredInstruments(ctx context.Context) iter.Seq2[CustomerInstrument, error] {
	return func(yield func(CustomerInstrument, error) bool) {
		w := walk{client: c, page: StoredInstrumentsPage{Limit: maxPageLimit}, passed: make(map[string]bool)}
		for !w.ended {
			instruments, err := w.next(ctx)
			if err != nil {
				_, putOff := ThrottleWait(err)
				if !yield(CustomerInstrument{}, err) || !putOff {
					return
				}
				continue
			}
			for _, instrument := range instruments {
				if !yield(instrument, nil) {
					return
				}
			}
		}
	}
}

// walk goes through the store's list by cursor.
type walk struct {
	client *Client
	page   StoredInstrumentsPage // the next to be read
	passed map[string]bool       // the cursors behind us
	seen   int
	ended  bool
}

// next gives the instruments of the next page.
func (w *walk) next(ctx context.Context) ([]CustomerInstrument, error) {
	page, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	if w.passed[page.Next] { // a page that ends where another did is that page again
		page.Instruments = nil
	}
	w.seen += len(page.Instruments)
	if page.Next != "" && !w.passed[page.Next] {
		w.passed[page.Next] = true
		w.page.After = page.Next
		return page.Instruments, nil
	}
	w.ended = true
	return page.Instruments, w.checkEnd(page)
}

// read reads the next page, in smaller parts when that many are refused: the
// list's maximum is published nowhere.
func (w *walk) read(ctx context.Context) (StoredInstruments, error) {
	for {
		page, err := w.client.ListStoredInstruments(ctx, w.page)
		var refused *RefusedError
		if !errors.As(err, &refused) || !refusesLimit(refused.API.Status) || w.page.Limit == minPageLimit {
			return page, err
		}
		w.page.Limit = max(w.page.Limit/2, minPageLimit)
	}
}

func refusesLimit(status int) bool {
	return status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity
}

// checkEnd wants proof that a page without another behind it is the last. More
// may have been seen than there are in the end, as some may be deleted
// meanwhile; never fewer.
func (w *walk) checkEnd(last StoredInstruments) error {
	switch {
	case last.Total != nil && w.seen >= *last.Total:
		return nil
	case last.Total != nil:
		return incomplete(w.seen, *last.Total)
	case last.Next == "" && len(last.Instruments) == 0: // nothing is behind the last cursor
		return nil
	}
	return &ReadError{Kind: ReadIncomplete, Cause: fmt.Errorf("after %d the API gave no cursor that leads further, and it does not tell how many there are", w.seen)}
}

func incomplete(seen, total int) *ReadError {
	return &ReadError{Kind: ReadIncomplete, Cause: fmt.Errorf("it holds %d, and the API gave %d and no way to the rest", total, seen)}
}
