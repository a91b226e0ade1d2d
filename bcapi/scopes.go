package bcapi

// Scopes of calls on stored instruments (docs/api-facts.md 1.4). The guide, the
// overview and the list of scopes name those that stand first; the pages of the
// endpoints name one of payments instead, which stands last.

func readInstrumentScopes() []string {
	return []string{"store_stored_payment_instruments_read_only", "store_stored_payment_instruments", "store_payments_methods_read"}
}

func writeInstrumentScopes() []string {
	return []string{"store_stored_payment_instruments", "store_payments_access_token_create"}
}
