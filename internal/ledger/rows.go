package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
)

// NewRow is a row as the checks have left it.
type NewRow struct {
	Row        int   // from 1
	Place      int64 // where in its file it begins
	CustomerID int64 // 0 when it is not a valid one
	Type       bcapi.InstrumentType
	Default    bool // it asks to be the customer's default
	Keys       Keys
	Problems   []check.Problem // any refuses it
	Warnings   []check.Problem
}

// AddRows adds checked rows to a job that is being planned: those with problems
// as refused, the others as pending.
func (l *Ledger) AddRows(ctx context.Context, job int64, rows []NewRow) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO rows
			(job, row, place, customer_id, type, state, fingerprint, content, vault, payer, look, is_default, problems, warnings)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for i := range rows {
			row := &rows[i]
			state := Pending
			if len(row.Problems) > 0 {
				state = Refused
			}
			if _, err := insert.ExecContext(ctx, job, row.Row, row.Place, row.CustomerID, string(row.Type), state,
				row.Keys.Fingerprint.blob(), row.Keys.Content.blob(), row.Keys.Vault.blob(), row.Keys.Payer.blob(), row.Keys.Look.bytes(), row.Default,
				problemText(row.Problems), problemText(row.Warnings)); err != nil {
				return err
			}
		}
		return nil
	})
}

// problemText stores problems; they never hold a value of the row.
func problemText(problems []check.Problem) string {
	if len(problems) == 0 {
		return ""
	}
	text, err := json.Marshal(problems)
	if err != nil { // a slice of two strings always marshals
		return fmt.Sprintf(`[{"field":"","message":%q}]`, "a problem that could not be stored")
	}
	return string(text)
}

func problemsFrom(text string) ([]check.Problem, error) {
	if text == "" {
		return nil, nil
	}
	var problems []check.Problem
	err := json.Unmarshal([]byte(text), &problems)
	return problems, err
}
