package cardguard

import (
	"unicode"
	"unicode/utf8"
)

// maxGap is how many characters may stand between two groups of digits of one
// number. Two would do for what people type; zero-width characters and padding
// add some.
const maxGap = 8

// aroundClock is how many digits each other group has at least in a number of
// which one group looks like a time of day. Dates, which stand beside times, have
// shorter ones.
const aroundClock = 4

// group is an unbroken run of decimal digits.
type group struct {
	start, end  int  // in bytes of the text
	first, last int  // its digits are text.digits[first:last]
	joined      bool // only a separator stands between it and the group before
	clock       bool // it is 15:04, its colon left out
}

// text is what a search for card numbers needs to know of a string.
type text struct {
	digits []byte // values 0 to 9
	groups []group
}

// buffers keeps a text of ordinary size off the heap.
type buffers struct {
	digits [128]byte
	groups [64]group
}

// hasFewDigits is the cheap first test that nearly all strings end at.
func hasFewDigits(s string) bool {
	if len(s) < minDigits {
		return true
	}
	n := 0
	for i := range len(s) {
		// Every non-ASCII character may be a digit.
		if c := s[i]; '0' <= c && c <= '9' || c >= 0xC0 {
			if n++; n == minDigits {
				return false
			}
		}
	}
	return true
}

// split finds the groups of digits in s, without those of identifiers and of
// clock times longer than 15:04, which are no part of a card number.
func (b *buffers) split(s string) text {
	t := text{digits: b.digits[:0], groups: b.groups[:0]}
	const broken = maxGap + 1
	gap := broken // characters since the last digit, or broken
	prev := other
	for i := 0; i < len(s); {
		n := notCard(s, i, prev)
		if n > len("15:04") {
			i, prev, gap = i+n, letter, broken
			continue
		}
		if n > 0 {
			g := group{start: i, end: i + len("15:04"), first: len(t.digits), last: len(t.digits) + 4, joined: gap <= maxGap, clock: true}
			t.groups = append(t.groups, g)
			t.digits = append(t.digits, s[i]-'0', s[i+1]-'0', s[i+3]-'0', s[i+4]-'0')
			i, prev, gap = g.end, digit, 0
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		value, class := classify(r)
		switch class {
		case digit:
			if prev != digit {
				t.groups = append(t.groups, group{start: i, first: len(t.digits), joined: gap <= maxGap})
			}
			t.digits = append(t.digits, value)
			g := &t.groups[len(t.groups)-1]
			g.end, g.last = i+size, len(t.digits)
			gap = 0
		case letter:
			gap = broken
		case other:
			gap = min(gap+1, broken)
		}
		i, prev = i+size, class
	}
	return t
}

// cardFrom looks for a card number that begins with group i and returns the
// group where the longest such number ends. One group between others may look
// like a time of day.
func (t *text) cardFrom(i int) (last int, found bool) {
	first := t.groups[i].first
	if len(t.digits)-first < minDigits || t.groups[i].clock {
		return 0, false
	}
	possible := cardLengths(t.digits[first:])
	if possible == 0 {
		return 0, false
	}
	clocks, shortest := 0, maxDigits
	for j := i; j < len(t.groups) && (j == i || t.groups[j].joined); j++ {
		g := &t.groups[j]
		n := g.last - first
		if g.clock {
			clocks++
		}
		shortest = min(shortest, g.last-g.first)
		if n > maxDigits || clocks > 1 || clocks > 0 && shortest < aroundClock {
			break
		}
		if !g.clock && possible.has(n) && luhnValid(t.digits[first:first+n]) {
			last, found = j, true
		}
	}
	return last, found
}

// class is what a character means in a search for digits.
type class uint8

const (
	other  class = iota // separates groups of digits
	letter              // ends a number; so do numerals that are not decimal digits
	digit
)

// classify returns the class of r and, if it is a decimal digit, its value.
func classify(r rune) (byte, class) {
	switch {
	case '0' <= r && r <= '9':
		return byte(r - '0'), digit
	case r < utf8.RuneSelf:
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return 0, letter
		}
		return 0, other
	case unicode.IsDigit(r):
		// Unicode keeps the ten digits of a script together, in order.
		n := 0
		for unicode.IsDigit(r - 1 - rune(n)) {
			n++
		}
		return byte(n % 10), digit
	case unicode.IsLetter(r) || unicode.IsNumber(r):
		return 0, letter
	}
	return 0, other
}
