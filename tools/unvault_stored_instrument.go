package tools

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
	theirs, err := d.ofCustomer(ctx, in.CustomerID)
	if err != nil {
		return out, err
	}
	instrument, is := theirs[in.Token]
	switch {
	case !is && gone.has(in.CustomerID, in.Token):
		out.NextStep = strings.TrimSpace(d.forget(ctx, in.CustomerID, []string{in.Token}) +
			" Nothing more can be done here: the store no longer has it. What an earlier call said of the gateway holds.")
		return out, nil
	case !is:
		return out, notTheirs(in.CustomerID, "/token")
	}
	if err := d.confirm(ctx, fmt.Sprintf("unvault:%d:%s", in.CustomerID, in.Token), fmt.Sprintf(
		"Delete the %s of customer %d from the %s AND from the gateway's vault, for ever? This cannot be undone.",
		describe(instrument), in.CustomerID, named(out.Store))); err != nil {
		return out, err
	}
	gone.add(in.CustomerID, []string{in.Token})
	done := "Nothing: the store and the gateway no longer have it."
	if err := d.Client.UnvaultStoredInstrument(ctx, in.Token); err != nil {
		if err := d.unvaulted(ctx, in, err); err != nil {
			return out, err
		}
		done = "The store no longer has it. No answer came that tells of the gateway: ask your person to look in the gateway's own pages whether its vault still has it, and to delete it there if so."
	}
	out.NextStep = strings.TrimSpace(d.forget(ctx, in.CustomerID, []string{in.Token}) + " " + done)
	return out, nil
}

// unvaulted tells whether an instrument is gone from the store although no answer
// says so; nil when it is. Of the gateway that proves nothing.
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
