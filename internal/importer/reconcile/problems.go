package reconcile

import (
	"slices"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/cardguard"
	"bigcommerce-payments-mcp/internal/check"
)

// apiSays begins a problem that the API told.
const apiSays = "the API says: "

// maxProblems bounds what is kept of the API's words about one row, as bcapi
// bounds them where a response goes row by row.
const maxProblems = 10

// refusalProblems are the words of a refusal, as problems of a row.
func refusalProblems(e *bcapi.Error) []check.Problem {
	if len(e.Fields) == 0 {
		message := apiSays + e.Title
		if e.Detail != "" {
			message += ": " + e.Detail
		}
		return []check.Problem{{Message: cardguard.Redact(message)}} // what is put together may add up to a card number
	}
	problems := make([]check.Problem, min(len(e.Fields), maxProblems))
	for i, f := range e.Fields[:len(problems)] {
		problems[i] = check.Problem{Field: f.Field, Message: apiSays + f.Message}
	}
	return problems
}

// commonReason gives the problems of refused rows if all rows of a batch were
// refused for the same, and nil otherwise.
func commonReason(rows int, refused map[int][]check.Problem) []check.Problem {
	if len(refused) < rows {
		return nil
	}
	for _, problems := range refused {
		if !slices.Equal(problems, refused[0]) {
			return nil
		}
	}
	return refused[0]
}
