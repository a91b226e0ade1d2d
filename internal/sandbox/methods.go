package sandbox

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// acceptedMethod is a way to pay for an order (docs/api-facts.md 2.2).
type acceptedMethod struct {
	ID                   string                `json:"id"`
	Name                 string                `json:"name"`
	TestMode             bool                  `json:"test_mode"`
	Type                 string                `json:"type"`
	SupportedInstruments []supportedInstrument `json:"supported_instruments"`
}

type supportedInstrument struct {
	Type                      string `json:"instrument_type"`
	VerificationValueRequired *bool  `json:"verification_value_required,omitempty"`
}

// payableMethod is a method with what the shopper has stored for it, in the vocabulary of a customer's list.
type payableMethod struct {
	acceptedMethod
	StoredInstruments []shopperInstrument `json:"stored_instruments,omitempty"`
}

// listPaymentMethods lists the ways to pay for an order or a checkout. Checkouts are not checked, and are guests'.
func (s *Server) listPaymentMethods(c *call) (answer, error) {
	query := c.URL.Query()
	var shopper int64
	switch order := query.Get("order_id"); {
	case order != "":
		id, err := strconv.ParseInt(order, 10, 64)
		if err != nil || id < 1 || id > math.MaxInt32 {
			return answer{}, refuseField("order_id", "must be an integer between 1 and 2147483647")
		}
		if err := findOrder(id); err != nil {
			return answer{}, err
		}
		shopper = shopperOf(id)
	case query.Get("checkout_id") == "":
		return answer{}, refuseField("order_id", "order_id or checkout_id is required")
	}
	methods, err := s.payableMethods(shopper)
	return answer{body: envelope{methods, emptyMeta{}}}, err
}

// payableMethods gives the methods with what a shopper has stored for each: an instrument belongs to the gateway that
// it was imported with.
func (s *Server) payableMethods(shopper int64) ([]payableMethod, error) {
	s.mu.Lock()
	records := s.vault.ofCustomer(shopper)
	s.mu.Unlock()
	stored, err := storedInstruments(records)
	if err != nil {
		return nil, err
	}
	var methods []payableMethod
	for _, accepted := range acceptedMethods() {
		method := payableMethod{acceptedMethod: accepted}
		for i, instrument := range stored {
			instrument.BillingAddress = nil // not among what is documented here
			if shown := instrument.shopper(); gatewayOf(records[i].methodID) == gatewayOf(accepted.ID) && accepted.takes(shown.Type) {
				method.StoredInstruments = append(method.StoredInstruments, shown)
			}
		}
		methods = append(methods, method)
	}
	return methods, nil
}

// gatewayOf gives what the two kinds of method ids have in common (docs/api-facts.md 2.9).
func gatewayOf(methodID string) string {
	gateway, _, _ := strings.Cut(methodID, ".")
	return gateway
}

func (m acceptedMethod) takes(storedType string) bool {
	return slices.ContainsFunc(m.SupportedInstruments, func(i supportedInstrument) bool {
		return strings.EqualFold(i.Type, storedType)
	})
}

// acceptedMethods have the ids of the charging side, which end in .card (docs/api-facts.md 2.9).
func acceptedMethods() []acceptedMethod {
	yes, no := true, false
	cards := []supportedInstrument{
		{"VISA", &yes}, {"MASTERCARD", &yes}, {"AMEX", &yes}, {"DISCOVER", &yes}, {"STORED_CARD", &no},
	}
	payPal := []supportedInstrument{{"STORED_PAYPAL_ACCOUNT", nil}}
	bank := []supportedInstrument{{"STORED_BANK_ACCOUNT", nil}}
	return []acceptedMethod{
		{"braintree.card", "Braintree", true, "card", cards},
		{"braintree.paypal", "PayPal powered by Braintree", true, "paypal", payPal},
		{"braintree.ach", "Braintree ACH", true, "card", bank},
		{"stripe.card", "Stripe", true, "card", cards},
		{"authorizenet.card", "Authorize.net", true, "card", cards},
		{"cybersourcev2.card", "Cybersource V2", true, "card", cards},
		{"paypalcommerce.paypal", "PayPal", true, "paypal", payPal},
		{"adyenv3.scheme", "Adyen V3", true, "card", cards},
		{"bigcommerce.gift_certificate", "Gift Certificate", false, "gift_certificate", []supportedInstrument{}},
		{"bigcommerce.store_credit", "Store Credit", false, "store_credit", []supportedInstrument{}},
	}
}

// importMethod is a method that can hold stored instruments (docs/api-facts.md 2.8). Note: method_id, not id.
type importMethod struct {
	ID                   string   `json:"method_id"`
	Name                 string   `json:"name"`
	Type                 string   `json:"type"`
	TestMode             bool     `json:"test_mode"`
	SupportedInstruments []string `json:"supported_instruments"`
}

// listImportMethods lists the payment method ids that an import may use with a currency.
func (s *Server) listImportMethods(c *call) (answer, error) {
	currency := strings.ToUpper(c.URL.Query().Get("currency_code"))
	if len(currency) != 3 || !onlyLetters(currency) {
		return answer{}, refuseField("currency_code", "is required and must be an ISO 4217 code")
	}
	return answer{body: envelope{importMethods(currency), emptyMeta{}}}, nil
}

func importMethods(currency string) []importMethod {
	cards := []string{"raw_card", "tokenized_card"}
	methods := []importMethod{
		{"braintree.credit_card", "Credit card", "credit_card", true, cards},
		{"stripe.credit_card", "Credit card", "credit_card", true, cards},
		{"authorizenet.credit_card", "Credit card", "credit_card", true, cards},
		{"cybersourcev2.credit_card", "Credit card", "credit_card", true, cards},
		{"adyenv3.scheme", "Credit card", "credit_card", true, cards},
	}
	switch currency {
	case "EUR", "GBP", "AUD", "CAD":
		return methods
	case "USD":
		payPal := []string{"tokenized_paypal_account"}
		return append(methods,
			importMethod{"braintree.paypal", "PayPal", "paypal_account", true, payPal},
			importMethod{"paypalcommerce.paypal", "PayPal", "paypal_account", true, payPal},
			importMethod{"braintree.ach", "ACH", "bank_account", true, []string{}},
		)
	}
	return []importMethod{}
}
