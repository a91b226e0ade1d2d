package tools

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
)

type unvaultStoredInstrumentInput struct {
	CustomerID int64  `json:"customer_id" jsonschema:"minimum=1,maximum=2147483647"`
	Token      string `json:"token" jsonschema:"minLength=64,maxLength=64"`
}

type unvaultStoredInstrumentOutput struct {
	Store      bcapi.Store `json:"store"`
	CustomerID int64       `json:"customer_id"`
	Unvaulted  string      `json:"unvaulted" jsonschema:"description=The token."`
	NextStep   string      `json:"next_step"`
}

func (d Dependencies) unvaultStoredInstrument(a adapter) (server.ServerTool, error) {
	gone := newDeletions()
	return define(a, spec{
		name:  "unvault_stored_instrument",
		title: "Unvault stored instrument",
		description: "Delete one instrument of a customer from the store AND from the gateway's vault, for ever: it cannot be undone, and the shopper must enter it anew. " +
			"To take back an import use undo_import_job or delete_stored_instruments instead. The person is asked first where the client can; else ask them yourself.",
		hints: hints{destructive: true, idempotent: true, openWorld: true},
	}, func(ctx context.Context, in unvaultStoredInstrumentInput) (unvaultStoredInstrumentOutput, error) {
		return d.unvault(ctx, gone, in)
	})
}

func (d Dependencies) unvault(ctx context.Context, gone *deletions, in unvaultStoredInstrumentInput) (unvaultStoredInstrumentOutput, error) {
	out := unvaultStoredInstrumentOutput{Store: d.Client.Store(), CustomerID: in.CustomerID, Unvaulted: in.Token}
	instrument, err := d.oneOfCustomer(ctx, in.CustomerID, in.Token)
	if err != nil {
		if gone.has(in.CustomerID, in.Token) {
			out.NextStep = "Nothing: it was unvaulted before."
			return out, nil
		}
		return out, err
	}
	if err := d.confirm(ctx, fmt.Sprintf("unvault:%d:%s", in.CustomerID, in.Token), fmt.Sprintf(
		"Delete the %s of customer %d from the %s AND from the gateway's vault, for ever? This cannot be undone.",
		describe(instrument), in.CustomerID, named(out.Store))); err != nil {
		return out, err
	}
	if err := d.Client.UnvaultStoredInstrument(ctx, in.Token); err != nil {
		if err := d.unvaulted(ctx, in, err); err != nil {
			return out, err
		}
	}
	gone.add(in.CustomerID, []string{in.Token})
	out.NextStep = cmp.Or(d.forget(ctx, in.CustomerID, []string{in.Token}), "Nothing: the store and the gateway no longer have it.")
	return out, nil
}

// unvaulted tells whether an instrument is gone although its request failed;
// nil when it is.
func (d Dependencies) unvaulted(ctx context.Context, in unvaultStoredInstrumentInput, err error) error {
	var unknown *bcapi.UnknownError
	if !errors.As(err, &unknown) {
		return err
	}
	theirs, lookErr := d.ofCustomer(context.WithoutCancel(ctx), in.CustomerID)
	failure := explainUnknown(unknown)
	failure.NextStep = "Call list_stored_instruments with the customer_id: when the instrument is no longer there, it was deleted. The gateway's own pages tell whether its vault still has it."
	if lookErr != nil {
		return failure
	}
	if _, there := theirs[in.Token]; there {
		failure.Message += " The store still has it for now."
		return failure
	}
	return nil
}
