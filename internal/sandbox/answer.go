package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
)

const jsonMediaType = "application/json"

// answer is what the store says to a request; it is written in one place only, once nothing can change it.
type answer struct {
	status int
	header http.Header
	body   any // marshalled as JSON, unless it is raw; nil is no body
}

// raw is a body that is sent as it is.
type raw []byte

func (a answer) write(w http.ResponseWriter) error {
	body, err := a.bytes()
	if err != nil {
		return err
	}
	if body != nil {
		w.Header().Set("Content-Type", jsonMediaType)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, err = w.Write(body) //nolint:gosec // JSON, or what a test asked for
	return err
}

func (a answer) bytes() ([]byte, error) {
	switch body := a.body.(type) {
	case nil:
		return nil, nil
	case raw:
		return body, nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(a.body)
	return buf.Bytes(), err
}

// envelope is the {data, meta} in which most answers stand.
type envelope struct {
	Data any `json:"data"`
	Meta any `json:"meta"`
}

type emptyMeta struct{}

// statusPage is the `type` of every error (docs/api-facts.md 2).
const statusPage = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"

// refusal is the error that a handler answers with.
type refusal struct {
	status int
	title  string
	detail string            // flat errors only
	code   int               // flat errors only
	fields map[string]string // what is wrong, by field
	header http.Header
}

func (r *refusal) Error() string { return r.title }

func refuse(status int, title string) *refusal { return &refusal{status: status, title: title} }

func refuseField(field, message string) *refusal {
	return &refusal{status: http.StatusUnprocessableEntity, title: "Invalid field(s)", fields: map[string]string{field: message}}
}

// errorBody is the flat error and, without code and detail, the error of the stored instruments endpoints
// (docs/api-facts.md 2).
type errorBody struct {
	Status int               `json:"status"`
	Title  string            `json:"title"`
	Type   string            `json:"type"`
	Detail string            `json:"detail,omitempty"`
	Code   int               `json:"code,omitempty"`
	Errors map[string]string `json:"errors,omitempty"`
}

// codeMessage is how the customers endpoints' 401 and 403 are documented by example (docs/api-facts.md 2.11).
type codeMessage struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// errorForm is the form in which a resource tells errors.
type errorForm int

const (
	baseErrors      errorForm = iota // {status, title, type, errors}
	flatErrors                       // and code and detail
	customersErrors                  // base, but {code, message} for 401 and 403
)

const codeInvalidFields = 10001

// answer puts an error into the form of the resource it belongs to.
func (form errorForm) answer(err error) answer {
	var r *refusal
	if !errors.As(err, &r) {
		r = refuse(http.StatusInternalServerError, "Internal Server Error")
	}
	a := answer{status: r.status, header: r.header}
	if form == customersErrors && (r.status == http.StatusUnauthorized || r.status == http.StatusForbidden) {
		message := http.StatusText(r.status)
		if scope := r.fields["scope"]; scope != "" {
			message = "Missing scope " + scope
		}
		a.body = codeMessage{Code: r.status, Message: message}
		return a
	}
	body := errorBody{Status: r.status, Title: r.title, Type: statusPage, Errors: r.fields}
	if form == flatErrors {
		body.Detail, body.Code = r.detail, r.code
		if r.status == http.StatusUnprocessableEntity && r.code == 0 {
			body.Code = codeInvalidFields
		}
	}
	a.body = body
	return a
}
