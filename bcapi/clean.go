package bcapi

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// Lengths, in characters, to which upstream text is cut.
const (
	maxTitle  = 200
	maxDetail = 300
	maxField  = 120
)

// cleaner makes upstream text fit for logs and for a model's eyes: one line,
// without control and formatting characters, card numbers and the access token,
// cut to limit characters.
type cleaner func(s string, limit int) string

// newCleaner makes a cleaner that also takes out echoes of a secret, which may
// be "". It is a closure so that no print of a struct shows the secret.
func newCleaner(secret Secret) cleaner {
	return func(s string, limit int) string { return cleaned(s, secret.Reveal(), limit) }
}

// Card numbers and the secret go before the cut, which could leave most of one
// standing, and after the characters that could hide one.
func cleaned(s, secret string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if secret != "" {
		s = strings.ReplaceAll(s, secret, redacted)
	}
	s = cardguard.Redact(s)
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit-1]) + "…"
	}
	return s
}
