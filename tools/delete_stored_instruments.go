package tools

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/words"
)

type deleteStoredInstrumentsInput struct {
	CustomerID int64    `json:"customer_id" jsonschema:"minimum=1,maximum=2147483647"`
	Tokens     []string `json:"tokens" jsonschema:"minItems=1,maxItems=100,minLength=64,maxLength=64"`
}

type deleteStoredInstrumentsOutput struct {
	Store      bcapi.Store  `json:"store"`
	CustomerID int64        `json:"customer_id"`
	Deleted    []string     `json:"deleted" jsonschema:"description=Not in the store any more."`
	NotDeleted []notDeleted `json:"not_deleted"`
	NextStep   string       `json:"next_step"`
}

// notDeleted is a token whose instrument is still in the store, as far as is
// known.
type notDeleted struct {
	Token   string `json:"token"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (d Dependencies) deleteStoredInstruments(a adapter) (server.ServerTool, error) {
	gone := newDeletions()
	return define(a, spec{
		name:  "delete_stored_instruments",
		title: "Delete stored instruments",
		description: "Delete instruments of one customer from the store only: they stay in the gateway's vault and can be imported again. " +
			"The person is asked first where the client can; else ask them yourself. Repeating the call does no harm.",
		hints: hints{destructive: true, idempotent: true, openWorld: true},
	}, func(ctx context.Context, in deleteStoredInstrumentsInput) (deleteStoredInstrumentsOutput, error) {
		return d.deleteStored(ctx, gone, in)
	})
}

// deleteStored deletes what is the customer's, as the store lists it now. Any
// token that is not and never was refuses the call, since it may be a stranger's.
func (d Dependencies) deleteStored(ctx context.Context, gone *deletions, in deleteStoredInstrumentsInput) (deleteStoredInstrumentsOutput, error) {
	out := deleteStoredInstrumentsOutput{Store: d.Client.Store(), CustomerID: in.CustomerID, Deleted: []string{}, NotDeleted: []notDeleted{}}
	asked, err := d.sortTokens(ctx, gone, in)
	if err != nil {
		return out, err
	}
	if len(asked.present) > 0 {
		if err := d.confirm(ctx, fmt.Sprintf("delete:%d:%s", in.CustomerID, strings.Join(asked.present, ",")), fmt.Sprintf(
			"Delete %s of customer %d (%s) from the %s? The gateway keeps what the store forgets; the shopper can no longer pay with it in the store.",
			words.Count(len(asked.present), "stored instrument"), in.CustomerID, strings.Join(asked.names, ", "), named(out.Store))); err != nil {
			return out, err
		}
	}
	out.Deleted = append(out.Deleted, asked.gone...)
	if len(asked.present) > 0 {
		gone.add(in.CustomerID, asked.present)
		err = d.deletePresent(ctx, in.CustomerID, asked.present, &out)
	}
	out.NextStep = d.forget(ctx, in.CustomerID, out.Deleted)
	if len(out.NotDeleted) > 0 {
		out.NextStep = strings.TrimSpace(out.NextStep + " See not_deleted. Call again with those tokens once what is said there is dealt with: it does no harm.")
	}
	out.NextStep = cmp.Or(out.NextStep, "Nothing: they are not in the store any more, and can be imported again.")
	return out, err
}

// sortedTokens are the tokens of a call, each once, by what is known of them.
type sortedTokens struct {
	present []string // the customer's, in the store
	names   []string // of what is present, for a person
	gone    []string // the customer's once, and not in the store any more
}

// sortTokens tells what is gone, which is a success, from what may be a
// stranger's, which is an error: this server has set out to delete it before, or
// the ledger has it as imported for the customer, perhaps since whoever deleted
// it was killed before the ledger was told.
func (d Dependencies) sortTokens(ctx context.Context, gone *deletions, in deleteStoredInstrumentsInput) (sortedTokens, error) {
	var sorted sortedTokens
	theirs, err := d.ofCustomer(ctx, in.CustomerID)
	if err != nil {
		return sorted, err
	}
	imported, err := d.Importer.Imported(ctx, in.CustomerID)
	if err != nil {
		return sorted, err
	}
	var strangers []string
	for i, token := range in.Tokens {
		instrument, is := theirs[token]
		switch {
		case slices.Contains(sorted.present, token), slices.Contains(sorted.gone, token):
		case is:
			sorted.present, sorted.names = append(sorted.present, token), append(sorted.names, describe(instrument))
		case imported[token], gone.has(in.CustomerID, token):
			sorted.gone = append(sorted.gone, token)
		default:
			strangers = append(strangers, fmt.Sprintf("/tokens/%d", i))
		}
	}
	if len(strangers) > 0 {
		return sorted, notTheirs(in.CustomerID, strangers...)
	}
	return sorted, nil
}

// deletePresent deletes instruments, and looks what became of those of which no
// answer told. It fails only when nothing is known to be deleted.
func (d Dependencies) deletePresent(ctx context.Context, customerID int64, tokens []string, out *deleteStoredInstrumentsOutput) error {
	result, err := d.Client.DeleteStoredInstruments(ctx, tokens)
	deleted := result.Gone
	for _, r := range result.Refused {
		failure := explainAPI(r.API, r.API)
		out.NotDeleted = append(out.NotDeleted, notDeleted{r.Token, failure.Code, failure.Message + " " + failure.NextStep})
	}
	left := slices.DeleteFunc(slices.Clone(tokens), func(token string) bool {
		return slices.Contains(deleted, token) ||
			slices.ContainsFunc(result.Refused, func(r bcapi.RefusedToken) bool { return r.Token == token })
	})
	var unknown *bcapi.UnknownError
	if errors.As(err, &unknown) {
		if theirs, lookErr := d.ofCustomer(context.WithoutCancel(ctx), customerID); lookErr == nil {
			left = slices.DeleteFunc(left, func(token string) bool {
				_, there := theirs[token]
				if !there {
					deleted = append(deleted, token)
				}
				return !there
			})
		}
	}
	out.Deleted = append(out.Deleted, deleted...)
	if err == nil { // each token is gone or refused
		return nil
	}
	failure := explainDelete(err)
	if len(deleted) == 0 && len(result.Refused) == 0 {
		return failure
	}
	for _, token := range left {
		out.NotDeleted = append(out.NotDeleted, notDeleted{token, failure.Code, failure.Message + " " + failure.NextStep})
	}
	return nil
}
