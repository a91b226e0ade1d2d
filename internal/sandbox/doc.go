// Package sandbox is an embedded BigCommerce store: an http.Handler that answers the payments, stored instruments
// and customers endpoints of the management host as docs/api-facts.md says, for trying the server out and for tests.
//
// Its wire types are its own on purpose. Sharing the client's would let both make the same mistake.
package sandbox
