// Package ledger is the importer's memory: which rows were sent to a store and
// what became of them, across calls, kills and files. It is a SQLite database
// in the state directory, one for each scope (API origin and store hash).
//
// It owns the lock that lets one import run per scope, and every change of a
// row's state. A row is recorded as sent before its request leaves
// (synchronous=FULL), so that after a kill it is known which outcomes are
// unknown.
//
//	state        may become
//	pending      sent
//	sent         imported, refused, pending (proven not taken), unconfirmed
//	unconfirmed  imported (adopted), pending (proven absent), held
//	held         pending (a person says resend), skipped (a person says skip)
//	follower     already (its leader is imported), refused, held, removed: with its leader
//	imported     removed (proven not in the store any more, and by our doing)
//	already      removed: with its leader; pending (Reopen)
//	refused      -
//	skipped      -
//	removed      -
//
// Every other change is an error (*TransitionError), never silently made.
//
// Sent, unconfirmed, held, skipped and imported rows hold a claim on their
// fingerprint: no other row with that fingerprint is sent. It is the state that
// holds it, and the ownership of a vault token with it: a removed row releases
// both, so that its instrument can be imported anew, for whichever customer.
//
// An already row of another job stays so when the row that brought its
// instrument is removed: that is how it was. Only a job that goes on sends it
// (Reopen).
//
// Nothing in it can be read as a shopper's data: vault tokens, numbers, names,
// addresses and e-mails are kept only as HMACs, with a key that lies beside it.
package ledger

import (
	"fmt"
	"slices"
)

// State is where a row of a job stands.
type State uint8

// The states; their numbers are stored.
const (
	Pending     State = 1  // to be sent
	Sent        State = 2  // recorded as on its way
	Imported    State = 3  // the store has it, with its token
	Refused     State = 4  // by the checks or by the API
	Already     State = 5  // another row has brought it into the store
	Unconfirmed State = 6  // sent, outcome unknown, being looked up
	Held        State = 7  // outcome cannot be told: a person has to say
	Skipped     State = 8  // held, and a person said to leave it out
	Follower    State = 9  // repeats an earlier row of its job and shares its outcome
	Removed     State = 10 // was imported, and we have deleted it from the store again
)

// String names the state.
func (s State) String() string {
	switch s {
	case Pending:
		return "pending"
	case Sent:
		return "sent"
	case Imported:
		return "imported"
	case Refused:
		return "refused"
	case Already:
		return "already"
	case Unconfirmed:
		return "unconfirmed"
	case Held:
		return "held"
	case Skipped:
		return "skipped"
	case Follower:
		return "follower"
	case Removed:
		return "removed"
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// mayBecome is the table above, less what becomes of already rows: only
// SettleFollowers and Reopen change those.
func (s State) mayBecome(next State) bool { return slices.Contains(s.nexts(), next) }

func (s State) nexts() []State {
	switch s {
	case Pending:
		return []State{Sent}
	case Sent:
		return []State{Imported, Refused, Pending, Unconfirmed}
	case Unconfirmed:
		return []State{Imported, Pending, Held}
	case Held:
		return []State{Pending, Skipped}
	case Follower:
		return []State{Already, Refused, Held, Removed}
	case Imported:
		return []State{Removed}
	}
	return nil
}

// TransitionError is an attempt to change a row in a way that its state does
// not allow: a mistake in this program.
type TransitionError struct {
	Job      int64
	Row      int
	From, To State
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("ledger: row %d of job %d cannot go from %s to %s", e.Row, e.Job, e.From, e.To)
}
