package bcapi

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"
)

// A request that never connected, and one that failed and may be repeated
// whatever became of it, get this many attempts, with about 0.4, 0.8 and 1.6 s between them.
const (
	maxAttempts    = 4
	firstRetryWait = 400 * time.Millisecond
)

// retry repeats what may be repeated: a request that was not sent, a read, and a
// write whose route says so. Any other write whose outcome is unknown is never
// repeated.
func retry(logger *slog.Logger, next handler) handler {
	return func(ctx context.Context, c *call) (answer, error) {
		failures := 0
		var busy *Error // the last answer that put the call off
		for c.attempt = 1; ; c.attempt++ {
			got, err := next(ctx, c)
			if err == nil {
				return got, nil
			}
			var notSent *NotSentError
			switch {
			case errors.As(err, &notSent) && notSent.Kind == NotSentBusy:
				busy = notSent.API // the pace holds the next attempt back for as long as was asked
			case notSent != nil && notSent.Kind == NotSentQuota && busy != nil:
				notSent.Kind, notSent.API = NotSentBusy, busy
				return answer{}, err
			case repeatable(c, err) && failures+1 < maxAttempts:
				wait := jittered(firstRetryWait << failures)
				failures++
				if !sleep(ctx, wait, c.waitUntil) {
					return answer{}, err
				}
			default:
				return answer{}, err
			}
			logger.WarnContext(ctx, "trying again", "method", c.method, "path", c.template,
				"attempt", c.attempt, "correlation_id", c.correlationID, "reason", reason(err))
		}
	}
}

// repeatable reports whether another attempt can do no harm and may help.
func repeatable(c *call, err error) bool {
	var notSent *NotSentError
	if errors.As(err, &notSent) {
		return notSent.Kind == NotSentDNS || notSent.Kind == NotSentDial || notSent.Kind == NotSentTLS
	}
	var unknown *UnknownError
	if !c.mayRepeat() || !errors.As(err, &unknown) {
		return false
	}
	switch {
	case unknown.Kind == UnknownCut || unknown.Kind == UnknownTimeout:
		return true
	case unknown.API == nil:
		return false
	}
	switch unknown.API.Status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// reason says in words what became of an attempt, without a word of the
// upstream's.
func reason(err error) string {
	var told interface{ Reason() string }
	if errors.As(err, &told) {
		return told.Reason()
	}
	return "refused"
}

// sleep waits, and reports whether it did: it does not begin a wait that would
// end after limit, and ends early with ctx.
func sleep(ctx context.Context, wait time.Duration, limit time.Time) bool {
	if time.Until(limit) < wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// jittered spreads a wait by a quarter either way, so that callers that failed
// together do not come back together.
func jittered(wait time.Duration) time.Duration {
	return wait*3/4 + rand.N(wait/2+1) //nolint:gosec // spreads load; nothing is won by guessing it
}
