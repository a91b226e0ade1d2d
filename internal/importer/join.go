package importer

import (
	"slices"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
)

// joined is an answer of the API held against the rows that were sent. Keys
// are positions in the batch as sent.
type joined struct {
	imported map[int]bcapi.Imported
	refused  map[int][]check.Problem
	// general are refusals that name no row.
	general []check.Problem
	// unaccounted are the rows that neither of the maps holds.
	unaccounted []int
	// notTaken is true when the answer proves that none of the unaccounted rows
	// was stored: its counts add up.
	notTaken bool
}

// join holds an answer against its rows. Neither the order of the answer's
// items nor its form is promised (docs/api-facts.md 2.5): an item joins by its
// provider_vault_token, or by its customer, of whom a batch has one row. Only an
// item with a token of the store proves an import. An answer that contradicts
// itself proves nothing: all of its rows have to be looked up.
func join(sent []bcapi.ImportRow, answer bcapi.ImportResult) joined {
	j := joined{imported: make(map[int]bcapi.Imported), refused: make(map[int][]check.Problem)}
	sound := j.takeItems(sent, answer.Imported)
	sound = j.takeErrors(sent, answer.Errors) && sound
	meta := answer.Meta
	counted := meta != bcapi.ImportMeta{}
	if counted && (meta.Total != len(sent) || meta.Success != len(j.imported) || meta.Success+meta.Failed != meta.Total) {
		sound = false
	}
	if !sound {
		clear(j.imported)
		clear(j.refused)
	}
	j.notTaken = sound && counted
	for i := range sent {
		_, imported := j.imported[i]
		_, refused := j.refused[i]
		if !imported && !refused {
			j.unaccounted = append(j.unaccounted, i)
		}
	}
	return j
}

// takeItems joins the items that the answer says were imported, and reports
// whether each belongs to a row of its own.
func (j *joined) takeItems(sent []bcapi.ImportRow, items []bcapi.Imported) bool {
	tokens := make(map[string]bool)
	for _, item := range items {
		i := rowOf(sent, item)
		token := item.Instrument.Token
		if _, twice := j.imported[i]; i < 0 || twice || token == "" || tokens[token] {
			return false
		}
		tokens[token] = true
		j.imported[i] = item
	}
	return true
}

// takeErrors joins the refusals, and reports whether none names a row that the
// answer says was imported: its numbers would mean something else.
func (j *joined) takeErrors(sent []bcapi.ImportRow, refusals []bcapi.ImportError) bool {
	for _, e := range refusals {
		problem := check.Problem{Field: e.Field, Message: "the API says: " + e.Message}
		if _, imported := j.imported[e.Index]; imported {
			return false
		}
		if e.Index < 0 || e.Index >= len(sent) {
			if !slices.Contains(j.general, problem) {
				j.general = append(j.general, problem)
			}
			continue
		}
		j.refused[e.Index] = append(j.refused[e.Index], problem)
	}
	return true
}

// rowOf finds the row that an item of the answer is about, or -1.
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
