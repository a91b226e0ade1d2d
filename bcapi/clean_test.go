package bcapi

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	tests := []struct {
		in, want string
		limit    int
	}{
		{"plain", "plain", 10},
		{" a\r\n\tb  c ", "a b c", 10},
		{"a\x00\x1b[0mb\u202e\u200b\ufeffc\u2028d", "a[0mbc d", 20},
		{"bad \xff utf8", "bad \uFFFD utf8", 20},
		{"éééé", "éé…", 3},
		{"say " + testToken + "!", "say [redacted]!", 40},
		{"say tok_5\x00up3r\u200b53cr3t!", "say [redacted]!", 40},
		{"4111111111111111", "[card number removed]", 40},
		{"4111\n1111\n1111\n1111", "[card number removed]", 40},
		{"x 4111111111111111", "x [card n…", 10}, // cut after the number is out
	}
	clean := newCleaner(testToken)
	for _, tt := range tests {
		if got := clean(tt.in, tt.limit); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := newCleaner("")("as is", 10); got != "as is" {
		t.Errorf("without a secret: %q", got)
	}
	if got := clean(strings.Repeat("a", 1<<20), 5); got != "aaaa…" {
		t.Errorf("long: %q", got)
	}
}
