package bcapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// judge turns what came of an attempt into one of the three fates. An answer
// whose body is, or may be, the call's result goes on as it is. Where its body did
// not come whole and the call may be repeated, the attempt has failed, so that it
// is tried again.
func judge(clean cleaner, next handler) handler {
	return func(ctx context.Context, c *call) (answer, error) {
		got, err := next(ctx, c)
		if err != nil {
			return answer{}, withCorrelation(c, err)
		}
		if !c.answers(got) {
			return answer{}, withCorrelation(c, failure(c, got, clean))
		}
		if c.mayRepeat() && got.broken != nil {
			return answer{}, unreadable(c, got.broken)
		}
		return got, nil
	}
}

// failure gives the fate of a call whose answer is not its result.
func failure(c *call, got answer, clean cleaner) error {
	api := readError(c, got, clean)
	if isBusy(got.status) {
		return &NotSentError{Kind: NotSentBusy, RetryAfter: api.RetryAfter, API: api}
	}
	switch got.status {
	case http.StatusRequestTimeout, statusClientClosed:
		return failed(api)
	case http.StatusInsufficientStorage:
		return &RefusedError{Kind: RefusedSystemic, API: api}
	}
	if got.status >= 500 {
		return failed(api)
	}
	return &RefusedError{Kind: refusalKind(got.status), API: api}
}

func failed(api *Error) *UnknownError {
	e := unknownFor(UnknownFailed, nil)
	e.API = api
	return e
}

// refusalKind sorts the statuses of 3xx and 4xx. Those that are not known to be
// about what was sent would refuse every call alike; so does a redirect, which
// is not followed.
func refusalKind(status int) RefusalKind {
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return RefusedRow
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return RefusedTooLarge
	}
	return RefusedSystemic
}

// withCorrelation marks an error with the call's id, so that the API's operator
// can find it.
func withCorrelation(c *call, err error) error {
	var notSent *NotSentError
	var unknown *UnknownError
	switch {
	case errors.As(err, &notSent):
		notSent.CorrelationID = c.correlationID
	case errors.As(err, &unknown):
		unknown.CorrelationID = c.correlationID
	}
	return err
}

// decode reads an answer with a status of success into v. One that cannot be
// read leaves the outcome unknown.
func decode(c *call, got answer, v any) error {
	if got.broken != nil {
		return unreadable(c, got.broken)
	}
	if err := json.Unmarshal(got.body, v); err != nil {
		return unreadable(c, whyNotRead(got))
	}
	return nil
}

func whyNotRead(got answer) error {
	if looksHTML(got) {
		return errHTML
	}
	return errNotExpected
}

// Why an answer cannot be read. An error of encoding/json may quote the answer.
var (
	errHTML        = errors.New("it is an HTML page")
	errNotExpected = errors.New("it is not the JSON that was expected")
	errTooLong     = errors.New("it is too long")
)

func unreadable(c *call, cause error) error {
	kind := UnknownUnreadable
	var cut *cutError
	if errors.As(cause, &cut) {
		kind = cut.kind
	}
	return withCorrelation(c, unknownFor(kind, cause))
}

// redirectHost tells where a redirect pointed, as far as it is safe to say.
func redirectHost(got answer, clean cleaner) string {
	u, err := url.Parse(got.header.Get("Location"))
	if err != nil || u.Host == "" {
		return ""
	}
	return clean(u.Scheme+"://"+u.Host, maxTitle)
}

// Statuses that net/http has no name for.
const (
	statusClientClosed   = 499
	statusBandwidthLimit = 509
)

// told gives the wait that an answer asks for; zero when it does not.
func told(got answer) time.Duration {
	limits := readLimits(got.header)
	if isBusy(got.status) {
		return limits.wait()
	}
	return limits.retryAfter
}
