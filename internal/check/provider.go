package check

import "strings"

// SharedProviderCustomers says whether several customers of the store may
// share one customer of the gateway. A vault token is never shared.
type SharedProviderCustomers bool

// Provider is the gateway's part of a payment method id: what stands before
// the dot, in lower case. Ids of one provider share one vault.
func Provider(paymentMethodID string) string {
	provider, _, _ := strings.Cut(paymentMethodID, ".")
	return strings.ToLower(provider)
}
