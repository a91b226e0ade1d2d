package tools

import (
	"context"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/schemas"
)

type listStoredInstrumentsInput struct {
	CustomerID int64  `json:"customer_id,omitempty" jsonschema:"minimum=1,maximum=2147483647,description=Only this customer's."`
	Limit      int    `json:"limit,omitempty" jsonschema:"minimum=1,maximum=100,default=20"`
	Cursor     string `json:"cursor,omitempty" jsonschema:"description=next_cursor of the last answer."`
}

type listStoredInstrumentsOutput struct {
	Store       bcapi.Store        `json:"store"`
	Instruments []storedInstrument `json:"instruments" jsonschema:"description={customer_id\\, token\\, type\\, is_default\\, brand\\, last_4\\, iin\\, expiry_month\\, expiry_year\\, email\\, issuer\\, masked_account_number}"`
	Total       *int               `json:"total,omitempty"` // in the whole list
	NextCursor  string             `json:"next_cursor,omitempty"`
}

// position is where a list goes on: the store's own list by the API's cursor,
// and within what one request answers by how many were told already.
type position struct {
	CustomerID int64  `json:"c,omitempty"`
	After      string `json:"a,omitempty"`
	Told       int    `json:"t,omitempty"`
	Before     int    `json:"b,omitempty"` // instruments of the pages before
}

// opens reads a cursor of a customer's list, or of the store's.
func (p *position) opens(cursors sealer, cursor string, customerID int64) bool {
	return cursors.open(cursor, p) && p.CustomerID == customerID && p.Told >= 0 && p.Before >= 0
}

// endsWith reports whether a page is the last although the API says how to go
// on: it is shorter than asked, and completes the total.
func (p position) endsWith(read bcapi.StoredInstruments, limit int) bool {
	return len(read.Instruments) < limit && read.Total != nil && p.Before+len(read.Instruments) >= *read.Total
}

const defaultPage = 20

func (d Dependencies) listStoredInstruments(a adapter) (server.ServerTool, error) {
	store := d.Client.Store()
	cursors := namedSealer("list_stored_instruments of " + d.Client.Origin() + " " + store.Hash) // outlives the process
	return define(a, spec{
		name:        "list_stored_instruments",
		title:       "List stored instruments",
		description: "List the instruments (cards, PayPal and bank accounts) that the store holds for its customers, or for one of them.",
		hints:       hints{readOnly: true, idempotent: true, openWorld: true},
	}, func(ctx context.Context, in listStoredInstrumentsInput) (listStoredInstrumentsOutput, error) {
		var from position
		if in.Cursor == "" {
			from.CustomerID = in.CustomerID
		} else if !from.opens(cursors, in.Cursor, in.CustomerID) {
			return listStoredInstrumentsOutput{}, invalidArguments([]schemas.Violation{{
				Pointer: "/cursor", Problem: "is not a next_cursor of this list: begin again without it",
			}}, 0)
		}
		limit := in.Limit
		if limit == 0 {
			limit = defaultPage
		}
		read, err := d.readInstruments(ctx, from, limit)
		if err != nil {
			return listStoredInstrumentsOutput{}, err
		}
		out := listStoredInstrumentsOutput{Store: d.Client.Store(), Total: read.Total, Instruments: []storedInstrument{}}
		rest := read.Instruments[min(from.Told, len(read.Instruments)):]
		for _, instrument := range rest[:min(limit, len(rest))] {
			out.Instruments = append(out.Instruments, newStoredInstrument(instrument.CustomerID, instrument.StoredInstrument))
		}
		switch {
		case len(rest) > limit:
			from.Told += limit
			out.NextCursor = cursors.seal(from)
		case read.Next != "" && !from.endsWith(read, limit):
			out.NextCursor = cursors.seal(position{CustomerID: in.CustomerID, After: read.Next, Before: from.Before + len(read.Instruments)})
		}
		return out, nil
	})
}

// readInstruments makes the one request that a position lies in. What a customer
// has comes whole; the store's list in pages, which the API may make longer or
// shorter than asked.
func (d Dependencies) readInstruments(ctx context.Context, from position, limit int) (bcapi.StoredInstruments, error) {
	if from.CustomerID == 0 {
		return d.Client.ListStoredInstruments(ctx, bcapi.StoredInstrumentsPage{After: from.After, Limit: limit})
	}
	all, err := d.Client.CustomerInstruments(ctx, from.CustomerID)
	if err != nil {
		return bcapi.StoredInstruments{}, err
	}
	total := len(all)
	read := bcapi.StoredInstruments{Total: &total, Instruments: make([]bcapi.CustomerInstrument, total)}
	for i, instrument := range all {
		read.Instruments[i] = bcapi.CustomerInstrument{CustomerID: from.CustomerID, StoredInstrument: instrument}
	}
	return read, nil
}
