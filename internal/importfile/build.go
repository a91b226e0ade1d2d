package importfile

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
)

// value is the text of a field.
type value struct {
	field int
	text  string
}

// builder makes one row after another of field paths and text. It serves one
// goroutine.
type builder struct {
	table    *table
	defaults []value
	draft    draft
	set      []bool // the fields that the row has
	trusted  bool   // the row has a trusted address
	problems []check.Problem
}

func newBuilder(t *table, defaults []value) *builder {
	return &builder{table: t, defaults: defaults, set: make([]bool, len(t.fields))}
}

// begin forgets the row before.
func (b *builder) begin() {
	b.draft.row = bcapi.ImportRow{}
	if b.trusted {
		b.draft.trusted = [maxTrusted]bcapi.Address{}
		b.trusted = false
	}
	clear(b.set)
	b.problems = nil
}

// finish fills in the defaults and returns the row.
func (b *builder) finish() Row {
	for _, d := range b.defaults {
		if !b.set[d.field] {
			b.put(d.field, d.text)
		}
	}
	row := b.draft.row
	if b.trusted {
		for i := range b.draft.trusted {
			if a := b.draft.trusted[i]; a != (bcapi.Address{}) {
				row.TrustedShippingAddresses = append(row.TrustedShippingAddresses, a)
			}
		}
	}
	return Row{Row: row, Problems: b.problems}
}

// spoiled returns a row of which nothing but the customer id is to be believed.
func (b *builder) spoiled(message string) Row {
	return Row{Row: bcapi.ImportRow{CustomerID: b.draft.row.CustomerID}, Problems: []check.Problem{{Message: message}}}
}

func (b *builder) refuse(path, message string) {
	b.problems = append(b.problems, check.Problem{Field: reported(path), Message: message})
}

// put gives a field its text. Text that is blank is as good as none.
func (b *builder) put(i int, s string) {
	if isBlank(s) {
		return
	}
	b.set[i] = true
	f := &b.table.fields[i]
	switch f.kind {
	case integer:
		b.putInteger(i, s)
	case boolean:
		b.putBoolean(f, s)
	case identifier:
		b.checkIdentifier(i, s)
		fallthrough
	case text:
		b.trusted = b.trusted || f.trusted >= 0
		*f.text(&b.draft) = s
	}
}

const byASpreadsheet = "looks rewritten by a spreadsheet: format the column as text and export again"

func (b *builder) checkIdentifier(i int, s string) {
	path := b.table.fields[i].path
	switch {
	case rewritten(s):
		b.refuse(path, byASpreadsheet)
	case i == fieldLast4 && len(s) < 4 && allDigits(s):
		b.refuse(path, "has fewer than four digits: a spreadsheet drops leading zeros; format the column as text and export again")
	case strings.ContainsRune(s, utf8.RuneError):
		b.refuse(path, "holds the sign for a character that was lost in a conversion (U+FFFD): export again as UTF-8")
	}
}

func (b *builder) putInteger(i int, s string) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || s[0] == '+' {
		path := b.table.fields[i].path
		switch {
		case i != fieldCustomerID && dateLike(s) && !zeroFraction(s):
			b.refuse(path, "looks like a date, perhaps made by a spreadsheet: give the month and the year as whole numbers in columns of their own")
			return
		case rewritten(s):
			b.refuse(path, byASpreadsheet)
		default:
			b.refuse(path, "must be a whole number, in digits alone")
			return
		}
		whole, _, _ := cutAny(s, ".,")
		if n, err = strconv.ParseInt(whole, 10, 64); err != nil || !zeroFraction(s) {
			return
		}
	}
	b.setInteger(i, n)
}

func (b *builder) setInteger(i int, n int64) {
	switch i {
	case fieldCustomerID:
		b.draft.row.CustomerID = n
	case fieldExpiryMonth:
		b.draft.row.Instrument.ExpiryMonth = small(n)
	case fieldExpiryYear:
		b.draft.row.Instrument.ExpiryYear = small(n)
	}
}

// small keeps a number that no month or year can be as one that the checks
// refuse on every machine.
func small(n int64) *int {
	v := int(max(-1, min(n, 1<<30)))
	return &v
}

func (b *builder) putBoolean(f *field, s string) {
	var v bool
	switch strings.ToLower(s) {
	case "true", "1", "yes":
		v = true
	case "false", "0", "no":
	default:
		b.refuse(f.path, "must be true or false")
		return
	}
	b.draft.row.DefaultInstrument = &v
}

// isOfOneRow reports whether a field says which instrument a row is, or whose.
func isOfOneRow(path string) bool { return path == "customer_id" || path == "instrument.vault_token" }

// parseDefaults reads Options.Defaults, and says what is wrong with each that
// cannot be used.
func parseDefaults(t *table, defaults map[string]string) (values []value, wrong []string) {
	for path, s := range sorted(defaults) {
		i, known := t.find(strings.TrimSpace(path))
		if !known {
			wrong = append(wrong, "the default "+label(path)+" is for no field"+t.didYouMean(path))
			continue
		}
		if isOfOneRow(t.fields[i].path) {
			wrong = append(wrong, t.fields[i].path+" cannot have a default: it would hand instruments to a stranger")
			continue
		}
		trial := newBuilder(t, nil)
		trial.put(i, s)
		for _, p := range trial.problems {
			wrong = append(wrong, "the default of "+p.Field+" "+p.Message)
		}
		if slices.ContainsFunc(values, func(v value) bool { return v.field == i }) {
			wrong = append(wrong, "there are two defaults for "+t.fields[i].path)
		}
		values = append(values, value{field: i, text: s})
	}
	return values, wrong
}
