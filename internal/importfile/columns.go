package importfile

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// ignored stands for the field of a column that is not imported.
const ignored = -1

// sorted goes through a map in the order of its keys, for errors that do not
// change from run to run.
func sorted(m map[string]string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

// target returns the field that Options.Columns names, or ignored.
func (t *table) target(path string) (field int, wrong string) {
	if path == "" || path == "-" {
		return ignored, ""
	}
	if i, known := t.find(path); known {
		return i, ""
	}
	return ignored, "is mapped to " + label(path) + ", which is no field" + t.didYouMean(path)
}

const cvvWords = "is for card verification values, which may never be stored: delete that column from the file, and from every copy of it"

// matcher matches the headers of a CSV to fields and collects what is wrong.
type matcher struct {
	table   *table
	columns map[string]string
	fields  []int // for each header
	wrong   []string
	owner   map[int]string // which header has a field
	named   map[string]int // how often a header occurs
}

// matchHeaders returns the field of each header, and in words what is wrong.
func matchHeaders(t *table, headers []string, o Options, defaults []value) (fields []int, wrong []string) {
	m := &matcher{table: t, columns: o.Columns, owner: make(map[int]string), named: make(map[string]int)}
	for i, header := range headers {
		m.named[header]++
		m.match(i+1, header)
	}
	for name := range sorted(o.Columns) {
		if m.named[name] == 0 {
			m.complain("columns names %s, a header that the file does not have%s", label(name), closestHeader(name, headers))
		}
	}
	for _, path := range required {
		i := t.byPath[path]
		_, has := m.owner[i]
		if has || slices.ContainsFunc(defaults, func(d value) bool { return d.field == i && !isBlank(d.text) }) {
			continue
		}
		advice := "map one to it with columns, or give it with defaults"
		if isOfOneRow(path) {
			advice = "map one to it with columns"
		}
		m.complain("no column is %s, which every row needs: %s", path, advice)
	}
	return m.fields, m.wrong
}

func (m *matcher) complain(format string, args ...any) {
	m.wrong = append(m.wrong, fmt.Sprintf(format, args...))
}

// match finds the field of one header, which stands in the given column.
func (m *matcher) match(column int, header string) {
	path, mapped := m.columns[header]
	field, wrong := ignored, ""
	switch {
	case cardguard.IsCVVName(header):
		wrong = cvvWords
	case mapped:
		field, wrong = m.table.target(path)
	case header == "":
		m.complain("column %d has no header", column)
	default:
		i, known := m.table.find(header)
		if field = i; !known {
			field, wrong = ignored, "is no field"+m.table.didYouMean(header)
		}
	}
	if wrong != "" && m.named[header] == 1 {
		m.complain("%s %s", label(header), wrong)
	}
	m.claim(header, field)
	m.fields = append(m.fields, field)
}

// claim sees to it that one column alone gives a field, and that no header
// which means something stands there twice.
func (m *matcher) claim(header string, field int) {
	if field == ignored {
		return
	}
	earlier, taken := m.owner[field]
	switch {
	case !taken:
		m.owner[field] = header
	case earlier == header:
		m.complain("the header %s stands there twice", label(header))
	default:
		m.complain("the headers %s and %s are both for %s", label(earlier), label(header), m.table.fields[field].path)
	}
}

// closestHeader names the header that Options.Columns may have meant.
func closestHeader(name string, headers []string) string {
	best, closest := 1+len(name)/4, ""
	for _, header := range headers {
		if len(header) > maxLabel || len(name) > maxLabel {
			continue
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(header)); d < best {
			best, closest = d, header
		}
	}
	if closest == "" {
		return ""
	}
	return " (did you mean " + label(closest) + "?)"
}

const (
	// maxDetails is how many faults of a row are told.
	maxDetails = 20
	// maxNames is how many faults of a file's names are told: as many as there are
	// fields, so that one refusal is enough to map them all.
	maxNames = 50
)

const adviceColumns = `Map the file's own names to fields with columns, such as {"Token": "instrument.vault_token"}; map a name to "-" to ignore it`

// columnsError refuses a file for what is wrong with its names, and tells those
// that there are.
func (t *table) columnsError(line int, what string, wrong []string) *Error {
	if more := len(wrong) - maxNames; more > 0 {
		wrong = append(wrong[:maxNames:maxNames], fmt.Sprintf("and %d more", more))
	}
	return &Error{Kind: KindColumns, Line: line, What: what, Details: wrong, Advice: adviceColumns + ". The fields are " + t.names()}
}

// names are the paths of all fields, but that of the trusted addresses the first
// stands for all.
func (t *table) names() string {
	var paths []string
	for _, f := range t.fields {
		if !strings.HasPrefix(f.path, trustedName) {
			paths = append(paths, f.path)
		}
	}
	return strings.Join(paths, ", ") + ", and " + trustedName + ".0.first_name and so on"
}
