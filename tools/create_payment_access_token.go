package tools

import (
	"context"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
)

type createPaymentAccessTokenInput struct {
	OrderID     int64 `json:"order_id" jsonschema:"minimum=1,maximum=2147483647,description=The order to be paid. Its status must be Incomplete."`
	IsRecurring bool  `json:"is_recurring,omitempty" jsonschema:"default=false,description=True for a renewal charged without the shopper present\\, such as a subscription."`
}

type createPaymentAccessTokenOutput struct {
	Store       bcapi.Store `json:"store"`
	Token       string      `json:"token" jsonschema:"description=A secret. Hand it to the program that pays; do not repeat it elsewhere."`
	OrderID     int64       `json:"order_id"`
	IsRecurring bool        `json:"is_recurring"`
	ExpiresAt   *string     `json:"expires_at" jsonschema:"nullable,description=RFC 3339\\, UTC; null when the token does not say."`
	Usage       string      `json:"usage" jsonschema:"description=Where and how the token is spent."`
}

// usage says how the token is spent (docs/api-facts.md 1.2, 3.1).
func usage(store bcapi.Store) string {
	if store.Mode == bcapi.ModeSandbox {
		return "Nowhere: a sandbox store has no payments host. On a live store: once, within the hour, as the header `Authorization: PAT <token>` (not Bearer) of POST /payments on the payments host."
	}
	return "Once, within the hour, as the header `Authorization: PAT <token>` (not Bearer) of POST https://payments.bigcommerce.com/stores/" +
		store.Hash + "/payments. The amount comes from the order."
}

func (d Dependencies) createPaymentAccessToken(a adapter) (server.ServerTool, error) {
	return define(a, spec{
		name:  "create_payment_access_token",
		title: "Create payment access token",
		description: "Mint the secret token with which a program charges one Incomplete order: good for that order only, once, for one hour. " +
			"It charges nothing by itself. If the answer is lost, call again: an unused token simply expires.",
		hints: hints{openWorld: true},
	}, func(ctx context.Context, in createPaymentAccessTokenInput) (createPaymentAccessTokenOutput, error) {
		return createPaymentAccessToken(ctx, d.Client, in)
	})
}

func createPaymentAccessToken(ctx context.Context, client *bcapi.Client, in createPaymentAccessTokenInput) (createPaymentAccessTokenOutput, error) {
	pat, err := client.CreatePaymentAccessToken(ctx, bcapi.PaymentAccessTokenRequest{
		Order: bcapi.PaymentAccessTokenOrder{ID: in.OrderID, IsRecurring: in.IsRecurring},
	})
	if err != nil {
		return createPaymentAccessTokenOutput{}, harmless(err, "Call again: a second token does no harm, and the lost one expires unused within the hour.")
	}
	out := createPaymentAccessTokenOutput{
		Store: client.Store(), Token: pat.Token.Reveal(), OrderID: in.OrderID, IsRecurring: in.IsRecurring, Usage: usage(client.Store()),
	}
	if claims, ok := pat.Claims(); ok && !claims.ExpiresAt.IsZero() {
		expires := claims.ExpiresAt.UTC().Format(time.RFC3339)
		out.ExpiresAt = &expires
	}
	return out, nil
}
