package cardguard

import "unicode/utf8"

// notCard returns the length of the hash, UUID or clock time that begins at
// s[i], or 0; 15:04 is the shortest. prev is the class of the character before
// it.
func notCard(s string, i int, prev class) int {
	if prev == other && isHex(s[i]) {
		if n := hashLength(s[i:]); n > 0 {
			return n
		}
		if n := uuidLength(s[i:]); n > 0 {
			return n
		}
	}
	if prev != digit && isDigit(s[i]) && (i == 0 || s[i-1] != ':') {
		return clockLength(s[i:])
	}
	return 0
}

// hashLength returns the length of the hexadecimal word that s begins with if
// it is as long as the usual hashes (128, 160, 256 and 512 bits), else 0.
func hashLength(s string) int {
	n := 0
	for n < len(s) && isHex(s[n]) {
		n++
	}
	switch n {
	case 32, 40, 64, 128:
		if endsWord(s[n:]) {
			return n
		}
	}
	return 0
}

// uuidLength returns the length of the UUID that s begins with, or 0.
func uuidLength(s string) int {
	const form = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"
	if len(s) < len(form) {
		return 0
	}
	for i := range len(form) {
		if form[i] == 'h' && !isHex(s[i]) || form[i] == '-' && s[i] != '-' {
			return 0
		}
	}
	if !endsWord(s[len(form):]) {
		return 0
	}
	return len(form)
}

// clockLength returns the length of the time of day that s begins with, or 0:
// 15:04, 15:04:05, 15:04:05.999999999, or one of these with a Z. With the date
// before it and the offset behind it, its digits would now and then add up to a
// card number.
func clockLength(s string) int {
	if !twoDigits(s, 24) || !hasByte(s, 2, ':') || !twoDigits(s[3:], 60) {
		return 0
	}
	n := 5
	if hasByte(s, n, ':') && twoDigits(s[n+1:], 61) {
		n += 3
		if (hasByte(s, n, '.') || hasByte(s, n, ',')) && hasDigit(s, n+1) {
			for n++; hasDigit(s, n); n++ {
			}
		}
	}
	if hasByte(s, n, 'Z') {
		n++
	}
	if !endsWord(s[n:]) || hasByte(s, n, ':') && hasDigit(s, n+1) {
		return 0
	}
	return n
}

// twoDigits reports whether s begins with a two-digit number below limit.
func twoDigits(s string, limit int) bool {
	return hasDigit(s, 0) && hasDigit(s, 1) && int(s[0]-'0')*10+int(s[1]-'0') < limit
}

func hasDigit(s string, i int) bool        { return i < len(s) && isDigit(s[i]) }
func hasByte(s string, i int, c byte) bool { return i < len(s) && s[i] == c }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// endsWord reports whether what follows a word is no letter or digit.
func endsWord(rest string) bool {
	if rest == "" {
		return true
	}
	r, _ := utf8.DecodeRuneInString(rest)
	_, c := classify(r)
	return c == other
}
