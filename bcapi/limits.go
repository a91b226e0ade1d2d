package bcapi

import (
	"net/http"
	"strconv"
	"time"
)

// limits is what an answer says of the request quota (docs/api-facts.md 6).
type limits struct {
	quota, left int           // requests of the window; quota 0: not told
	reset       time.Duration // until the window ends
	length      time.Duration // of a window; 0: not told
	retryAfter  time.Duration // 0: not told
}

// wait is how long an answer that says "not now" asks to wait: the longer of
// what it tells (docs/api-facts.md 6). Zero when it tells neither.
func (l limits) wait() time.Duration { return max(l.retryAfter, l.reset) }

const (
	maxQuota = 1_000_000
	maxReset = time.Hour // longer waits are not believed
)

// readLimits reads the headers of an answer. What makes no sense is taken as
// not told: it must neither stall the client nor let it loose.
func readLimits(header http.Header) limits {
	var l limits
	quota, quotaOK := number(header, "X-Rate-Limit-Requests-Quota", maxQuota)
	left, leftOK := number(header, "X-Rate-Limit-Requests-Left", quota)
	reset, resetOK := number(header, "X-Rate-Limit-Time-Reset-Ms", int(maxReset/time.Millisecond))
	if quotaOK && leftOK && resetOK && quota > 0 {
		l.quota, l.left = quota, left
	}
	if resetOK {
		l.reset = time.Duration(reset) * time.Millisecond
	}
	if length, ok := number(header, "X-Rate-Limit-Time-Window-Ms", int(maxReset/time.Millisecond)); ok {
		l.length = time.Duration(length) * time.Millisecond
	}
	for _, name := range []string{"X-Retry-After", "Retry-After"} {
		if seconds, ok := number(header, name, int(maxReset/time.Second)); ok {
			l.retryAfter = time.Duration(seconds) * time.Second
			break
		}
	}
	return l
}

// number reads a header that is a whole number from 0 to most.
func number(header http.Header, name string, most int) (int, bool) {
	n, err := strconv.Atoi(header.Get(name))
	if err != nil || n < 0 || n > most {
		return 0, false
	}
	return n, true
}
