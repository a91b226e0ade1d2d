package check

import (
	"strconv"
	"strings"
	"unicode"
)

// network is the card network that a brand name or an iin stands for.
type network string

const (
	visa       network = "visa"
	mastercard network = "mastercard"
	amex       network = "american express"
	diners     network = "diners club"
	discover   network = "discover"
	jcb        network = "jcb"
)

// brandContradictsIIN reports whether brand names a network that the iin does
// not belong to. Brands outside the table, and ranges that several networks
// share, contradict nothing: no list of brands is published
// (docs/api-facts.md 2.10).
func brandContradictsIIN(brand, iin string) bool {
	named, owner := networkOfBrand(brand), networkOfIIN(iin)
	return named != "" && owner != "" && named != owner
}

func networkOfBrand(brand string) network {
	folded := func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}
	switch strings.Map(folded, brand) {
	case "visa":
		return visa
	case "mastercard", "master", "mc":
		return mastercard
	case "amex", "americanexpress":
		return amex
	case "diners", "dinersclub":
		return diners
	case "discover":
		return discover
	case "jcb":
		return jcb
	}
	return ""
}

// networkOfIIN goes by the first six digits, over ranges that belong to one
// network alone.
func networkOfIIN(iin string) network {
	if len(iin) < 6 {
		return ""
	}
	n, err := strconv.Atoi(iin[:6])
	if err != nil {
		return ""
	}
	for _, r := range []struct {
		from, to int
		owner    network
	}{
		{222100, 272099, mastercard},
		{300000, 305999, diners},
		{340000, 349999, amex},
		{352800, 358999, jcb},
		{360000, 369999, diners},
		{370000, 379999, amex},
		{400000, 499999, visa},
		{510000, 559999, mastercard},
		{601100, 601199, discover},
		{644000, 649999, discover},
	} {
		if n >= r.from && n <= r.to {
			return r.owner
		}
	}
	return ""
}
