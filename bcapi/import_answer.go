package bcapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// readImport reads the answer to an import of so many rows, and reports whether
// it is one. The same is read whatever the status: an answer of 422 can hold
// successes and one of 200 errors (docs/api-facts.md 2.5).
func readImport(body []byte, rows int, clean cleaner) (ImportResult, bool) {
	object := jsonObject(body)
	data, listed := object["data"].([]any)
	meta, counted := readMeta(object["meta"])
	errors, erred := object["errors"].([]any)
	_, titled := object["title"]
	switch {
	case object["data"] != nil && !listed:
		return ImportResult{}, false
	case !listed && !counted && (!erred || titled): // an error of the whole call
		return ImportResult{}, false
	}
	result := ImportResult{Meta: meta}
	for _, item := range data {
		row, ok := item.(map[string]any)
		if !ok {
			return ImportResult{}, false
		}
		result.Imported = append(result.Imported, readImported(row, clean))
	}
	if !erred {
		errors = []any{object["errors"]}
	}
	for _, item := range errors {
		result.Errors = append(result.Errors, readImportError(item, clean)...)
	}
	distrustRows(result.Errors, rows)
	result.Errors = summedUp(result.Errors)
	return result, true
}

func readMeta(v any) (meta ImportMeta, counted bool) {
	object, _ := v.(map[string]any)
	for key, count := range map[string]*int{"total": &meta.Total, "success": &meta.Success, "failed": &meta.Failed} {
		if _, given := object[key]; given {
			*count = int(integer(object[key]))
			counted = true
		}
	}
	return meta, counted
}

// readImported reads a row in both of its forms: nested, as the endpoint's page
// shows it, and flat, as types generated from the reference have it.
func readImported(item map[string]any, clean cleaner) Imported {
	instrument, nested := item["instrument"].(map[string]any)
	if !nested {
		instrument = item
	}
	return Imported{
		CustomerID: cmp.Or(integer(item["customer_id"]), integer(instrument["customer_id"])),
		VaultToken: cmp.Or(text(item["provider_vault_token"]), text(instrument["provider_vault_token"])),
		Instrument: readInstrument(instrument, clean),
	}
}

// readImportError reads one entry of errors: an error object whose own errors
// name rows and fields, such names straight away, or a text.
func readImportError(v any, clean cleaner) []ImportError {
	object, _ := v.(map[string]any)
	title := clean(firstText(object, "title", "message"), maxTitle)
	found := flatten(v)
	all := make([]ImportError, len(found))
	for i, f := range found {
		row, rest := f.path.row()
		all[i] = ImportError{
			Index: row, Field: clean(rest.String(), maxField), Title: title,
			Message: clean(f.message, maxDetail),
		}
		if all[i].Message == "" {
			all[i].Message = "refused without a reason"
		}
	}
	return all
}

// distrustRows takes the rows out of an answer's errors when one of them is a
// row that was not sent: its numbers then mean something else than positions
// from 0, and another row would be blamed.
func distrustRows(errors []ImportError, rows int) {
	for _, e := range errors {
		if e.Index >= rows {
			for i := range errors {
				errors[i].Index = -1
			}
			return
		}
	}
}

// maxRowErrors bounds how many errors of one row are kept, and how many that
// name none.
const maxRowErrors = 10

// summedUp keeps the first errors of each row, and makes one of the rest.
func summedUp(errors []ImportError) []ImportError {
	count := make(map[int]int)
	var kept []ImportError
	for _, e := range errors {
		if count[e.Index]++; count[e.Index] <= maxRowErrors {
			kept = append(kept, e)
		}
	}
	for _, row := range slices.Sorted(maps.Keys(count)) {
		if more := count[row] - maxRowErrors; more > 0 {
			kept = append(kept, ImportError{Index: row, Message: fmt.Sprintf("and %d more", more)})
		}
	}
	return kept
}

// text gives a JSON string, or a number as it was written, for fields that are
// text and look like numbers; else "".
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// integer gives a whole JSON number, or a string of one; else 0.
func integer(v any) int64 {
	n, _ := wholeNumber(v)
	return n
}

func wholeNumber(v any) (int64, bool) {
	n, err := json.Number(text(v)).Int64()
	if err != nil {
		return 0, false
	}
	return n, true
}
