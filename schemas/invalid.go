package schemas

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// maxViolations is how many violations an InvalidError lists.
const maxViolations = 50

// Violation is one thing that is wrong with a tool's arguments.
type Violation struct {
	Pointer string `json:"pointer"` // JSON pointer (RFC 6901) of the field; "" is the whole arguments object
	Problem string `json:"problem"` // what was wanted, as in "must be at least 1"; never the value
}

// InvalidError is what is wrong with a tool's arguments. It is safe to show: it
// holds no value, and field names only redacted and cut.
type InvalidError struct {
	Violations []Violation // sorted by pointer, at most 50
	More       int         // how many more there are
}

func (e *InvalidError) Error() string {
	var b strings.Builder
	b.WriteString("invalid arguments: ")
	for i, v := range e.Violations {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(cmp.Or(v.Pointer, "the whole") + " " + v.Problem)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "; and %d more", e.More)
	}
	return b.String()
}

// invalid makes what was found fit to be shown.
func invalid(found []violation) *InvalidError {
	all := make([]Violation, len(found))
	for i, f := range found {
		all[i] = Violation{pointer(f.path), f.problem}
	}
	slices.SortFunc(all, func(a, b Violation) int {
		return cmp.Or(comparePointers(a.Pointer, b.Pointer), cmp.Compare(a.Problem, b.Problem))
	})
	all = slices.Compact(all)
	listed := min(len(all), maxViolations)
	return &InvalidError{Violations: slices.Clip(all[:listed]), More: len(all) - listed}
}

// comparePointers puts /rows/2 before /rows/10.
func comparePointers(a, b string) int {
	for a != b {
		keyA, restA, _ := strings.Cut(a, "/")
		keyB, restB, _ := strings.Cut(b, "/")
		if keyA != keyB {
			if isIndex(keyA) && isIndex(keyB) {
				return cmp.Or(cmp.Compare(len(keyA), len(keyB)), cmp.Compare(keyA, keyB))
			}
			return cmp.Compare(keyA, keyB)
		}
		a, b = restA, restB
	}
	return 0
}

func isIndex(key string) bool { return key != "" && strings.Trim(key, "0123456789") == "" }

// pointer returns the JSON pointer of path. The keys in it come from the caller,
// so each is made safe, and the whole again: they may add up to a card number.
func pointer(path []string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, key := range path {
		b.WriteByte('/')
		b.WriteString(escape.Replace(safeKey(key)))
	}
	return cardguard.Redact(b.String())
}

// safeKey returns key without card numbers, long runs of digits and characters
// that cannot be seen, and cut to 64 characters.
func safeKey(key string) string {
	const maxRunes, maxDigits = 64, 8
	var safe []rune
	digits := 0
	for _, r := range cardguard.Redact(key) {
		switch {
		case len(safe) == maxRunes:
			return string(safe)
		case !unicode.IsDigit(r):
			digits = 0
		case digits < maxDigits:
			digits++
		case digits == maxDigits:
			digits++
			r = '…'
		default:
			continue
		}
		if !unicode.IsPrint(r) {
			r = unicode.ReplacementChar
		}
		safe = append(safe, r)
	}
	return string(safe)
}
