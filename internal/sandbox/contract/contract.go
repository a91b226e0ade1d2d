// Package contract holds HTTP traffic against the project's OpenAPI document. Only tests import it.
package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"bigcommerce-payments-mcp/internal/sandbox"
)

// Transport returns a RoundTripper that sends requests through next and reports with t.Errorf each request and each
// answer that the document does not allow: an unknown path, method, parameter, field or status, a wrong type, a missing
// header. The test endpoints below /_sandbox/ are none of the document's business and pass unchecked. A request that
// gets no answer is checked all the same.
func Transport(t testing.TB, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	doc, err := loadDocument()
	if err != nil {
		t.Fatalf("the OpenAPI document: %v", err)
	}
	return &transport{t: t, next: next, document: doc}
}

type contextKey int

const (
	malformedRequest contextKey = iota
	foreignAnswer
)

// MalformedRequest marks requests that break the contract on purpose: only their answers are checked.
func MalformedRequest(ctx context.Context) context.Context {
	return context.WithValue(ctx, malformedRequest, true)
}

// ForeignAnswer marks requests whose answers are not the store's own, since a fault makes them up: only the requests
// are checked.
func ForeignAnswer(ctx context.Context) context.Context {
	return context.WithValue(ctx, foreignAnswer, true)
}

func marked(ctx context.Context, key contextKey) bool { return ctx.Value(key) != nil }

type document struct {
	spec   *openapi3.T
	router routers.Router
}

// loadDocument parses the document once. Its management host is put wherever the requests go.
var loadDocument = sync.OnceValues(func() (*document, error) {
	spec, err := openapi3.NewLoader().LoadFromData(sandbox.OpenAPI())
	if err != nil {
		return nil, err
	}
	if err := spec.Validate(context.Background()); err != nil {
		return nil, err
	}
	for _, server := range spec.Servers {
		server.URL = strings.TrimPrefix(server.URL, "https://api.bigcommerce.com")
	}
	router, err := gorillamux.NewRouter(spec)
	return &document{spec, router}, err
})

type transport struct {
	t        testing.TB
	next     http.RoundTripper
	document *document
}

// RoundTrip implements http.RoundTripper.
func (tr *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasPrefix(req.URL.Path, "/_sandbox/") {
		return tr.next.RoundTrip(req)
	}
	req, checked, err := split(req)
	if err != nil {
		return nil, err
	}
	input, err := tr.document.input(checked)
	if err == nil {
		err = checkRequest(input)
	}
	if err != nil && !marked(req.Context(), malformedRequest) {
		tr.t.Errorf("request %s %s: %v", req.Method, req.URL, err)
	}
	res, err := tr.next.RoundTrip(req)
	if err != nil || marked(req.Context(), foreignAnswer) {
		return res, err
	}
	if err := tr.checkAnswer(input, res); err != nil {
		tr.t.Errorf("answer %d to %s %s: %v", res.StatusCode, req.Method, req.URL, err)
	}
	return res, nil
}

// split returns the request to send and one to check, each with a body of its own. The one to send is the original
// where possible, so that net/http treats it as it would without us.
func split(req *http.Request) (send, checked *http.Request, err error) {
	checked = req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return req, checked, nil
	}
	if req.GetBody == nil {
		body, err := io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, nil, err
		}
		send = req.Clone(req.Context())
		send.Body = io.NopCloser(bytes.NewReader(body))
		checked.Body = io.NopCloser(bytes.NewReader(body))
		return send, checked, nil
	}
	checked.Body, err = req.GetBody()
	return req, checked, err
}

// input finds the operation of a request. Where there is none, the input has no route and the error says so.
func (d *document) input(req *http.Request) (*openapi3filter.RequestValidationInput, error) {
	input := &openapi3filter.RequestValidationInput{
		Request: req,
		Options: &openapi3filter.Options{
			MultiError:                        true,
			RejectWhenRequestBodyNotSpecified: true,
			AuthenticationFunc:                wantAPIKey,
		},
	}
	route, params, err := d.router.FindRoute(req)
	if err != nil {
		return input, err
	}
	input.Route, input.PathParams = route, params
	return input, nil
}

func wantAPIKey(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	if header := input.SecurityScheme.Name; input.RequestValidationInput.Request.Header.Get(header) == "" {
		return fmt.Errorf("the header %s is missing", header)
	}
	return nil
}

func checkRequest(input *openapi3filter.RequestValidationInput) error {
	errs := []error{openapi3filter.ValidateRequest(input.Request.Context(), input)}
	for name := range input.Request.URL.Query() {
		declared := input.Route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		if declared == nil {
			errs = append(errs, fmt.Errorf("the query parameter %q is not in the document", name))
		}
	}
	return errors.Join(errs...)
}
