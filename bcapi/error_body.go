package bcapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// maxFields bounds how many field errors an Error carries.
const maxFields = 50

// readError makes an Error of an answer, whatever the form of its body
// (docs/api-facts.md 2): the flat error, the BaseErrorResponse, code and
// message, the legacy list, a page of HTML, or nothing.
func readError(c *call, got answer, clean cleaner) *Error {
	e := &Error{
		Status: got.status, Method: c.method, Path: c.template,
		CorrelationID: c.correlationID, RetryAfter: told(got),
		Retryable: worthRepeating(c, got.status),
	}
	if got.status == http.StatusForbidden || got.status == http.StatusUnauthorized {
		e.Scopes = c.scopes
	}
	switch object := errorObject(got.body); {
	case object != nil:
		fillError(e, object, clean)
	case len(got.body) == 0:
	case looksHTML(got):
		e.Detail = "the body is an HTML page"
	case strings.HasPrefix(got.header.Get("Content-Type"), "text/plain"):
		e.Detail = clean(string(got.body), maxDetail)
	default:
		e.Detail = "the body cannot be read"
	}
	if host := redirectHost(got, clean); host != "" {
		e.Detail = "redirected to " + host + ", which is not followed"
	}
	if e.Title == "" {
		e.Title = statusTitle(got.status)
	}
	return e
}

func statusTitle(status int) string {
	switch status {
	case statusClientClosed:
		return "Client Closed Request"
	case statusBandwidthLimit:
		return "Bandwidth Limit Exceeded"
	}
	return http.StatusText(status)
}

// errorObject gives the object of a JSON body, or the first one of the legacy
// list; nil when there is none.
func errorObject(body []byte) map[string]any {
	value := parseJSON(body)
	if list, ok := value.([]any); ok && len(list) > 0 {
		value = list[0]
	}
	object, _ := value.(map[string]any)
	return object
}

func fillError(e *Error, object map[string]any, clean cleaner) {
	e.Code = apiCode(object["code"])
	e.Title = clean(cmp.Or(firstText(object, "title", "message"), firstText(firstError(object), "title", "message")), maxTitle)
	if detail := clean(firstText(object, "detail", "message"), maxDetail); detail != e.Title {
		e.Detail = detail
	}
	fields := flatten(object["errors"])
	if len(fields) > maxFields {
		fields = fields[:maxFields]
	}
	for _, f := range fields {
		e.Fields = append(e.Fields, FieldError{
			Field:   clean(f.path.String(), maxField),
			Message: clean(f.message, maxDetail),
		})
	}
}

// firstError gives the first of a list of errors, in answers about several things
// at once; nil when there is none.
func firstError(object map[string]any) map[string]any {
	list, _ := object["errors"].([]any)
	if len(list) == 0 {
		return nil
	}
	entry, _ := list[0].(map[string]any)
	return entry
}

// apiCode gives the API's own code. {code, message} errors repeat the status
// as their code, which is no code of the API.
func apiCode(v any) string {
	n, err := strconv.Atoi(fmt.Sprint(v))
	if err != nil || n < 1000 {
		return ""
	}
	return strconv.Itoa(n)
}

func firstText(object map[string]any, keys ...string) string {
	for _, key := range keys {
		if text, ok := object[key].(string); ok && strings.TrimSpace(text) != "" {
			return text
		}
	}
	return ""
}

// worthRepeating reports whether the same request may pass later without harm.
func worthRepeating(c *call, status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return c.mayRepeat()
	}
	return isBusy(status)
}

// jsonObject gives the object that a JSON body is; nil when it is none.
func jsonObject(body []byte) map[string]any {
	object, _ := parseJSON(body).(map[string]any)
	return object
}

// parseJSON gives the one JSON value that a body is, its numbers as written;
// nil when it is none.
func parseJSON(body []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil // more after the value
	}
	return value
}

func looksHTML(got answer) bool {
	return strings.Contains(strings.ToLower(got.header.Get("Content-Type")), "html") ||
		bytes.HasPrefix(bytes.TrimSpace(got.body), []byte("<"))
}
