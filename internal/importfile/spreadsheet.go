package importfile

import "strings"

// rewritten reports whether s, as an identifier or a whole number, looks like
// what a spreadsheet makes of one: 4.11E+05, 12.0, 1,234,567, or an error
// value. The sign behind the E is asked for because gateways' tokens may look
// like 4e56.
func rewritten(s string) bool {
	if plain(s) {
		return false
	}
	return scientific(s) || zeroFraction(s) || grouped(s) || strings.HasPrefix(s, "#") && errorValue(s)
}

// plain is the cheap first test that nearly all values end at.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < '0' && c != '-' || c >= 0x80 {
			return false
		}
	}
	return !strings.Contains(s, "-")
}

func scientific(s string) bool {
	mantissa, exponent, found := cutAny(s, "eE")
	if !found || len(exponent) < 2 || exponent[0] != '+' && exponent[0] != '-' || !allDigits(exponent[1:]) {
		return false
	}
	whole, fraction, found := cutAny(mantissa, ".,")
	return allDigits(whole) && (!found || allDigits(fraction))
}

// zeroFraction recognises 12.0 and 12,00.
func zeroFraction(s string) bool {
	whole, fraction, found := cutAny(s, ".,")
	return found && allDigits(whole) && fraction != "" && strings.Trim(fraction, "0") == ""
}

// grouped recognises 1,234 and 1.234.567 and 1 234: groups of three digits
// behind one to three. One point alone is no proof.
func grouped(s string) bool {
	for _, separator := range []string{",", ".", "'", " ", "\u00a0", "\u202f", "\u2019"} {
		groups := strings.Split(s, separator)
		if len(groups) < 2 || separator == "." && len(groups) < 3 || len(groups[0]) > 3 {
			continue
		}
		if !allDigits(groups[0]) {
			continue
		}
		threes := true
		for _, group := range groups[1:] {
			threes = threes && len(group) == 3 && allDigits(group)
		}
		if threes {
			return true
		}
	}
	return false
}

func errorValue(s string) bool {
	switch strings.TrimRight(strings.ToUpper(s), "!?#") {
	case "", "#N/A", "#REF", "#VALUE", "#NAME", "#NUM", "#NULL", "#DIV/0":
		return true
	}
	return false
}

// dateLike reports whether s, as a month or a year, looks like a date: 12/27,
// 2027-12-01, Dec-27.
func dateLike(s string) bool {
	if strings.ContainsAny(s, "0123456789") && strings.ContainsAny(s[1:], "/-. ") {
		return true
	}
	const months = "jan feb mar apr may jun jul aug sep oct nov dec"
	lower := strings.ToLower(s)
	return len(lower) >= 3 && lower[0] >= 'a' && strings.Contains(months, lower[:3]) && !strings.Contains(lower[:3], " ")
}

func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
