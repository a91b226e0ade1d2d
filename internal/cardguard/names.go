package cardguard

import "strings"

// Words that a field name may add to a name for the CVV without meaning
// anything else.
var (
	before = []string{"credit", "debit", "card", "cc", "payment", "instrument", "holder", "raw", "plain", "encrypted", "my", "the"}
	after  = []string{"code", "number", "num", "nr", "no", "value", "val", "data", "field", "digits", "text"}
)

// Words that say a field tells something about a CVV and does not hold one.
var aboutCVV = []string{"result", "response", "status", "check", "required", "match", "verified", "present", "provided"}

// IsCVVName reports whether a field of this name holds a card verification
// value, however it is spelled: cvv, CVC2, cardCvv, "Security code",
// instrument.verification_value. Names such as cvv_result do not.
func IsCVVName(name string) bool {
	var buf [32]byte
	word := string(squash(buf[:0], name))
	if strings.Contains(word, "cvv") {
		return !containsAny(word, aboutCVV)
	}
	for {
		for rest := word; ; {
			if meansCVV(rest) {
				return true
			}
			shorter := cutOne(rest, after, strings.TrimSuffix)
			if shorter == rest {
				break
			}
			rest = shorter
		}
		shorter := cutOne(word, before, strings.TrimPrefix)
		if shorter == word {
			return false
		}
		word = shorter
	}
}

// squash appends the ASCII letters, in lower case, and digits of name to word.
func squash(word []byte, name string) []byte {
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if isDigit(c) || 'a' <= c && c <= 'z' {
			word = append(word, c)
		}
	}
	return word
}

// meansCVV reports whether word, all of it, is a name for the CVV: the networks'
// abbreviations other than CVV itself, and what forms call it.
func meansCVV(word string) bool {
	switch word {
	case "cvc", "cvc2", "cvc3", "cvn", "cvn2", "cvd", "cvd2", "cav", "cav2", "csc", "csc2", "cid", "cid2", "ccv", "ccv2", "cv2",
		"securitycode", "securitynumber", "securityvalue", "securitydigits",
		"verificationcode", "verificationnumber", "verificationvalue", "verificationdigits",
		"cardverification", "validationcode", "cardvalidation", "signaturepanelcode":
		return true
	}
	return false
}

func containsAny(word string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(word, part) {
			return true
		}
	}
	return false
}

// cutOne takes the first of the affixes that word has off it.
func cutOne(word string, affixes []string, trim func(s, affix string) string) string {
	for _, affix := range affixes {
		if rest := trim(word, affix); rest != word {
			return rest
		}
	}
	return word
}
