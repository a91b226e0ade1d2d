package contract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// checkAnswer reads the answer's body, puts it back and checks the whole. An answer that is cut short cannot be
// checked; the reader of its body sees the same bytes and the same error.
func (tr *transport) checkAnswer(input *openapi3filter.RequestValidationInput, res *http.Response) error {
	body, cut := io.ReadAll(res.Body)
	_ = res.Body.Close()
	res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failingReader{cmp.Or(cut, io.EOF)}))
	if cut != nil {
		return nil //nolint:nilerr // whoever reads the body gets the error
	}
	if err := checkRateHeaders(res.Header, res.StatusCode); err != nil {
		return err
	}
	if input.Route == nil {
		return tr.document.checkNoRoute(res.StatusCode, body)
	}
	if input.Route.Operation.Responses.Status(res.StatusCode) == nil {
		return fmt.Errorf("the status is not in the document")
	}
	if res.StatusCode == http.StatusNoContent {
		if len(body) > 0 {
			return fmt.Errorf("the answer has a body")
		}
		return nil
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 res.StatusCode,
		Header:                 res.Header,
		Options:                &openapi3filter.Options{MultiError: true, IncludeResponseStatus: true},
	}
	answer.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(input.Request.Context(), answer)
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// checkNoRoute checks the answer to a request for what is not in the document.
func (d *document) checkNoRoute(status int, body []byte) error {
	switch status {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusTooManyRequests,
		http.StatusNotImplemented:
	default:
		return fmt.Errorf("the request is not in the document, and the answer is no refusal")
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	return d.spec.Components.Responses["CustomersError"].Value.Content.Get("application/json").Schema.Value.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsResponse())
}

// checkRateHeaders wants all four rate headers or none, each a whole number (docs/api-facts.md 6).
func checkRateHeaders(h http.Header, status int) error {
	names := []string{
		"X-Rate-Limit-Time-Window-Ms", "X-Rate-Limit-Time-Reset-Ms",
		"X-Rate-Limit-Requests-Quota", "X-Rate-Limit-Requests-Left",
	}
	present := 0
	for _, name := range append(names, "X-Retry-After") {
		value := h.Get(name)
		if value == "" {
			continue
		}
		if _, err := strconv.ParseUint(value, 10, 63); err != nil {
			return fmt.Errorf("the header %s is not a whole number: %q", name, value)
		}
		if name != "X-Retry-After" {
			present++
		} else if status != http.StatusTooManyRequests {
			return fmt.Errorf("the header %s belongs to status 429 only", name)
		}
	}
	if present != 0 && present != len(names) {
		return fmt.Errorf("%d of the %d rate headers are missing", len(names)-present, len(names))
	}
	return nil
}
