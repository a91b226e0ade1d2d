package cardguard

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
)

const visa = "4111111111111111"

// cardNumber returns a number of n digits that begins with prefix and passes
// the Luhn check.
func cardNumber(prefix string, n int) string {
	body := prefix + strings.Repeat("7", n-1-len(prefix))
	for check := range 10 {
		sum, number := 0, fmt.Sprint(body, check)
		for i := range n {
			d := int(number[n-1-i] - '0')
			sum += d
			if i%2 == 1 {
				sum += d - d/5*9
			}
		}
		if sum%10 == 0 {
			return number
		}
	}
	panic("no check digit fits")
}

// pairs puts a colon after every second digit but the last.
func pairs(number string) string {
	s := number[:2]
	for i := 2; i < len(number); i += 2 {
		s += ":" + number[i:i+2]
	}
	return s
}

func TestNetworks(t *testing.T) {
	tests := []struct {
		network  string
		prefixes []string
		lengths  []int
	}{
		{"Visa", []string{"40", "41", "49"}, []int{16, 18, 19}},
		{"Mastercard", []string{"51", "55", "2221", "2300", "2720"}, []int{16}},
		{"American Express", []string{"34", "37"}, []int{15}},
		{"Diners Club", []string{"300", "305", "3095", "36", "38", "39"}, []int{14, 15, 16, 17, 18, 19}},
		{"Discover", []string{"6011", "644", "649", "65", "622126", "622925"}, []int{16, 17, 18, 19}},
		{"JCB", []string{"3528", "3589"}, []int{16, 17, 18, 19}},
		{"UnionPay", []string{"62", "81"}, []int{16, 17, 18, 19}},
		{"Maestro", []string{"5018", "5020", "5038", "5893", "6304", "6759", "6761", "6762", "6763", "0604"}, []int{13, 14, 15, 16, 17, 18, 19}},
		{"Mir", []string{"2200", "2204"}, []int{16, 17, 18, 19}},
		{"RuPay", []string{"60", "82", "508"}, []int{16}},
		{"Elo", []string{"504175", "506699", "506778", "509000", "509999"}, []int{16}},
		{"Hipercard", []string{"606282"}, []int{16, 19}},
		{"Hipercard", []string{"637095", "637568", "637599", "637609", "637612"}, []int{16}},
		{"Dankort", []string{"5019"}, []int{16}},
		{"Troy", []string{"9792"}, []int{16}},
		{"Verve", []string{"506110", "506198", "507865", "507964"}, []int{16, 18, 19}},
		{"InterPayment", []string{"636"}, []int{16, 17, 18, 19}},
	}
	for _, test := range tests {
		for _, prefix := range test.prefixes {
			for n := 12; n <= 20; n++ {
				want := false
				for _, l := range test.lengths {
					want = want || l == n
				}
				number := cardNumber(prefix, n)
				if got := ContainsCardNumber(number); got != want {
					t.Errorf("%s: %d digits with prefix %s: got %v, want %v", test.network, n, prefix, got, want)
				}
				wrong := number[:n-1] + string('0'+(number[n-1]-'0'+1)%10)
				if ContainsCardNumber(wrong) {
					t.Errorf("%s: %d digits with prefix %s: found despite a wrong check digit", test.network, n, prefix)
				}
			}
		}
	}
	for _, prefix := range []string{"1", "7", "2220", "2721", "2205", "306", "3094", "3527", "3590", "50", "56", "6300", "643", "66", "83", "9791"} {
		for n := minDigits; n <= maxDigits; n++ {
			if ContainsCardNumber(cardNumber(prefix, n)) {
				t.Errorf("%d digits with prefix %s: found, but no network has it", n, prefix)
			}
		}
	}
}

// The networks' published test numbers guard against a shared mistake of
// cardNumber and luhnValid.
func TestPublishedTestNumbers(t *testing.T) {
	for _, number := range []string{
		visa, "4012888888881881", "5555555555554444", "5105105105105100", "2223003122003222", "378282246310005",
		"371449635398431", "30569309025904", "38520000023237", "36227206271667", "6011111111111117", "6011000990139424",
		"3530111333300000", "3566002020360505", "6205500000000000004", "6759649826438453", "5019717010103742",
	} {
		if !ContainsCardNumber(number) {
			t.Errorf("%s: not found", number)
		}
	}
}

