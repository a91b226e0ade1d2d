package tools

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/cardguard"
	"bigcommerce-payments-mcp/schemas"
)

// Error is a failure as a model reads it: what happened, whether trying again
// can help, and what to do next.
type Error struct {
	// Code is the API's own numeric code when it gives one, else http_401 and
	// the like, else one of our words.
	Code      string `json:"code"`
	Message   string `json:"message"`
	Retryable bool   `json:"retryable"`
	NextStep  string `json:"next_step"`
	Details   any    `json:"details,omitempty"`

	cause error // for the log
}

// Error gives the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Unwrap gives what caused the failure.
func (e *Error) Unwrap() error { return e.cause }

// explain turns any error of a handler into words for a model.
func explain(err error) *Error {
	var own *Error
	var invalid *schemas.InvalidError
	var refused *bcapi.RefusedError
	var notSent *bcapi.NotSentError
	var unknown *bcapi.UnknownError
	var read *bcapi.ReadError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &invalid):
		return invalidArguments(invalid.Violations, invalid.More)
	case errors.As(err, &refused):
		return explainAPI(refused.API, err)
	case errors.As(err, &notSent):
		return explainNotSent(notSent)
	case errors.As(err, &unknown):
		return explainUnknown(unknown)
	case errors.As(err, &read):
		return explainRead(read)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return cancelled("The call was cancelled. What was done by then is recorded; an import that it waited for goes on.", err)
	}
	if failure := explainImport(err); failure != nil {
		return failure
	}
	failure := internalError()
	failure.cause = err
	return failure
}

// cancelled is for calls that nobody waits for any more.
func cancelled(message string, cause error) *Error {
	return &Error{
		Code: "cancelled", Message: message, Retryable: true,
		NextStep: "Call again if it is still wanted; list_import_jobs tells of imports that go on.", cause: cause,
	}
}

func internalError() *Error {
	return &Error{
		Code: "internal_error", Message: "Internal error; the outcome of the call is unknown.",
		NextStep: "Tell your person to look in the server's log on stderr. Do not repeat a call that changes something before that.",
	}
}

func invalidArguments(violations []schemas.Violation, more int) *Error {
	noun := "problem"
	if len(violations)+more > 1 {
		noun = "problems"
	}
	return &Error{
		Code:     "invalid_arguments",
		Message:  fmt.Sprintf("The arguments have %d %s; nothing was sent.", len(violations)+more, noun),
		NextStep: "Correct the arguments named in details.violations and call again.",
		Details: struct {
			Violations []schemas.Violation `json:"violations"`
			More       int                 `json:"more,omitempty"`
		}{violations, more},
	}
}

// apiDetails are what the API itself said, marked as its words.
type apiDetails struct {
	Status        int                `json:"http_status,omitempty"`
	Title         string             `json:"api_title,omitempty"`
	Detail        string             `json:"api_detail,omitempty"`
	Fields        []bcapi.FieldError `json:"api_fields,omitempty"`
	CorrelationID string             `json:"correlation_id,omitempty"`
	WaitSeconds   int                `json:"wait_seconds,omitempty"`
}

// maxMore is the length, in characters, to which more is cut.
const maxMore = 300

// more gives what the API said besides its title as one quotation, short enough
// for a sentence; "" when it said no more.
func (d apiDetails) more() string {
	var said []string
	if d.Detail != "" {
		said = append(said, d.Detail)
	}
	for _, f := range d.Fields {
		said = append(said, strings.TrimPrefix(f.Field+": ", ": ")+f.Message)
	}
	if len(said) == 0 {
		return ""
	}
	text := []rune(cardguard.Redact(strings.Join(said, "; "))) // what is put together may add up to a card number
	if len(text) > maxMore {
		text = append(text[:maxMore-1], '…')
	}
	return fmt.Sprintf(" It also said: %q.", string(text))
}

func explainAPI(e *bcapi.Error, cause error) *Error {
	message := fmt.Sprintf("The API refused the request with status %d", e.Status)
	if e.Title != "" {
		message += fmt.Sprintf(" and said: %q", e.Title)
	}
	return &Error{
		Code: codeOf(e), Message: message + ".", Retryable: e.Retryable, NextStep: nextStep(e),
		Details: detailsOf(e), cause: cause,
	}
}

func codeOf(e *bcapi.Error) string {
	if e.Code != "" {
		return e.Code
	}
	return fmt.Sprintf("http_%d", e.Status)
}

// maxAPIFields bounds how much a model has to read of one refusal.
const maxAPIFields = 20

func detailsOf(e *bcapi.Error) apiDetails {
	return apiDetails{
		Status: e.Status, Title: e.Title, Detail: e.Detail, Fields: e.Fields[:min(len(e.Fields), maxAPIFields)],
		CorrelationID: e.CorrelationID, WaitSeconds: seconds(e.RetryAfter),
	}
}

