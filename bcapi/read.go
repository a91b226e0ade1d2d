package bcapi

import (
	"context"
	"errors"
)

// ReadKind tells why a read could not be completed.
type ReadKind string

// Kinds of reads that could not be completed.
const (
	ReadCut        = ReadKind(UnknownCut)        // the connection was lost
	ReadTimeout    = ReadKind(UnknownTimeout)    // no answer came in time
	ReadCancelled  = ReadKind(UnknownCancelled)  // the context was cancelled with the request under way
	ReadFailed     = ReadKind(UnknownFailed)     // the API failed: 5xx, 408, 499
	ReadUnreadable = ReadKind(UnknownUnreadable) // the answer cannot be read
	ReadIncomplete = ReadKind("incomplete")      // a list ended without proof that this was all of it
)

// ReadError is a read that was sent and could not be completed, whatever was
// tried again. It changed nothing, so it may be made once more.
type ReadError struct {
	Kind          ReadKind
	API           *Error // when there was an answer with a status of failure
	Cause         error  // may be nil
	CorrelationID string // of the last request; "" when Kind is ReadIncomplete
}

// Reason says in words why the read could not be completed.
func (e *ReadError) Reason() string {
	if e.Kind == ReadIncomplete {
		return "the API's list ended without proof that this was all of it"
	}
	return UnknownKind(e.Kind).reason()
}

func (e *ReadError) Error() string {
	return withCause("could not be read: "+e.Reason(), e.API, e.Cause)
}

// Unwrap gives the cause and the API's error, where there are any.
func (e *ReadError) Unwrap() []error { return wrapped(e.Cause, e.API) }

// ofRead calls the failure of a read what it is: the outcome of what changes
// nothing is never unknown.
func ofRead(err error) error {
	var unknown *UnknownError
	if errors.As(err, &unknown) {
		return &ReadError{
			Kind: ReadKind(unknown.Kind), API: unknown.API, Cause: unknown.Cause, CorrelationID: unknown.CorrelationID,
		}
	}
	return err
}

// read makes a call that changes nothing and parses the JSON value of its
// answer; parse reports whether the value is what the call should give.
func read[T any](ctx context.Context, c *Client, call *call, parse func(value any, clean cleaner) (T, bool)) (T, error) {
	var none T
	got, err := c.do(ctx, call)
	if err != nil {
		return none, ofRead(err)
	}
	result, ok := parse(parseJSON(got.body), c.clean)
	if !ok {
		return none, ofRead(unreadable(call, whyNotRead(got)))
	}
	return result, nil
}

// readList parses the objects of a list that stands alone or as the data of an
// envelope. A list that holds anything else is not understood, and leaving some
// of it out would look as if that did not exist.
func readList[T any](value any, parse func(item map[string]any) T) ([]T, bool) {
	if object, ok := value.(map[string]any); ok {
		value = object["data"]
	}
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	all := make([]T, len(list))
	for i, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			return nil, false
		}
		all[i] = parse(object)
	}
	return all, true
}

// readTotal gives how many there are in all, as the meta of a list tells it;
// nil when it does not.
func readTotal(value any) *int {
	object, _ := value.(map[string]any)
	meta, _ := object["meta"].(map[string]any)
	pagination, _ := meta["pagination"].(map[string]any)
	total, ok := wholeNumber(pagination["total"])
	if !ok || total < 0 {
		return nil
	}
	n := int(total)
	return &n
}