func TestRedact(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"alone":                    {visa, removed},
		"in a sentence":            {"pay with " + visa + ", please", "pay with " + removed + ", please"},
		"spaces":                   {"4111 1111 1111 1111", removed},
		"no-break spaces":          {"4111\u00a01111\u202f1111\u20031111", removed},
		"dashes":                   {"4111-1111\u20131111\u20141111", removed},
		"dots":                     {"4111.1111.1111.1111", removed},
		"slashes":                  {"4111/1111/1111/1111", removed},
		"underscores":              {"4111_1111_1111_1111", removed},
		"colons":                   {"4111:1111:1111:1111", removed},
		"zero-width characters":    {"4111\u200b1111\u200d1111\ufeff1111", removed},
		"mixed separators":         {"4111 - 1111 / 1111\t\n1111", removed},
		"invalid UTF-8 between":    {"4111\xff1111\xfe1111\xc01111", removed},
		"every digit apart":        {"4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", removed},
		"gap of 5":                 {"4111 \u200b-\u200b 1111 1111 1111", removed},
		"gap of 8":                 {"4111 ------ 1111 1111 1111", removed},
		"gap of 9":                 {"4111 ------- 1111 1111 1111", "4111 ------- 1111 1111 1111"},
		"like a time":              {"4000 0000 00:00 0002", removed},
		"like a time, second":      {"4000 00:00 0000 0002", removed},
		"like a time, other sizes": {"400000-00:00-000002 12:30", removed + " 12:30"},
		"like a time, at the end":  {"4000 0000 0000 00:02", "4000 0000 0000 00:02"},
		"like two times":           {"4000 00:00 00:00 0002", "4000 00:00 00:00 0002"},
		"time beside a date":       {"4000 0000 12:30 04.06.", "4000 0000 12:30 04.06."},
		"letters between":          {"4111a1111b1111c1111", "4111a1111b1111c1111"},
		"full-width":               {"４１１１１１１１１１１１１１１１", removed},
		"Arabic-Indic":             {"٤١١١ ١١١١ ١١١١ ١١١١", removed},
		"mathematical":             {"\U0001D7DC" + strings.Repeat("\U0001D7D9", 15), removed},
		"expiry and CVV behind":    {"4111 1111 1111 1111 12/29 123", removed + " 12/29 123"},
		"number in front":          {"3 4111 1111 1111 1111", "3 " + removed},
		"magnetic stripe":          {"%B" + visa + "^DOE/J^2912101", "%B" + removed + "^DOE/J^2912101"},
		"second track":             {";" + visa + "=2912101?", ";" + removed + "=2912101?"},
		"prefix and underscore":    {"tok_" + visa, "tok_" + removed},
		"glued to letters":         {"tok" + visa + "x", "tok" + removed + "x"},
		"two numbers":              {visa + ", 378282246310005!", removed + ", " + removed + "!"},
		"glued in 20 digits":       {"1234" + visa, "1234" + visa},
		"glued in 17 digits":       {"1" + visa, "1" + visa},
		"13-digit Visa":            {cardNumber("4", 13), cardNumber("4", 13)},
		"hash of 32":               {"4111111111111111aaaaaaaaaaaaaaaa", "4111111111111111aaaaaaaaaaaaaaaa"},
		"hash of 40":               {strings.Repeat("a", 24) + visa, strings.Repeat("a", 24) + visa},
		"hash of 64":               {strings.Repeat("AB", 24) + visa, strings.Repeat("AB", 24) + visa},
		"hash of 128":              {visa + strings.Repeat("ab", 56), visa + strings.Repeat("ab", 56)},
		"hexadecimal of 31":        {strings.Repeat("a", 15) + visa, strings.Repeat("a", 15) + removed},
		"hexadecimal of 33":        {strings.Repeat("a", 17) + visa, strings.Repeat("a", 17) + removed},
		"32, not hexadecimal":      {strings.Repeat("g", 16) + visa, strings.Repeat("g", 16) + removed},
		"hash glued to é":          {strings.Repeat("a", 16) + visa + "é", strings.Repeat("a", 16) + removed + "é"},
		"hash, then number":        {strings.Repeat("a", 32) + " " + visa, strings.Repeat("a", 32) + " " + removed},
		"hash after an underscore": {"tok_" + strings.Repeat("a", 16) + visa, "tok_" + strings.Repeat("a", 16) + visa},
		"UUID":                     {"41111111-1111-1111-9111-111111111111", "41111111-1111-1111-9111-111111111111"},
		"UUID glued to a letter":   {"41111111-1111-1111-aaaa-aaaaaaaaaaaaz", removed + "-aaaa-aaaaaaaaaaaaz"},
		"time, 16 digits":          {"2024-05-01T22:21:56.789012+02:00", "2024-05-01T22:21:56.789012+02:00"},
		"time behind a number":     {visa + " 22:21", removed + " 22:21"},
		"time between groups":      {"4111 1111 12:30 1111 1111", "4111 1111 12:30 1111 1111"},
		"time with Z":              {"2024-06-04 12:34:56.789015Z", "2024-06-04 12:34:56.789015Z"},
		"pairs like a time":        {pairs(cardNumber("2221000", 16)), removed},
		"pairs no clock shows":     {"41:11:11 1111111111", removed},
		"16 digits and 18 digits":  {visa + " " + cardNumber(visa, 18)[16:], removed},
		"not a time":               {"41:11:11:11:11:11:11:11", removed},
		"other bytes":              {"\xff\x00 " + visa + " \xfe", "\xff\x00 " + removed + " \xfe"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Redact(test.in); got != test.want {
				t.Errorf("Redact(%q) = %q, want %q", test.in, got, test.want)
			}
			if got, want := ContainsCardNumber(test.in), test.in != test.want; got != want {
				t.Errorf("ContainsCardNumber(%q) = %v, want %v", test.in, got, want)
			}
		})
	}
}

