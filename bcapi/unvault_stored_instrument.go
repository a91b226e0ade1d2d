package bcapi

import (
	"context"
	"fmt"
	"net/http"
)

// unvaultStoredInstrument is not marked repeatable. Where a first attempt got no
// further than the store, a second would be told that nothing is there, which
// says nothing of the gateway.
var unvaultStoredInstrument = route{
	method:   http.MethodDelete,
	template: "/payments/stored-instruments/{token}",
	scopes:   writeInstrumentScopes(),
}

// UnvaultStoredInstrument deletes an instrument from the store and from the
// gateway's vault, for ever (docs/api-facts.md 2.7). One that is not there is a
// *RefusedError of status 404; after an *UnknownError it says that the first
// request was carried out.
func (c *Client) UnvaultStoredInstrument(ctx context.Context, token string) error {
	if err := checkToken(token); err != nil {
		return notSentFor(NotSentInvalid, fmt.Errorf("the token %w", err))
	}
	call, err := newCall(unvaultStoredInstrument, []string{token}, nil, nil)
	if err != nil {
		return err
	}
	got, err := c.do(ctx, call)
	if err != nil {
		return err
	}
	return c.checkDone(call, got)
}
