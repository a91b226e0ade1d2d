package importer_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"bigcommerce-payments-mcp/bcapi"
)

// picky is a store that refuses some rows for good.
type picky struct {
	http.Handler
	bad   map[string]bool // by vault token; nil for all
	names naming
	why   string // "" for a reason of its own
}

// naming is how a store tells which rows it refuses.
type naming int

const (
	dotted     naming = iota // by row and field
	unnamed                  // by field only
	whole                    // not at all: it takes none of the others either
	byNumber                 // by its numbers only
	passedOver               // not even by them
)

func (s picky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !(passage{Request: r}).isImport() {
		s.Handler.ServeHTTP(w, r)
		return
	}
	a, err := s.importRows(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func (s picky) importRows(r *http.Request) (*answer, error) {
	var rows, good []json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&rows); err != nil {
		return nil, err
	}
	why := cmp.Or(s.why, "is not known to the gateway")
	refused := []any{}
	for i, text := range rows {
		var row bcapi.ImportRow
		if err := json.Unmarshal(text, &row); err != nil {
			return nil, err
		}
		if s.bad != nil && !s.bad[row.Instrument.VaultToken] {
			good = append(good, text)
			continue
		}
		key := "instrument.vault_token"
		if s.names == dotted {
			key = fmt.Sprintf("%d.%s", i, key)
		}
		refused = append(refused, map[string]any{"status": 422, "title": "Invalid", "errors": map[string]string{key: why}})
	}
	if len(refused) > 0 && s.names == whole {
		return flat422(why)(passage{})
	}
	data, other, err := s.store(r, good)
	if err != nil || other != nil {
		return other, err
	}
	return s.tell(data, refused)
}

// store has the good rows stored and gives what was imported, or the answer if
// it tells of nothing imported.
func (s picky) store(r *http.Request, good []json.RawMessage) (data []json.RawMessage, other *answer, err error) {
	data = []json.RawMessage{}
	if len(good) == 0 {
		return data, nil, nil
	}
	body, err := json.Marshal(good)
	if err != nil {
		return nil, nil, err
	}
	a, err := (&wire{store: s.Handler}).act(r, body)
	if err != nil || a.status != http.StatusOK {
		return nil, a, err
	}
	var got struct{ Data []json.RawMessage }
	err = json.Unmarshal(a.body, &got)
	return got.Data, nil, err
}

func (s picky) tell(data []json.RawMessage, refused []any) (*answer, error) {
	slices.Reverse(data) // no order is promised
	told := map[string]any{"data": data, "errors": refused}
	if s.names == byNumber || s.names == passedOver {
		told["errors"] = []any{}
	}
	if s.names != passedOver {
		told["meta"] = map[string]int{"total": len(data) + len(refused), "success": len(data), "failed": len(refused)}
	}
	body, err := json.Marshal(told)
	if err != nil {
		return nil, err
	}
	if len(refused) == 0 {
		return says(http.StatusOK, string(body))
	}
	return says(http.StatusUnprocessableEntity, string(body))
}
