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

// deleteStored deletes what is the customer's. That they are gone already is a
// success only where this server has seen to it: any other token that is not
// theirs refuses the call, since it may be a stranger's.
func (d Dependencies) deleteStored(ctx context.Context, gone *deletions, in deleteStoredInstrumentsInput) (deleteStoredInstrumentsOutput, error) {
	out := deleteStoredInstrumentsOutput{Store: d.Client.Store(), CustomerID: in.CustomerID, Deleted: []string{}, NotDeleted: []notDeleted{}}
	theirs, err := d.ofCustomer(ctx, in.CustomerID)
	if err != nil {
		return out, err
	}
	var present, names, strangers []string
	for i, token := range in.Tokens {
		instrument, is := theirs[token]
		switch {
		case is && slices.Contains(present, token):
		case is:
			present, names = append(present, token), append(names, describe(instrument))
		case gone.has(in.CustomerID, token):
			out.Deleted = append(out.Deleted, token)
		default:
			strangers = append(strangers, fmt.Sprintf("/tokens/%d", i))
		}
	}
	if len(strangers) > 0 {
		return out, notTheirs(in.CustomerID, strangers...)
	}
	if len(present) > 0 {
		if err := d.confirm(ctx, fmt.Sprintf("delete:%d:%s", in.CustomerID, strings.Join(present, ",")), fmt.Sprintf(
			"Delete %d stored instruments of customer %d (%s) from the %s? The gateway keeps them; the shopper can no longer pay with them in the store.",
			len(present), in.CustomerID, strings.Join(names, ", "), named(out.Store))); err != nil {
			return out, err
		}
		if err := d.deletePresent(ctx, in.CustomerID, present, &out); err != nil {
			return out, err
		}
		gone.add(in.CustomerID, out.Deleted)
	}
	if len(out.NotDeleted) > 0 {
		out.NextStep = "See not_deleted. Call again with those tokens once what is said there is dealt with: it does no harm."
	}
	out.NextStep = cmp.Or(out.NextStep, "Nothing: they are not in the store any more, and can be imported again.")
	return out, nil
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
	out.NextStep = d.forget(ctx, customerID, deleted)
	if err != nil && len(deleted) == 0 && len(result.Refused) == 0 {
		return err
	}
	for _, token := range left {
		failure := explain(cmp.Or(err, errUntold))
		out.NotDeleted = append(out.NotDeleted, notDeleted{token, failure.Code, failure.Message + " " + failure.NextStep})
	}
	out.Deleted = append(out.Deleted, deleted...)
	return nil
}

// errUntold is for a token that an answer of success says nothing about.
var errUntold = errors.New("the API's answer says nothing of it")
