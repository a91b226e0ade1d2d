package bcapi

import (
	"context"
	"errors"
	"time"
)

// PutOff tells how long to wait before a call is made again that the API, or the
// quota, has only put off.
func PutOff(err error) (wait time.Duration, putOff bool) {
	var notSent *NotSentError
	if !errors.As(err, &notSent) || notSent.Kind != NotSentBusy && notSent.Kind != NotSentQuota {
		return 0, false
	}
	return max(notSent.RetryAfter, time.Second), true
}

// Patient makes a call for one who can wait longer than the client does for
// others: again and again, until it is no longer put off or ctx ends.
func Patient[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for {
		got, err := call()
		if !WaitOut(ctx, err) {
			return got, err
		}
	}
}

// WaitOut waits for as long as an error puts its call off, and reports whether
// it did: not for any other error, nor when ctx has ended first.
func WaitOut(ctx context.Context, err error) bool {
	wait, putOff := PutOff(err)
	return putOff && sleep(ctx, wait, time.Now().Add(wait+time.Second))
}
