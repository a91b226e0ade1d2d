package bcapi

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
)

// Imported is one row that is in the store now. The API promises no order, so a
// caller joins it to its row by VaultToken or by CustomerID.
type Imported struct {
	CustomerID int64  // 0 when the answer does not say
	VaultToken string // provider_vault_token; "" when the answer does not say
	Instrument StoredInstrument
}

// ImportError is one reason why a row was refused.
type ImportError struct {
	Index   int    // position of the row in the request, from 0; -1 when it is not named
	Field   string // path in the row, such as instrument.brand; "" when it is not named
	Message string
	Title   string
}

// ImportMeta are the API's own counts; all zero when it gave none.
type ImportMeta struct {
	Total, Success, Failed int
}

// ImportResult is what became of the rows of one request. Rows that neither
// list names are unaccounted for.
type ImportResult struct {
	Imported []Imported
	Errors   []ImportError // ten per row at most; one more then tells how many there were besides
	Meta     ImportMeta
}

var importInstruments = route{
	method:      http.MethodPost,
	template:    "/payments/stored-instruments",
	scopes:      writeInstrumentScopes(),
	carriesData: mayHoldRows,
}

// ImportInstruments registers rows in one request. A nil error says that the
// API has answered row by row, not that every row is in: an answer may be a
// partial success whatever its status (docs/api-facts.md 2.5).
func (c *Client) ImportInstruments(ctx context.Context, rows []ImportRow) (ImportResult, error) {
	if len(rows) == 0 {
		return ImportResult{}, nil
	}
	call, err := newCall(importInstruments, nil, nil, rows)
	if err != nil {
		return ImportResult{}, err
	}
	got, err := c.do(ctx, call)
	if err != nil {
		return ImportResult{}, err
	}
	return c.readImportAnswer(call, got, len(rows))
}

// mayHoldRows reports whether an answer that is no success may tell of rows. Of
// statuses that are about rows all do. The others would say that nothing was
// done, which data disproves: what was done before a limit was met, say.
func mayHoldRows(got answer) bool {
	switch {
	case got.status == http.StatusBadRequest, got.status == http.StatusConflict, got.status == http.StatusUnprocessableEntity:
		return true
	case got.status >= 500 && got.status != http.StatusInsufficientStorage && !isBusy(got.status):
		return false // the outcome is unknown, whatever is in it
	}
	object := errorObject(got.body)
	if got.broken != nil || object == nil {
		return mentionsData(got.body)
	}
	switch data := object["data"].(type) {
	case []any:
		return len(data) > 0
	case map[string]any:
		return len(data) > 0
	}
	return false
}

// mentionsData reports whether a body that cannot be read looks like an object
// with data.
func mentionsData(body []byte) bool {
	body = bytes.TrimSpace(body)
	return (bytes.HasPrefix(body, []byte("{")) || bytes.HasPrefix(body, []byte("["))) && bytes.Contains(body, []byte(`"data"`))
}

// readImportAnswer tells an answer by rows from a refusal of the whole call.
// What may hold successes and cannot be read leaves the outcome unknown: any
// answer of 2xx or with data, and one of 422 that is no JSON.
func (c *Client) readImportAnswer(call *call, got answer, rows int) (ImportResult, error) {
	var object map[string]any
	if got.broken == nil {
		if result, ok := readImport(got.body, rows, c.clean); ok {
			return result, nil
		}
		object = errorObject(got.body)
	}
	if got.status/100 == 2 || object["data"] != nil ||
		object == nil && (got.status == http.StatusUnprocessableEntity || mentionsData(got.body)) {
		return ImportResult{}, unreadable(call, cmp.Or(got.broken, whyNotRead(got)))
	}
	return ImportResult{}, failure(call, got, c.clean)
}
