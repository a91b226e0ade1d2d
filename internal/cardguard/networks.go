package cardguard

const (
	minDigits    = 13
	maxDigits    = 19
	prefixDigits = 6
)

// lengths is a set of digit counts: bit n is set when n digits are possible.
type lengths uint32

const (
	of15     lengths = 1 << 15
	of16     lengths = 1 << 16
	of18     lengths = 1 << 18
	of19     lengths = 1 << 19
	of16to19 lengths = of16 | 1<<17 | of18 | of19
	of14to19 lengths = 1<<14 | of15 | of16to19
	of13to19 lengths = 1<<13 | of14to19
)

// networks lists the card networks' issuer ranges by their first six digits.
// A range that lies inside another with the same lengths is left out: Elo's
// and Verve's cards under 65 are Discover's, Troy's under 65 too.
var networks = [...]struct {
	name    string
	lo, hi  int
	lengths lengths
}{
	// Visa's 13-digit numbers are out of use, and phone numbers look like them.
	{"Visa", 400000, 499999, of16 | of18 | of19},
	{"Mastercard", 510000, 559999, of16},
	{"Mastercard", 222100, 272099, of16},
	{"American Express", 340000, 349999, of15},
	{"American Express", 370000, 379999, of15},
	{"Diners Club", 300000, 305999, of14to19},
	{"Diners Club", 309500, 309599, of14to19},
	{"Diners Club", 360000, 369999, of14to19},
	{"Diners Club", 380000, 399999, of14to19},
	{"Discover", 601100, 601199, of16to19},
	{"Discover", 644000, 659999, of16to19},
	{"JCB", 352800, 358999, of16to19},
	{"UnionPay, and Discover's 622126 to 622925", 620000, 629999, of16to19},
	{"UnionPay", 810000, 819999, of16to19},
	{"Maestro", 501800, 501899, of13to19},
	{"Maestro", 502000, 502099, of13to19},
	{"Maestro", 503800, 503899, of13to19},
	{"Maestro", 589300, 589399, of13to19},
	{"Maestro", 630400, 630499, of13to19},
	{"Maestro", 675900, 675999, of13to19},
	{"Maestro", 676100, 676399, of13to19},
	{"Maestro", 60400, 60499, of13to19}, // 0604
	{"Mir", 220000, 220499, of16to19},
	{"RuPay", 600000, 609999, of16},
	{"RuPay", 820000, 829999, of16},
	{"RuPay", 508000, 508999, of16},
	{"Elo", 504175, 504175, of16},
	{"Elo", 506699, 506778, of16},
	{"Elo", 509000, 509999, of16},
	{"Hipercard", 637095, 637095, of16},
	{"Hipercard", 637568, 637568, of16},
	{"Hipercard", 637599, 637599, of16},
	{"Hipercard", 637609, 637609, of16},
	{"Hipercard", 637612, 637612, of16},
	{"Hipercard", 606282, 606282, of16 | of19},
	{"Dankort", 501900, 501999, of16},
	{"Troy", 979200, 979299, of16},
	{"Verve", 506099, 506198, of16 | of18 | of19},
	{"Verve", 507865, 507964, of16 | of18 | of19},
	{"InterPayment", 636000, 636999, of16to19},
}

// cardLengths returns the lengths that a card number beginning with these
// digits can have; none if no network's numbers begin so. It needs six digits.
func cardLengths(digits []byte) lengths {
	prefix := 0
	for _, d := range digits[:prefixDigits] {
		prefix = prefix*10 + int(d)
	}
	var all lengths
	for i := range networks {
		if n := &networks[i]; n.lo <= prefix && prefix <= n.hi {
			all |= n.lengths
		}
	}
	return all
}

func (l lengths) has(n int) bool { return l>>n&1 == 1 }

// luhnValid reports whether the last digit is the right check digit.
func luhnValid(digits []byte) bool {
	sum, double := 0, false
	for i := len(digits) - 1; i >= 0; i-- {
		d := int(digits[i])
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return sum%10 == 0
}
