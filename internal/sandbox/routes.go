package sandbox

import (
	"net/http"
	"path"
	"slices"
	"strings"
)

// operation is one method of a resource.
type operation struct {
	method string
	scope  scope
	handle func(*Server, *call) (answer, error)
}

// resource is one path of the store; * stands for one segment.
type resource struct {
	pattern    string
	errors     errorForm
	operations []operation
}

// resources lists the store's paths; of several that match, the first counts.
func resources() []resource {
	return []resource{
		{"/payments/access_tokens", flatErrors, []operation{
			{http.MethodPost, scopeAccessTokens, (*Server).createPaymentAccessToken},
		}},
		{"/payments/methods", flatErrors, []operation{
			{http.MethodGet, scopeMethodsRead, (*Server).listPaymentMethods},
		}},
		{"/payments/stored-instruments", baseErrors, []operation{
			{http.MethodGet, scopeInstrumentsRead, (*Server).listInstruments},
			{http.MethodPost, scopeInstruments, (*Server).importInstruments},
			{http.MethodPut, scopeInstruments, (*Server).updateInstrument},
			{http.MethodDelete, scopeInstruments, (*Server).deleteInstruments},
		}},
		{"/payments/stored-instruments/access-tokens", baseErrors, []operation{
			{http.MethodPost, scopeInstruments, (*Server).createInstrumentAccessToken},
		}},
		{"/payments/stored-instruments/methods", baseErrors, []operation{
			{http.MethodGet, scopeInstrumentsRead, (*Server).listImportMethods},
		}},
		{"/payments/stored-instruments/*", baseErrors, []operation{
			{http.MethodDelete, scopeInstruments, (*Server).unvaultInstrument},
			// A guide shows an update here; a real store answered 404 (docs/api-facts.md 2.6).
			{http.MethodPut, scopeInstruments, (*Server).notFound},
		}},
		{"/customers", customersErrors, []operation{
			{http.MethodGet, scopeCustomersRead, (*Server).listCustomers},
		}},
		{"/customers/*/stored-instruments", customersErrors, []operation{
			{http.MethodGet, scopeInstrumentsRead, (*Server).listCustomerInstruments},
		}},
	}
}

// findResource returns the resource at a path, or the empty one.
func (s *Server) findResource(requested string) resource {
	for _, res := range s.resources {
		if matched, err := path.Match(res.pattern, requested); err == nil && matched {
			return res
		}
	}
	return resource{}
}

func (res resource) operation(method string) (operation, error) {
	if len(res.operations) == 0 {
		return operation{}, refuse(http.StatusNotFound, "Not Found")
	}
	i := slices.IndexFunc(res.operations, func(op operation) bool { return op.method == method })
	if i >= 0 {
		return res.operations[i], nil
	}
	if method == http.MethodPatch || method == http.MethodTrace { // docs/api-facts.md 5
		return operation{}, refuse(http.StatusNotImplemented, "Not Implemented")
	}
	allowed := make([]string, len(res.operations))
	for i, op := range res.operations {
		allowed[i] = op.method
	}
	refused := refuse(http.StatusMethodNotAllowed, "Method Not Allowed")
	refused.header = http.Header{"Allow": {strings.Join(allowed, ", ")}}
	return operation{}, refused
}

func (s *Server) notFound(*call) (answer, error) {
	return answer{}, refuse(http.StatusNotFound, "Not Found")
}
