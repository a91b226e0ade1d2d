package bcapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// StoredInstrumentsPage says which part of the store's list to read. There are
// no page numbers: what is imported or deleted meanwhile shifts them
// (docs/api-facts.md 8).
type StoredInstrumentsPage struct {
	After string // the Next of an earlier page; "" for the beginning
	Limit int    // 0: as many as the API likes
}

// StoredInstruments is one page of the store's list.
type StoredInstruments struct {
	Instruments []CustomerInstrument
	// Next is where to go on; "" at the end. The last page that has instruments
	// may have a Next too, and an empty page follows.
	Next  string
	Total *int // in the whole list; nil when the API does not tell
}

// CustomerInstrument is a stored instrument and whose it is.
type CustomerInstrument struct {
	CustomerID int64 `json:"customer_id"` // 0 when the API does not tell
	StoredInstrument
}

var listStoredInstruments = route{
	method:   http.MethodGet,
	template: "/payments/stored-instruments",
	scopes:   readInstrumentScopes(),
}

// ListStoredInstruments reads one page of the store's list, in the order of the
// API. A limit that the API does not like it may lower, or refuse.
func (c *Client) ListStoredInstruments(ctx context.Context, page StoredInstrumentsPage) (StoredInstruments, error) {
	query := make(url.Values)
	if page.After != "" {
		query.Set("after", page.After)
	}
	if page.Limit > 0 {
		query.Set("limit", strconv.Itoa(page.Limit))
	}
	call, err := newCall(listStoredInstruments, nil, query, nil)
	if err != nil {
		return StoredInstruments{}, err
	}
	return read(ctx, c, call, readStoredInstruments)
}

func readStoredInstruments(value any, clean cleaner) (StoredInstruments, bool) {
	page := StoredInstruments{Total: readTotal(value)}
	object, _ := value.(map[string]any)
	if page.Total != nil && object["data"] == nil { // an end of the list in so many words
		return page, true
	}
	var ok bool
	page.Instruments, ok = readList(value, func(item map[string]any) CustomerInstrument {
		return readCustomerInstrument(item, clean)
	})
	if !ok {
		return StoredInstruments{}, false
	}
	if len(page.Instruments) > 0 {
		meta, _ := object["meta"].(map[string]any)
		cursors, _ := meta["cursor_pagination"].(map[string]any)
		page.Next = text(cursors["end_cursor"])
	}
	return page, true
}

// readCustomerInstrument reads an item in both of the forms that results of an
// import have too.
func readCustomerInstrument(item map[string]any, clean cleaner) CustomerInstrument {
	imported := readImported(item, clean)
	return CustomerInstrument{CustomerID: imported.CustomerID, StoredInstrument: imported.Instrument}
}
