package tools

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// gateway says what the two identifiers of a row are at one gateway
// (docs/api-facts.md 10).
type gateway struct {
	prefixes           []string // of its payment_method_ids
	vaultToken         string
	providerCustomerID string
	watch              string
}

func gateways() []gateway {
	return []gateway{
		{[]string{"braintree"}, "the payment method token (short, such as 5292sx35)", "the Braintree customer id",
			"The store must be connected to the same Braintree merchant, in the same environment: tokens cannot be moved to another."},
		{[]string{"stripe"}, "the payment method or card id (pm_... or card_...)", "the customer id (cus_...)",
			"The store must be connected to the same Stripe account. After a PAN import use the new ids of Stripe's mapping file."},
		{[]string{"authorizenet", "authorize.net"}, "the customer payment profile id", "the customer profile id", "Customer Information Manager must be on."},
		{[]string{"cybersource"}, "the payment instrument or subscription token", "the customer token id", "The token management service must be on."},
		{[]string{"adyen"}, "the storedPaymentMethodId (recurringDetailReference)", "the shopperReference", "The store must use the same merchant account."},
		{[]string{"paypal"}, "the token of the vaulted account", "PayPal's id of the customer", "A PayPal account needs its e-mail address."},
	}
}

// identifiers tells what the identifiers are at a gateway, as its name or a
// payment_method_id gives it.
func identifiers(name string) string {
	name = strings.ToLower(name)
	for _, g := range gateways() {
		for _, prefix := range g.prefixes {
			if strings.HasPrefix(name, prefix) {
				return fmt.Sprintf("At %s instrument.vault_token is %s and instrument.provider_customer_id is %s. %s", name, g.vaultToken, g.providerCustomerID, g.watch)
			}
		}
	}
	return "instrument.vault_token is the gateway's token for the instrument and instrument.provider_customer_id its id of the customer: ask me where the gateway's export has them."
}

func migratePrompt() server.ServerPrompt {
	return server.ServerPrompt{
		Prompt: mcp.NewPrompt("migrate_vaulted_instruments",
			mcp.WithPromptDescription("Move instruments that a gateway has vaulted into the store: a pilot first, then the whole file."),
			mcp.WithArgument("gateway", mcp.ArgumentDescription("Such as braintree or stripe."), mcp.RequiredArgument()),
			mcp.WithArgument("file", mcp.ArgumentDescription("Below the import folder, such as vault.csv."), mcp.RequiredArgument()),
			mcp.WithArgument("currency", mcp.ArgumentDescription("ISO 4217, such as USD."), mcp.RequiredArgument()),
		),
		Handler: func(_ context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			argument := func(name, otherwise string) string {
				return cmp.Or(plain(request.Params.Arguments[name]), otherwise)
			}
			text := migration(argument("gateway", "the gateway"), argument("file", "the file"), argument("currency", "the currency"))
			return mcp.NewGetPromptResult("A migration, pilot first", []mcp.PromptMessage{
				mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(text)),
			}), nil
		},
	}
}

// maxArgument is more than a name takes.
const maxArgument = 200

// plain gives an argument of a prompt as one short line without card numbers.
func plain(argument string) string {
	line := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, cardguard.Redact(strings.ToValidUTF8(argument, "")))
	if runes := []rune(line); len(runes) > maxArgument {
		line = string(runes[:maxArgument])
	}
	return strings.TrimSpace(line)
}

func migration(gateway, file, currency string) string {
	return fmt.Sprintf(`Migrate the instruments in %[2]s, vaulted at %[1]s, into the store, together with me. Go step by step, tell me the store and its mode before the first change, and stop where a step fails. Never ask me for card numbers.

1. Methods. Call list_import_payment_methods with currency_code %[3]s and pick the payment_method_ids of %[1]s. If there is none, stop: the gateway has to be enabled for that currency first. Ids that end in .card are for paying and usually wrong here.
2. Mapping. %[4]s Ask me which system the customer_id column comes from: a wrong one gives a shopper a stranger's card.
3. Pilot plan. Call bulk_import_instruments with file, limit 50, verify_customers true, and columns or defaults for what the file names otherwise or lacks (such as payment_method_id and currency_code). Nothing is sent. Show me counts, failure_summary and warnings; mend columns and defaults until the plan is right.
4. Pilot. When I agree, call it with the plan_id.
5. Check. Call get_import_job with verify true, and list_stored_instruments for one of its customers: last_4, expiry and owner must be right.
6. Charge. The import does not ask the gateway, so a wrong token shows only now. Ask me for an Incomplete test order of a pilot customer, call list_payment_methods with its order_id (the imported instrument must be listed) and create_payment_access_token, and let me pay with it. If the charge is refused, take the pilot back with undo_import_job (offered when the server runs with --allow-deletes) and return to step 2.
7. Whole file. Call bulk_import_instruments with the same arguments without limit, show me the plan, and when I agree call it with the plan_id; get_import_job waits for the end. It may be stopped and gone on with at any time; nothing is sent twice.
8. End. Call get_import_job with verify true. Tell me the counts, what failed and why, and report_file. Unconfirmed rows are for me to look up in the store. Cards of European shoppers may need a first payment with the shopper present.`,
		gateway, file, currency, identifiers(gateway))
}
