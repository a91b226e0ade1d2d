package reconcile

import (
	"slices"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
)

// Matched is a response of the API held against the rows that were sent. Keys
// are positions in the batch as sent.
type Matched struct {
	Imported map[int]bcapi.Imported
	Refused  map[int][]check.Problem
	// General are refusals that name no row.
	General []check.Problem
	// Unaccounted are the rows that neither of the maps holds.
	Unaccounted []int
	// NotTaken is true when the response proves that none of the unaccounted rows
	// was stored: its counts add up.
	NotTaken bool
}

// Match holds a response against the rows that were sent. Neither the order of
// its items nor its form is promised (docs/api-facts.md 2.5): an item matches by
// its provider_vault_token, or by its customer, of whom a batch has one row. Only
// an item with a token of the store proves an import. A response that contradicts
// itself proves nothing: all of its rows have to be looked up.
func Match(sent []bcapi.ImportRow, response bcapi.ImportResult) Matched {
	m := Matched{Imported: make(map[int]bcapi.Imported), Refused: make(map[int][]check.Problem)}
	sound := m.takeItems(sent, response.Imported)
	sound = m.takeErrors(sent, response.Errors) && sound
	meta := response.Meta
	counted := meta != bcapi.ImportMeta{}
	if counted && (meta.Total != len(sent) || meta.Success != len(m.Imported) || meta.Success+meta.Failed != meta.Total) {
		sound = false
	}
	if !sound {
		clear(m.Imported)
		clear(m.Refused)
	}
	m.NotTaken = sound && counted
	for i := range sent {
		_, imported := m.Imported[i]
		_, refused := m.Refused[i]
		if !imported && !refused {
			m.Unaccounted = append(m.Unaccounted, i)
		}
	}
	return m
}

// takeItems matches the items that the response says were imported, and reports
// whether each belongs to a row of its own.
func (m *Matched) takeItems(sent []bcapi.ImportRow, items []bcapi.Imported) bool {
	tokens := make(map[string]bool)
	for _, item := range items {
		i := rowOf(sent, item)
		token := item.Instrument.Token
		if _, twice := m.Imported[i]; i < 0 || twice || token == "" || tokens[token] {
			return false
		}
		tokens[token] = true
		m.Imported[i] = item
	}
	return true
}

// takeErrors matches the refusals, and reports whether none names a row that the
// response says was imported: its numbers would mean something else.
func (m *Matched) takeErrors(sent []bcapi.ImportRow, refusals []bcapi.ImportError) bool {
	for _, e := range refusals {
		problem := check.Problem{Field: e.Field, Message: apiSays + e.Message}
		if _, imported := m.Imported[e.Index]; imported {
			return false
		}
		if e.Index < 0 || e.Index >= len(sent) {
			if !slices.Contains(m.General, problem) {
				m.General = append(m.General, problem)
			}
			continue
		}
		m.Refused[e.Index] = append(m.Refused[e.Index], problem)
	}
	return true
}

// rowOf finds the row that an item of the response is about, or -1.
func rowOf(sent []bcapi.ImportRow, item bcapi.Imported) int {
	found := -1
	for i := range sent {
		row := &sent[i]
		if item.CustomerID != 0 && item.CustomerID != row.CustomerID {
			continue
		}
		if item.VaultToken != "" && item.VaultToken != row.Instrument.VaultToken {
			continue
		}
		if item.CustomerID == 0 && item.VaultToken == "" || found >= 0 {
			return -1
		}
		found = i
	}
	return found
}
