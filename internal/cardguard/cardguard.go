// Package cardguard knows what a payment card number and a card verification
// value (CVV) look like, so that neither is sent, stored, logged or echoed.
//
// A card number is 13 to 19 decimal digits of any script that begin with a card
// network's prefix, have one of that network's lengths and pass the Luhn check.
// Short runs of anything but letters and digits between the digits are ignored.
package cardguard

import "strings"

const removed = "[card number removed]"

// ContainsCardNumber reports whether s holds a card number, alone or inside
// other text.
func ContainsCardNumber(s string) bool {
	if hasFewDigits(s) {
		return false
	}
	var buf buffers
	t := buf.split(s)
	for i := range t.groups {
		if _, found := t.cardFrom(i); found {
			return true
		}
	}
	return false
}

// Redact returns s with each card number replaced by "[card number removed]".
// Everything else stays as it was, byte for byte. Overlapping card numbers are
// replaced together.
func Redact(s string) string {
	if hasFewDigits(s) {
		return s
	}
	var buf buffers
	t := buf.split(s)
	var out strings.Builder
	kept := 0 // s[:kept] is already in out
	for i := 0; i < len(t.groups); i++ {
		last, found := t.cardFrom(i)
		if !found {
			continue
		}
		out.WriteString(s[kept:t.groups[i].start])
		out.WriteString(removed)
		for i < last {
			i++
			if l, found := t.cardFrom(i); found {
				last = max(last, l)
			}
		}
		kept = t.groups[last].end
	}
	if kept == 0 {
		return s
	}
	out.WriteString(s[kept:])
	return out.String()
}
