package bcapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"bigcommerce-payments-mcp/bcapi"
)

// An import's outcome is one of three: the API has answered, nothing was sent, or
// it is unknown. Only the middle one may be tried again as it is.
func ExampleClient_ImportInstruments() {
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":[{"customer_id":7,"provider_vault_token":"5292sx35","instrument":{"token":"t1","type":"credit_card"}}],
			"errors":[],"meta":{"total":1,"success":1,"failed":0}}`)
	}))
	defer store.Close()
	client, err := bcapi.New(bcapi.Config{APIURL: store.URL, StoreHash: "abc123", AccessToken: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := client.ImportInstruments(context.Background(), []bcapi.ImportRow{{
		PaymentMethodID: "braintree.credit_card", CurrencyCode: "USD", CustomerID: 7,
		Instrument: bcapi.ImportInstrument{Type: bcapi.CreditCard, VaultToken: "5292sx35"},
	}})
	var notSent *bcapi.NotSentError
	var refused *bcapi.RefusedError
	switch {
	case err == nil:
		fmt.Println("imported:", result.Imported[0].Instrument.Token)
	case errors.As(err, &notSent):
		fmt.Println("nothing was done:", err)
	case errors.As(err, &refused):
		fmt.Println("refused:", err)
	default:
		fmt.Println("unknown: look the customer up before anything is sent again:", err)
	}
	// Output: imported: t1
}
