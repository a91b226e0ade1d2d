package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options are the store's knobs. The zero value is the store that answers as documented, at once and without limits.
type Options struct {
	// Latency passes before a request is acted on.
	Latency time.Duration
	// Quota limits the requests to the store. Zero is no limit.
	Quota Quota
	// MaxBatch is the most rows that one import takes; more are answered with 413. Zero is no limit.
	MaxBatch int
	// Duplicates says what happens to a row whose vault token the customer has already.
	Duplicates DuplicatePolicy
	// Atomic makes an import store nothing when one of its rows is refused.
	Atomic bool
	// Results is the form of an import's results.
	Results ResultForm
	// ErrorKeys is the form in which an import's errors name row and field.
	ErrorKeys ErrorKeyStyle
	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// DuplicatePolicy says what an import does with a vault token that its customer has already. The zero value creates.
type DuplicatePolicy string

// The policies: none is documented (docs/api-facts.md 2.5).
const (
	DuplicatesCreate DuplicatePolicy = "create" // a second instrument
	DuplicatesReject DuplicatePolicy = "reject" // an error for the row
)

// UnmarshalText accepts the names of the policies.
func (p *DuplicatePolicy) UnmarshalText(text []byte) (err error) {
	*p, err = oneOf(text, DuplicatesCreate, DuplicatesReject)
	return err
}

// ResultForm is the form of an import's results. The zero value is nested.
type ResultForm string

// The forms: one is published by example, the other by generated types (docs/api-facts.md 2.5).
const (
	ResultsNested ResultForm = "nested" // {customer_id, provider_vault_token, instrument: {...}}
	ResultsFlat   ResultForm = "flat"   // {customer_id, token, type, ...}, without the vault token
)

// UnmarshalText accepts the names of the forms.
func (f *ResultForm) UnmarshalText(text []byte) (err error) {
	*f, err = oneOf(text, ResultsNested, ResultsFlat)
	return err
}

// ErrorKeyStyle is the form of the keys under which an import's errors stand. The zero value is dotted.
type ErrorKeyStyle string

// The styles: which one the API uses is published nowhere (docs/api-facts.md 2.5).
const (
	ErrorKeysDotted  ErrorKeyStyle = "dotted"  // 0.instrument.expiry_month
	ErrorKeysIndex   ErrorKeyStyle = "index"   // 0
	ErrorKeysBracket ErrorKeyStyle = "bracket" // [0].instrument.expiry_month
	ErrorKeysField   ErrorKeyStyle = "field"   // instrument.expiry_month: the row is not told
)

// UnmarshalText accepts the names of the styles.
func (s *ErrorKeyStyle) UnmarshalText(text []byte) (err error) {
	*s, err = oneOf(text, ErrorKeysDotted, ErrorKeysIndex, ErrorKeysBracket, ErrorKeysField)
	return err
}

func oneOf[T ~string](text []byte, names ...T) (T, error) {
	if name := T(text); slices.Contains(names, name) {
		return name, nil
	}
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = string(name)
	}
	return "", fmt.Errorf("%q is not one of %s", text, strings.Join(list, ", "))
}

// Quota is a number of requests in a fixed window of time. The zero value is no limit.
type Quota struct {
	Requests int
	Window   time.Duration
}

// ParseQuota reads "450/30s", or "none" for no limit.
func ParseQuota(s string) (Quota, error) {
	if s == "none" {
		return Quota{}, nil
	}
	number, window, _ := strings.Cut(s, "/")
	requests, err := strconv.Atoi(number)
	if err != nil || requests < 1 {
		return Quota{}, fmt.Errorf("quota %q is not of the form 450/30s, or none", s)
	}
	length, err := time.ParseDuration(window)
	if err != nil || length < time.Millisecond {
		return Quota{}, fmt.Errorf("quota %q is not of the form 450/30s, or none", s)
	}
	return Quota{Requests: requests, Window: length}, nil
}

// UnmarshalText reads what ParseQuota reads.
func (q *Quota) UnmarshalText(text []byte) (err error) {
	*q, err = ParseQuota(string(text))
	return err
}

// String is the form that ParseQuota reads.
func (q Quota) String() string {
	if q.Requests == 0 {
		return "none"
	}
	return fmt.Sprintf("%d/%s", q.Requests, q.Window)
}