// Two card numbers that share digits go together: neither may stay in part.
func TestRedactOverlap(t *testing.T) {
	first := cardNumber("411111115111", 16)
	second := cardNumber(first[8:], 16)
	in := first[:4] + " " + first[4:8] + " " + second[:4] + " " + second[4:8] + " " + second[8:]
	if got := Redact("1 " + in + " 2"); got != "1 "+removed+" 2" {
		t.Errorf("Redact(%q) = %q", in, got)
	}
}

// classify counts back to the first digit of a script; that is only right if
// digits come in whole sets of ten.
func TestUnicodeDigitsComeInTens(t *testing.T) {
	for _, r := range unicode.Nd.R16 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("%U to %U", r.Lo, r.Hi)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("%U to %U", r.Lo, r.Hi)
		}
	}
}

func TestManyGroups(t *testing.T) {
	filler := strings.Repeat("12 34 ", 500)
	in := filler + "x " + visa + " x" + filler
	if got, want := Redact(in), filler+"x "+removed+" x"+filler; got != want {
		t.Error("a card number among many groups of digits was not redacted alone")
	}
}

func FuzzRedact(f *testing.F) {
	for _, s := range []string{
		"", visa, "4111 1111 1111 1111 12/29 123", "tok_" + visa, "٤١١١ ١١١١ ١١١١ ١١١١", "4111\xff1111\xfe1111\xc01111",
		"41111111-1111-1111-9111-111111111111", "2024-05-01T22:21:56.789012+02:00 " + visa, strings.Repeat("a", 16) + visa,
		"41:11:11:11:11:11:11:11", visa + visa, "1 " + visa + "/378282246310005",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		redacted := Redact(s)
		if ContainsCardNumber(redacted) {
			t.Errorf("Redact(%q) = %q, which still has a card number", s, redacted)
		}
		if ContainsCardNumber(s) != (redacted != s) {
			t.Errorf("ContainsCardNumber(%q) = %v, Redact gives %q", s, ContainsCardNumber(s), redacted)
		}
	})
}
