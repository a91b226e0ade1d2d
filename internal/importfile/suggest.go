package importfile

import "strings"

// didYouMean names the fields whose paths come closest to name, as words to
// put behind a refusal; "" when none is close.
func (t *table) didYouMean(name string) string {
	wanted := squash(dotted(name))
	if wanted == "" || len(wanted) > maxLabel {
		return ""
	}
	var closest []string
	best := min(3, len(wanted)/4) // farther is another word
	for _, f := range t.fields {
		if f.trusted > 0 && !strings.HasPrefix(name, trustedName) {
			continue // the tenth address is nobody's first guess
		}
		d := editDistance(wanted, f.squashed)
		if f.trusted < 0 {
			d = min(d, editDistance(wanted, f.leaf))
		}
		if d < best {
			best, closest = d, nil
		}
		if d == best {
			closest = append(closest, f.path)
		}
	}
	if len(closest) == 0 {
		return ""
	}
	return " (did you mean " + strings.Join(closest[:min(2, len(closest))], " or ") + "?)"
}

// squash takes case and punctuation out, so that "Vault Token" and vaultToken
// are vault_token.
func squash(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case r == '_' || r == '-' || r == ' ' || r == '.':
			return -1
		}
		return r
	}, name)
}

// editDistance is Levenshtein's: how many bytes to insert, delete or replace.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
