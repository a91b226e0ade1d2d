package tools

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bigcommerce-payments-mcp/bcapi"
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
	case isImport(err):
		return explainImport(err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Error{
			Code: "cancelled", Message: "The call was cancelled before anything was sent.", Retryable: true,
			NextStep: "Call again if it is still wanted.", cause: err,
		}
	default:
		failure := internalError()
		failure.cause = err
		return failure
	}
}

func internalError() *Error {
	return &Error{
		Code: "internal_error", Message: "The server failed inside; nothing can be said of the call's outcome.",
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

func detailsOf(e *bcapi.Error) apiDetails {
	return apiDetails{
		Status: e.Status, Title: e.Title, Detail: e.Detail, Fields: e.Fields,
		CorrelationID: e.CorrelationID, WaitSeconds: seconds(e.RetryAfter),
	}
}

// nextStep says what to do about a refusal. The settings are this program's,
// so they are named here; the rest is the API's own advice.
func nextStep(e *bcapi.Error) string {
	switch e.Status {
	case 401:
		return "Tell your person that the store did not accept the access token: check BIGCOMMERCE_ACCESS_TOKEN (or the file named by BIGCOMMERCE_ACCESS_TOKEN_FILE) and BIGCOMMERCE_STORE_HASH, then restart the server."
	case 403:
		if len(e.Scopes) > 0 {
			return "Tell your person that the API account lacks a scope: it needs " + strings.Join(e.Scopes, " or ") +
				". Scopes of an account cannot be edited: make a new account, set BIGCOMMERCE_ACCESS_TOKEN and restart the server."
		}
	}
	return e.Advice()
}

// explainNotSent is for requests of which it is certain that nothing was done.
func explainNotSent(e *bcapi.NotSentError) *Error {
	failure := &Error{Retryable: true, cause: e}
	wait := seconds(e.RetryAfter)
	switch e.Kind {
	case bcapi.NotSentCancelled:
		return explain(context.Canceled)
	case bcapi.NotSentInvalid:
		failure = internalError()
		failure.cause = e
		return failure
	case bcapi.NotSentBusy, bcapi.NotSentQuota:
		failure.Code, failure.Message = "rate_limited", "The store's request quota is used up for now, or the store is under load. Nothing was done."
		failure.NextStep = fmt.Sprintf("Wait %d seconds, then call again.", max(wait, 1))
		if e.API != nil {
			failure.Code, failure.Details = codeOf(e.API), detailsOf(e.API)
		}
		return failure
	}
	failure.Code, failure.Message = "not_connected", "The store's API could not be reached: "+e.Reason()+". Nothing was sent."
	failure.NextStep = "Call again in a minute. If it stays so, tell your person to check the network and BIGCOMMERCE_API_URL."
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

// explainRead is for reads that could not be completed.
func explainRead(e *bcapi.ReadError) *Error {
	failure := &Error{
		Code: "read_failed", Message: "The store could not be read: " + e.Reason() + ". Nothing was changed.", Retryable: true,
		NextStep: "Call again in a minute.",
		Details:  apiDetails{CorrelationID: e.CorrelationID},
		cause:    e,
	}
	if e.API != nil {
		failure.Details = detailsOf(e.API)
	}
	return failure
}

// seconds rounds a wait up to whole seconds.
func seconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
