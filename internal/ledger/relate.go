package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"bigcommerce-payments-mcp/internal/check"
)

// Relate settles what the rows of a job that is being planned say of each other
// and of the ledger: rows that would hand one customer's instrument to another
// are refused, repeats follow their first, and what the store has already is
// told so.
func (l *Ledger) Relate(ctx context.Context, job int64, shared check.SharedProviderCustomers) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		r := relation{ctx: ctx, tx: tx, job: job}
		for _, k := range ownedKeys(shared) {
			if err := r.refuseSharedInJob(k); err != nil {
				return err
			}
		}
		if err := r.followRepeats(); err != nil {
			return err
		}
		if err := r.withLedger(shared); err != nil {
			return err
		}
		return r.warnOfLookalikes()
	})
}

// RelateAgain brings a plan up to what the ledger has learned since: call it
// before a job is started or gone on with.
func (l *Ledger) RelateAgain(ctx context.Context, job int64, shared check.SharedProviderCustomers) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		r := relation{ctx: ctx, tx: tx, job: job}
		return r.withLedger(shared)
	})
}

// ownedKey is a column of rows that belongs to one customer, and its field.
type ownedKey struct{ column, field string }

func ownedKeys(shared check.SharedProviderCustomers) []ownedKey {
	keys := []ownedKey{{"vault", "instrument.vault_token"}}
	if !shared {
		keys = append(keys, ownedKey{"payer", "instrument.provider_customer_id"})
	}
	return keys
}

type relation struct {
	ctx context.Context
	tx  *sql.Tx
	job int64
}

// keyedRow is a row with the key that groups it.
type keyedRow struct {
	key        string
	row        int
	customerID int64
	content    string
}

