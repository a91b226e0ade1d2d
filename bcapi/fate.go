package bcapi

import (
	"fmt"
	"time"
)

// RefusalKind tells what a refusal is about.
type RefusalKind string

// Kinds of refusals.
const (
	RefusedRow      RefusalKind = "row"       // what was sent is at fault: other rows may well pass
	RefusedTooLarge RefusalKind = "too_large" // too much at once: less may pass
	RefusedSystemic RefusalKind = "systemic"  // nothing would pass: token, scope, address, plan
)

// RefusedError is a request that the API has answered with a refusal. Nothing
// was done.
type RefusedError struct {
	Kind RefusalKind
	API  *Error // never nil
}

func (e *RefusedError) Error() string { return "refused: " + e.API.Error() }

// Unwrap gives the API's error.
func (e *RefusedError) Unwrap() error { return e.API }

// NotSentKind tells why nothing was done.
type NotSentKind string

// Kinds of requests that were not sent, or that the API has put off.
const (
	NotSentDNS         NotSentKind = "dns"         // the host's name was not resolved
	NotSentDial        NotSentKind = "dial"        // no connection was made
	NotSentTLS         NotSentKind = "tls"         // the connection could not be secured
	NotSentCertificate NotSentKind = "certificate" // the host's certificate is not trusted
	NotSentCancelled   NotSentKind = "cancelled"   // the context ended first
	NotSentQuota       NotSentKind = "quota"       // the quota opens again too late for this call
	NotSentBusy        NotSentKind = "busy"        // 423, 429 or 509
	NotSentInvalid     NotSentKind = "invalid"     // the call cannot be made as asked
)

// NotSentError is a request of which it is certain that nothing was done.
type NotSentError struct {
	Kind NotSentKind
	// RetryAfter is how long to wait before it makes sense to try again; zero
	// when nobody said.
	RetryAfter    time.Duration
	API           *Error // the last answer that put the request off; nil when there was none
	Cause         error  // may be nil
	CorrelationID string
}

// Reason says in words why nothing was done.
func (e *NotSentError) Reason() string {
	switch e.Kind {
	case NotSentDNS:
		return "the host name could not be resolved"
	case NotSentDial:
		return "no connection could be made"
	case NotSentTLS:
		return "no secure connection could be made"
	case NotSentCertificate:
		return "the host's certificate is not trusted"
	case NotSentCancelled:
		return "the call was cancelled first"
	case NotSentQuota:
		return "the store's request quota is used up for now"
	case NotSentBusy:
		return "the API asked to wait"
	case NotSentInvalid:
		return "the call cannot be made as asked"
	}
	return "the request was not sent"
}

func (e *NotSentError) Error() string {
	text := withCause("not sent: "+e.Reason(), e.API, e.Cause)
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(" (try again in %s)", e.RetryAfter.Round(time.Millisecond))
	}
	return text
}

// Unwrap gives the cause and the API's error, where there are any.
func (e *NotSentError) Unwrap() []error { return wrapped(e.Cause, e.API) }

// UnknownKind tells how the outcome came to be unknown.
type UnknownKind string

// Kinds of unknown outcomes.
const (
	UnknownCut        UnknownKind = "cut"        // the connection was lost
	UnknownTimeout    UnknownKind = "timeout"    // no answer came in time
	UnknownCancelled  UnknownKind = "cancelled"  // the context was cancelled with the request under way
	UnknownFailed     UnknownKind = "failed"     // the API failed: 5xx, 408, 499
	UnknownUnreadable UnknownKind = "unreadable" // the answer cannot be read
)

// How long after the attempt ended its request may still take effect. Where the
// connection was lost, or an answer came, the server is done or about to be;
// after a time-out or a 5xx of a proxy it may still be working.
const (
	lateCommitShort = 10 * time.Second
	lateCommitLong  = time.Minute
)

// UnknownError is a write that may or may not have been carried out. Reads that
// end so give a *ReadError instead.
type UnknownError struct {
	Kind UnknownKind
	// LateCommit is how long the request may still take effect: a look into the
	// store proves nothing before.
	LateCommit    time.Duration
	API           *Error // when there was an answer with a status of failure
	Cause         error  // may be nil
	CorrelationID string
}

// Reason says in words how the outcome came to be unknown.
func (e *UnknownError) Reason() string { return e.Kind.reason() }

func (k UnknownKind) reason() string {
	switch k {
	case UnknownCut:
		return "the connection was lost before the whole answer was in"
	case UnknownTimeout:
		return "no answer came in time"
	case UnknownCancelled:
		return "the call was cancelled while its request was under way"
	case UnknownFailed:
		return "the API failed while it worked on the request"
	case UnknownUnreadable:
		return "the answer cannot be read"
	}
	return "the answer was lost"
}

func (e *UnknownError) Error() string {
	return withCause("outcome unknown: "+e.Reason(), e.API, e.Cause)
}

// Unwrap gives the cause and the API's error, where there are any.
func (e *UnknownError) Unwrap() []error { return wrapped(e.Cause, e.API) }

// withCause adds to a text what the API said or, without it, the cause.
func withCause(text string, api *Error, cause error) string {
	switch {
	case api != nil:
		text += ": " + api.Error()
	case cause != nil:
		text += ": " + cause.Error()
	}
	return text
}

func wrapped(cause error, api *Error) []error {
	var all []error
	if cause != nil {
		all = append(all, cause)
	}
	if api != nil {
		all = append(all, api)
	}
	return all
}

func notSentFor(kind NotSentKind, cause error) *NotSentError {
	return &NotSentError{Kind: kind, Cause: cause}
}

func unknownFor(kind UnknownKind, cause error) *UnknownError {
	e := &UnknownError{Kind: kind, Cause: cause, LateCommit: lateCommitLong}
	if kind == UnknownCut || kind == UnknownUnreadable {
		e.LateCommit = lateCommitShort
	}
	return e
}
