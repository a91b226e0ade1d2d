package reconcile

import "bigcommerce-payments-mcp/bcapi"

const (
	// EnoughAbsences is how many lookups have to miss a row before it is sent
	// again.
	EnoughAbsences = 2
	// MaxAttempts is how often a row is sent in all.
	MaxAttempts = 3
)

// Facts are what one lookup of a customer's instruments shows of a row whose
// outcome is unknown.
type Facts struct {
	// Snapshot is true when the customer's instruments were recorded before the
	// row was sent.
	Snapshot bool
	// Matching are the tokens of new instruments that can be the row's own.
	Matching []string
	// Unexplained is true when there is a new instrument of the row's type that
	// cannot be the row's own.
	Unexplained bool
	// Blocked is true when another row of the customer waits for a person: a
	// matching instrument may be that one's.
	Blocked bool
	// Absences is how many lookups have missed the row, this one included if it
	// does; Attempts is how often the row was sent.
	Absences, Attempts int
}

// Compare holds a customer's instruments against a row. known are the tokens
// that are explained: those of the snapshot and those that other rows brought.
// matches tells whether an instrument can be the row's own.
func Compare(instruments []bcapi.StoredInstrument, rowType bcapi.InstrumentType, known map[string]bool, matches func(bcapi.StoredInstrument) bool) (matching []string, unexplained bool) {
	for _, in := range instruments {
		switch {
		case known[in.Token]:
		case matches(in):
			matching = append(matching, in.Token)
		case in.Type == rowType:
			unexplained = true
		}
	}
	return matching, unexplained
}

// Action is what is done with a row after a lookup.
type Action int

// The actions.
const (
	LookAgain Action = iota // it was missed, and has to be missed again
	Resend                  // it is proven absent
	Adopt                   // the store has it
	Review                  // a person has to tell
)

// Verdict is what a lookup proves.
type Verdict struct {
	Action Action
	Token  string // to Adopt
	Reason string // to Review: why it cannot be told
}

// DecideLookup tells what a lookup proves of a row, and no more. A shopper often
// holds the same card from an older gateway, so only an instrument that was not
// there before the row was sent can be its own.
func DecideLookup(f Facts) Verdict {
	switch {
	case !f.Snapshot:
		return review("the store was not looked at before this row was sent, so what it holds proves nothing")
	case f.Blocked && len(f.Matching) > 0:
		return review("the store holds an instrument like it, which may be that of another unconfirmed row of the customer")
	case len(f.Matching) == 1:
		return Verdict{Action: Adopt, Token: f.Matching[0]}
	case len(f.Matching) > 1:
		return review("the store holds more than one new instrument like it")
	case f.Unexplained:
		return review("the store holds a new instrument of the customer that nothing explains")
	case f.Absences < EnoughAbsences:
		return Verdict{Action: LookAgain}
	case f.Attempts >= MaxAttempts:
		return review("it was sent three times and did not show up")
	}
	return Verdict{Action: Resend}
}

func review(reason string) Verdict { return Verdict{Action: Review, Reason: reason} }