// groups runs a query for keyed rows, ordered by key and row, and hands each
// group to f.
func (r relation) groups(f func([]keyedRow) error, query string, args ...any) error {
	// Only rows that share a key: few, unless the file is one mistake.
	all, err := collect(r.ctx, r.tx, func(found *sql.Rows) (k keyedRow, err error) {
		err = found.Scan(&k.key, &k.row, &k.customerID, &k.content)
		return k, err
	}, query, args...)
	if err != nil {
		return err
	}
	for start := 0; start < len(all); {
		end := start + 1
		for end < len(all) && all[end].key == all[start].key {
			end++
		}
		if err := f(all[start:end]); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// refuseSharedInJob refuses every row whose key is also given for another
// customer, refused ones too: they show a wrong mapping all the same.
func (r relation) refuseSharedInJob(k ownedKey) error {
	query := fmt.Sprintf(`SELECT %[1]s, row, customer_id, '' FROM rows
		WHERE job = ?1 AND customer_id > 0 AND %[1]s IN (
			SELECT %[1]s FROM rows WHERE job = ?1 AND customer_id > 0 AND length(%[1]s) > 0
			GROUP BY %[1]s HAVING min(customer_id) <> max(customer_id))
		ORDER BY 1, 2`, k.column)
	return r.groups(func(group []keyedRow) error {
		first := group[0]
		second := first // the first row of another customer
		for _, row := range group {
			if row.customerID != first.customerID {
				second = row
				break
			}
		}
		for _, row := range group {
			other := first.row
			if row.customerID == first.customerID {
				other = second.row
			}
			if err := r.refuse(row.row, k.field, fmt.Sprintf("is also given for another customer, in row %d: check which customer it belongs to", other)); err != nil {
				return err
			}
		}
		return nil
	}, query, r.job)
}

// followRepeats makes sendable rows with an earlier one's fingerprint follow it
// when all their values are the same, and refuses them otherwise.
func (r relation) followRepeats() error {
	return r.groups(func(group []keyedRow) error {
		leader := group[0]
		for _, row := range group[1:] {
			if row.content != leader.content {
				if err := r.refuse(row.row, "instrument.vault_token", fmt.Sprintf("conflicts with row %d, which has the same payment method, customer and vault token but other values", leader.row)); err != nil {
					return err
				}
				continue
			}
			if _, err := r.tx.ExecContext(r.ctx, `UPDATE rows SET state = ?, leader = ? WHERE job = ? AND row = ?`,
				Follower, leader.row, r.job, row.row); err != nil {
				return err
			}
		}
		return nil
	}, `SELECT fingerprint, row, customer_id, content FROM rows
		WHERE job = ?1 AND state = ?2 AND fingerprint IN (
			SELECT fingerprint FROM rows WHERE job = ?1 AND state = ?2 GROUP BY fingerprint HAVING count(*) > 1)
		ORDER BY 1, 2`, r.job, Pending)
}

// blocking are the states whose rows hold their claim.
const blocking = "(2, 3, 6, 7, 8)" // sent, imported, unconfirmed, held, skipped

// withLedger holds the pending rows against what other rows have brought.
func (r relation) withLedger(shared check.SharedProviderCustomers) error {
	for _, k := range ownedKeys(shared) {
		query := fmt.Sprintf(`SELECT DISTINCT '', mine.row, 0, '' FROM rows mine
			JOIN owners ON owners.mac = mine.%s AND owners.customer_id <> mine.customer_id
			JOIN rows other ON other.job = owners.job AND other.row = owners.row
			WHERE mine.job = ? AND mine.state = ? AND length(mine.%s) > 0 AND other.state IN %s`, k.column, k.column, blocking)
		if err := r.groups(r.refuseAll(k.field, "was imported for another customer before: check which customer it belongs to"),
			query, r.job, Pending); err != nil {
			return err
		}
	}
	const waiting = `SELECT '', mine.row, 0, '' FROM rows mine
		JOIN claims ON claims.fingerprint = mine.fingerprint
		JOIN rows other ON other.job = claims.job AND other.row = claims.row
		WHERE mine.job = ? AND mine.state = ? AND other.state = ?`
	for state, message := range map[State]string{Held: HeldMessage, Skipped: SkippedMessage} {
		if err := r.groups(r.refuseAll(vaultField, message), waiting, r.job, Pending, state); err != nil {
			return err
		}
	}
	if err := r.warnOfRemoved(); err != nil {
		return err
	}
	return r.markAlready()
}

// RemovedWarning is the warning of a row that is about to bring back what a
// person has had deleted.
const RemovedWarning = "was imported before and then deleted from the store again: this import brings it back"

// addWarning adds the one warning in the list ?1 to those of a row.
const addWarning = `UPDATE rows SET warnings =
	CASE rows.warnings WHEN '' THEN ?1 ELSE json_insert(rows.warnings, '$[#]', json_extract(?1, '$[0]')) END `

func (r relation) warnOfRemoved() error {
	warning := problemText([]check.Problem{{Message: RemovedWarning}})
	_, err := r.tx.ExecContext(r.ctx, addWarning+`FROM claims JOIN rows AS other ON other.job = claims.job AND other.row = claims.row
		WHERE rows.job = ?2 AND rows.state = ?3 AND claims.fingerprint = rows.fingerprint AND other.state = ?4
			AND instr(rows.warnings, ?5) = 0`,
		warning, r.job, Pending, Removed, RemovedWarning)
	return err
}

// LookalikeWarning is the warning of a row that cannot be told from another one of
// its customer by what the store shows.
const LookalikeWarning = "looks the same as another row of this customer: perhaps one card under two vault tokens, and then it will be shown twice"

func (r relation) warnOfLookalikes() error {
	warning := problemText([]check.Problem{{Field: vaultField, Message: LookalikeWarning}})
	_, err := r.tx.ExecContext(r.ctx, addWarning+`WHERE job = ?2 AND state = ?3 AND (customer_id, type, look) IN (
			SELECT customer_id, type, look FROM rows WHERE job = ?2 AND state IN (?3, ?4) AND leader = 0 AND look <> zeroblob(length(look))
			GROUP BY customer_id, type, look HAVING count(*) > 1)`,
		warning, r.job, Pending, Already)
	return err
}

// HeldMessage refuses a row that an earlier import has left to a person.
const HeldMessage = "was sent by an earlier import, and its outcome could not be told: look it up in the store, then call again with unconfirmed set to resend or skip"

// SkippedMessage refuses a row that a person has left out.
const SkippedMessage = "was sent by an earlier import, its outcome could not be told, and a person said to leave it out"

const vaultField = "instrument.vault_token"

func waitingProblem(message string) string {
	return problemText([]check.Problem{{Field: vaultField, Message: message}})
}

// ChangedWarning is the warning of a row that is in the store with other
// values.
const ChangedWarning = "is already imported with other values, which stay as they are"

// markAlready is one statement: a file that is imported again would otherwise
// be held in memory row by row.
func (r relation) markAlready() error {
	changed := problemText([]check.Problem{{Field: "instrument.vault_token", Message: ChangedWarning}})
	_, err := r.tx.ExecContext(r.ctx, `UPDATE rows SET state = ?1, token = other.token,
			warnings = CASE WHEN other.content = rows.content THEN rows.warnings ELSE ?2 END
		FROM claims JOIN rows AS other ON other.job = claims.job AND other.row = claims.row
		WHERE rows.job = ?3 AND rows.state = ?4 AND claims.fingerprint = rows.fingerprint AND other.state = ?5`,
		Already, changed, r.job, Pending, Imported)
	return err
}

func (r relation) refuseAll(field, message string) func([]keyedRow) error {
	return func(group []keyedRow) error {
		for _, row := range group {
			if err := r.refuse(row.row, field, message); err != nil {
				return err
			}
		}
		return nil
	}
}

// refuse adds a problem to a row of a job that has not sent it.
func (r relation) refuse(row int, field, message string) error {
	var text string
	if err := r.tx.QueryRowContext(r.ctx, `SELECT problems FROM rows WHERE job = ? AND row = ?`, r.job, row).Scan(&text); err != nil {
		return err
	}
	problems, err := problemsFrom(text)
	if err != nil {
		return err
	}
	_, err = r.tx.ExecContext(r.ctx, `UPDATE rows SET state = ?, problems = ? WHERE job = ? AND row = ?`,
		Refused, problemText(append(problems, check.Problem{Field: field, Message: message})), r.job, row)
	return err
}
