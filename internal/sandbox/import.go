package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// sentRow is one row of an import's body, and what became of it.
type sentRow struct {
	importRow
	sent     []byte // its JSON
	problems []problem
	imported *record // a copy; nil when the row was not stored
}

// importResult is the answer to an import, on 200 and 422 alike (docs/api-facts.md 2.5).
type importResult struct {
	Data   []any       `json:"data"`
	Errors []errorBody `json:"errors"`
	Meta   bulkMeta    `json:"meta"`
}

type bulkMeta struct {
	Total   int `json:"total"`
	Success int `json:"success"`
	Failed  int `json:"failed"`
}

// nestedResult is an imported row in the published form.
type nestedResult struct {
	CustomerID         int64            `json:"customer_id"`
	ProviderVaultToken string           `json:"provider_vault_token"`
	Instrument         storedInstrument `json:"instrument"`
}

// importInstruments stores the rows that have the right shape. Nothing is checked with a gateway, and any customer
// id and payment method id is taken, as the API does (docs/api-facts.md 2.5).
func (s *Server) importInstruments(c *call) (answer, error) {
	rows, err := parseImport(c.body)
	if err != nil {
		return answer{}, err
	}
	if s.options.MaxBatch > 0 && len(rows) > s.options.MaxBatch {
		return answer{}, refuse(http.StatusRequestEntityTooLarge, "Too many instruments in one request")
	}
	s.store(rows)
	result := s.report(rows)
	if len(result.Errors) > 0 {
		return answer{status: http.StatusUnprocessableEntity, body: result}, nil
	}
	return answer{body: result}, nil
}

func (s *Server) report(rows []sentRow) importResult {
	result := importResult{Data: make([]any, 0, len(rows)), Errors: []errorBody{}}
	for i, row := range rows {
		if row.imported != nil {
			result.Data = append(result.Data, s.rowResult(row))
		}
		if len(row.problems) > 0 {
			result.Errors = append(result.Errors, s.rowError(i, row.problems))
		}
	}
	success := len(result.Data)
	result.Meta = bulkMeta{Total: len(rows), Success: success, Failed: len(rows) - success}
	return result
}

// parseImport splits the body into rows and checks the shape of each.
func parseImport(body []byte) ([]sentRow, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	opening, err := dec.Token()
	if err != nil {
		return nil, errMalformed()
	}
	if opening != json.Delim('[') {
		if !json.Valid(body) {
			return nil, errMalformed()
		}
		return nil, refuse(http.StatusUnprocessableEntity, "The body must be an array of instruments")
	}
	var rows []sentRow
	for dec.More() {
		var row sentRow
		start := dec.InputOffset()
		err := dec.Decode(&row.importRow)
		wrong, isType := typeProblem(err)
		switch {
		case isType:
			row.problems = []problem{wrong}
		case err != nil:
			return nil, errMalformed()
		default:
			row.problems = row.check()
		}
		row.sent = bytes.TrimLeft(body[start:dec.InputOffset()], ", \t\r\n")
		rows = append(rows, row)
	}
	if _, err := dec.Token(); err != nil || !atEnd(dec) {
		return nil, errMalformed()
	}
	if len(rows) == 0 {
		return nil, refuse(http.StatusUnprocessableEntity, "The array of instruments is empty")
	}
	return rows, nil
}

// store imports the rows without problems; a row that it refuses gets its problem.
func (s *Server) store(rows []sentRow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.Duplicates == DuplicatesReject {
		s.refuseDuplicates(rows)
	}
	refused := func(row sentRow) bool { return len(row.problems) > 0 }
	if s.options.Atomic && slices.ContainsFunc(rows, refused) {
		return
	}
	fresh := make([]*record, len(rows))
	for i, row := range rows {
		if refused(row) {
			continue
		}
		fresh[i] = &record{
			token:      newInstrumentToken(),
			customer:   row.CustomerID,
			methodID:   row.PaymentMethodID,
			vaultToken: row.Instrument.VaultToken,
			sent:       row.sent,
		}
		s.vault.add(fresh[i], row.DefaultInstrument)
	}
	for i, rec := range fresh { // only now: a later row may have taken the default from an earlier one
		if rec != nil {
			imported := *rec
			rows[i].imported = &imported
		}
	}
}

// refuseDuplicates is called with s.mu held.
func (s *Server) refuseDuplicates(rows []sentRow) {
	type key struct {
		customer   int64
		vaultToken string
	}
	inBatch := map[key]bool{}
	for i := range rows {
		row := &rows[i]
		if len(row.problems) > 0 {
			continue
		}
		k := key{row.CustomerID, row.Instrument.VaultToken}
		if inBatch[k] || s.vault.holds(k.customer, k.vaultToken) {
			row.problems = []problem{{"instrument.vault_token", "is already stored for this customer"}}
			continue
		}
		inBatch[k] = true
	}
}

// rowResult gives an imported row in the form that the options ask for.
func (s *Server) rowResult(row sentRow) any {
	instrument := row.stored(*row.imported)
	if s.options.Results == ResultsFlat {
		return instrument
	}
	instrument.CustomerID = 0 // stands beside it
	return nestedResult{CustomerID: row.CustomerID, ProviderVaultToken: row.Instrument.VaultToken, Instrument: instrument}
}

func (s *Server) rowError(index int, problems []problem) errorBody {
	refused := refuse(http.StatusUnprocessableEntity, "Invalid field(s)")
	keyed := make(map[string]string, len(problems))
	for _, p := range problems {
		key, message := s.options.ErrorKeys.entry(index, p)
		if earlier, ok := keyed[key]; ok {
			message = earlier + "; " + message
		}
		keyed[key] = message
	}
	return errorBody{Status: refused.status, Title: refused.title, Type: statusPage, Errors: keyed}
}

// entry gives the key and the message of one problem of the row at index.
func (style ErrorKeyStyle) entry(index int, p problem) (key, message string) {
	row := strconv.Itoa(index)
	name := cmp.Or(p.field, "row")
	switch style {
	case ErrorKeysIndex:
		return row, name + " " + p.message
	case ErrorKeysField:
		return name, p.message
	case ErrorKeysBracket:
		row = "[" + row + "]"
	}
	return strings.TrimSuffix(row+"."+p.field, "."), p.message
}
