package bcapi

import (
	"context"
	"errors"
	"time"
)

// ThrottleWait returns how long to wait before a throttled call is repeated.
// throttled is false for every other error. A throttled call was not sent.
func ThrottleWait(err error) (wait time.Duration, throttled bool) {
	var notSent *NotSentError
	if !errors.As(err, &notSent) || notSent.Kind != NotSentBusy && notSent.Kind != NotSentQuota {
		return 0, false
	}
	return max(notSent.RetryAfter, time.Second), true
}

// RetryThrottled repeats a call until it is no longer throttled or ctx ends. It
// waits longer than the client's own retries do, so it suits background work.
func RetryThrottled[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for {
		got, err := call()
		if !WaitThrottle(ctx, err) {
			return got, err
		}
	}
}

// WaitThrottle waits as long as a throttled call has to wait. It returns false at
// once for any other error, and false when ctx ends first.
func WaitThrottle(ctx context.Context, err error) bool {
	wait, throttled := ThrottleWait(err)
	return throttled && sleep(ctx, wait, time.Now().Add(wait+time.Second))
}