// nextStep says what to do about a refusal. The settings and the tools are this
// program's, so they are named here; the rest is the API's own advice.
func nextStep(e *bcapi.Error) string {
	switch {
	case e.Status == 401:
		return "Tell your person that the store did not accept the access token: check BIGCOMMERCE_ACCESS_TOKEN (or the file named by BIGCOMMERCE_ACCESS_TOKEN_FILE) and BIGCOMMERCE_STORE_HASH, then restart the server."
	case e.Status == 403 && len(e.Scopes) > 0:
		return "Tell your person that the API account most likely lacks a scope: this needs " + strings.Join(e.Scopes, " or ") +
			". Scopes of an account cannot be edited: make a new account, set BIGCOMMERCE_ACCESS_TOKEN and restart the server. If it has the scope, its owner has changed or the store's plan does not include this."
	case e.Status == 404:
		return missing(e)
	}
	return strings.ReplaceAll(e.Advice(), "the API URL", "BIGCOMMERCE_API_URL")
}

// missing says what it is that a call named and the store does not have.
func missing(e *bcapi.Error) string {
	const orStore = " If it is right, tell your person to check BIGCOMMERCE_STORE_HASH, which may be another store's."
	switch e.Method + " " + e.Path {
	case "POST /payments/access_tokens":
		return "The store has no such order: check the order_id." + orStore
	case "GET /payments/methods":
		return "The store has no such order or checkout: check the id." + orStore
	case "GET /customers/{customer_id}/stored-instruments":
		return "The store has no such customer: check the customer_id." + orStore
	case "PUT /payments/stored-instruments", "DELETE /payments/stored-instruments/{token}":
		return "The store does not have the instrument any more: call list_stored_instruments with the customer_id for those that it has."
	}
	return "The call names nothing that could be missing but the store: tell your person to check BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_API_URL, then restart the server."
}

// explainNotSent is for requests of which it is certain that nothing was done.
func explainNotSent(e *bcapi.NotSentError) *Error {
	switch e.Kind {
	case bcapi.NotSentCancelled:
		return cancelled("The call was cancelled before its request was sent.", e)
	case bcapi.NotSentInvalid:
		failure := internalError()
		failure.cause = e
		return failure
	case bcapi.NotSentBusy, bcapi.NotSentQuota:
		return explainPutOff(e)
	case bcapi.NotSentCertificate:
		return &Error{
			Code: "not_connected", Message: "The store's API was not trusted: " + e.Reason() + ". The request was not sent.", cause: e,
			NextStep: "Tell your person to check BIGCOMMERCE_API_URL, the clock of this machine, and whether a proxy stands between it and the API, then restart the server.",
		}
	}
	return &Error{
		Code: "not_connected", Message: "The store's API could not be reached: " + e.Reason() + ". The request was not sent.", Retryable: true, cause: e,
		NextStep: "Call again in a minute. If it stays so, tell your person to check the network and BIGCOMMERCE_API_URL.",
	}
}

// explainPutOff is for requests that have to wait.
func explainPutOff(e *bcapi.NotSentError) *Error {
	wait := max(seconds(e.RetryAfter), 1)
	failure := &Error{
		Code: "rate_limited", Message: "The store's request quota is used up for now, or the store is under load. The request was not carried out.",
		Retryable: true, NextStep: fmt.Sprintf("Wait %d seconds, then call again.", wait), cause: e,
	}
	details := apiDetails{CorrelationID: e.CorrelationID}
	if e.API != nil {
		failure.Code, details = codeOf(e.API), detailsOf(e.API)
		if e.API.Status == http.StatusLocked {
			failure.Message = "The store has locked what was asked for, for now. The request was not carried out."
		}
	}
	details.WaitSeconds = wait
	failure.Details = details
	return failure
}

// explainUnknown is for writes that may or may not have taken effect.
func explainUnknown(e *bcapi.UnknownError) *Error {
	failure := &Error{
		Code: "outcome_unknown", Message: "The request was sent, but " + e.Reason() + ": nobody knows whether it took effect.",
		NextStep: "Do not repeat it before someone has looked in the store.",
		Details:  apiDetails{CorrelationID: e.CorrelationID},
		cause:    e,
	}
	if e.API != nil {
		failure.Details = detailsOf(e.API)
	}
	return failure
}

// harmless explains an unknown outcome of a request that may be made again
// whatever became of it. Other errors it gives back.
func harmless(err error, nextStep string) error {
	var unknown *bcapi.UnknownError
	if !errors.As(err, &unknown) {
		return err
	}
	failure := explainUnknown(unknown)
	failure.Retryable, failure.NextStep = true, nextStep
	return failure
}

// explainRead is for reads that could not be completed.
func explainRead(e *bcapi.ReadError) *Error {
	failure := &Error{
		Code: "read_failed", Message: "The store could not be read: " + e.Reason() + ". A read changes nothing.", Retryable: true,
		NextStep: "Call again in a minute. If it stays so, tell your person.",
		Details:  apiDetails{CorrelationID: e.CorrelationID},
		cause:    e,
	}
	switch e.Kind {
	case bcapi.ReadCancelled:
		return cancelled("The call was cancelled while the store was read. A read changes nothing.", e)
	case bcapi.ReadUnreadable:
		failure.NextStep = "Call again in a minute. If it stays so, tell your person: what answers at BIGCOMMERCE_API_URL may not be the API."
	}
	if e.API != nil {
		failure.Details = detailsOf(e.API)
		if e.API.Status == http.StatusNotImplemented || e.API.Status == http.StatusHTTPVersionNotSupported {
			failure.Retryable, failure.NextStep = false, nextStep(e.API)
		}
	}
	return failure
}

// seconds rounds a wait up to whole seconds.
func seconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
