package importfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// rowParser makes rows of JSON objects.
type rowParser struct {
	tree  *node
	build *builder
	text  []byte // valid JSON
	at    int    // the next byte of text
	seen  []*node
	words map[string]string // refusals of unknown keys, which tend to repeat
}

// maxWords bounds rowParser.words.
const maxWords = 1000

func newRowParser(f *jsonFormat) *rowParser {
	return &rowParser{tree: f.tree, build: newBuilder(f.table, f.defaults), words: make(map[string]string)}
}

// parse reads one row of valid JSON.
func (p *rowParser) parse(text []byte) Row {
	p.build.begin()
	p.text, p.at, p.seen = text, 0, p.seen[:0]
	if p.peek() != '{' {
		return p.build.spoiled("is not a JSON object")
	}
	p.object(p.tree)
	return p.build.finish()
}

// peek returns the next byte that is not white space. Valid JSON has one
// wherever it is asked for.
func (p *rowParser) peek() byte {
	for isSpace(p.text[p.at]) {
		p.at++
	}
	return p.text[p.at]
}

// more reports whether another element of the object or array follows, and
// stands before it then, else behind the closing bracket.
func (p *rowParser) more(first bool) bool {
	c := p.peek()
	if first {
		p.at++ // the opening bracket
		c = p.peek()
	}
	if c == '}' || c == ']' {
		p.at++
		return false
	}
	if c == ',' {
		p.at++
		p.peek()
	}
	return true
}

func (p *rowParser) object(n *node) {
	for first := true; p.more(first); first = false {
		key := p.key()
		p.peek()
		p.at++ // the colon
		p.peek()
		switch child := n.at(key); {
		case child == nil:
			p.unknown(n, string(key))
		case slices.Contains(p.seen, child):
			p.build.refuse(clean(child.path), "stands there twice")
			p.skip()
		default:
			p.seen = append(p.seen, child)
			p.value(child)
		}
	}
}

// key reads a string that is gone by the next call.
func (p *rowParser) key() []byte {
	from := p.at
	if escaped := p.passString(); escaped {
		p.at = from
		return []byte(p.string())
	}
	return p.text[from+1 : p.at-1]
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (p *rowParser) array(n *node) {
	i := 0
	for first := true; p.more(first); first = false {
		switch child := n.element(i); {
		case child != nil:
			p.value(child)
		case i == maxTrusted && n.array:
			p.build.refuse(clean(n.path), fmt.Sprintf("has more than %d addresses", maxTrusted))
			p.skip()
		case !n.array:
			p.unknown(n, strconv.Itoa(i))
		default:
			p.skip()
		}
		i++
	}
}

// value reads the value at a place that is known.
func (p *rowParser) value(n *node) {
	switch c := p.peek(); {
	case n.known && n.field == ignored:
		p.ignore(n)
	case c == 'n':
		p.skip() // null is as good as absent
	case n.known:
		p.scalar(n, c)
	case c == '[' && (n.array || n.children["0"] != nil):
		p.array(n)
	case c == '{' && !n.array:
		p.object(n)
	case n.array:
		p.build.refuse(clean(n.path), "must be an array of objects")
		p.skip()
	default:
		p.build.refuse(clean(n.path), "must be an object")
		p.skip()
	}
}

// scalar gives a field its value. A value of the wrong kind refuses the row,
// but a number in quotes is read all the same, so that the row can be named.
func (p *rowParser) scalar(n *node, first byte) {
	b := p.build
	f := &b.table.fields[n.field]
	if b.set[n.field] {
		b.refuse(f.path, "is given twice, under two names")
		p.skip()
		return
	}
	number := first == '-' || '0' <= first && first <= '9'
	switch {
	case f.kind == integer && number, f.kind == boolean && (first == 't' || first == 'f'):
		b.put(n.field, string(p.skip()))
	case (f.kind == text || f.kind == identifier) && first == '"':
		b.put(n.field, p.string())
	case f.kind == integer && first == '"':
		p.quotedInteger(n.field)
	default:
		b.refuse(f.path, wanted[f.kind])
		p.skip()
	}
}

// wanted says what a JSON value has to be.
var wanted = [...]string{
	text:       "must be a string",
	identifier: "must be a string, in quotes: as a number it loses leading zeros and long digits",
	integer:    "must be a whole number, without quotes",
	boolean:    "must be true or false, without quotes",
}

func (p *rowParser) quotedInteger(field int) {
	b, s := p.build, p.string()
	if isBlank(s) {
		return
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		b.set[field] = true
		b.setInteger(field, n)
		b.refuse(b.table.fields[field].path, wanted[integer])
		return
	}
	b.put(field, s)
}

// ignore passes over a value that is not imported, unless it holds what the
// file must not hold.
func (p *rowParser) ignore(n *node) {
	switch found := cardguard.ScanJSON(p.skip()); {
	case len(found) == 0:
	case found[0].Kind == cardguard.CVV:
		p.build.refuse(clean(n.path), cvvWords)
	default:
		p.build.refuse(clean(n.path), unwantedCard)
	}
}

// unknown refuses a key. A row or a file full of them is not worth a
// suggestion for each.
func (p *rowParser) unknown(n *node, key string) {
	defer p.skip()
	if len(p.build.problems) >= maxDetails {
		return
	}
	path := join(n.path, key)
	if cardguard.IsCVVName(key) {
		p.build.refuse(clean(path), cvvWords)
		return
	}
	words, known := p.words[path]
	if !known && len(p.words) < maxWords {
		words = p.build.table.didYouMean(path)
		if words == "" && n.path != "" {
			words = "; " + label(n.path) + " has: " + n.names()
		}
		p.words[path] = words
	}
	p.build.refuse(clean(path), "is no field"+words+`; to ignore it, map it to "-" with columns`)
}

// skip passes over a value and returns its text.
func (p *rowParser) skip() []byte {
	p.peek()
	from, depth := p.at, 0
	for {
		switch c := p.text[p.at]; c {
		case '"':
			p.passString()
		case '{', '[':
			depth++
			p.at++
		case '}', ']':
			depth--
			p.at++
		default:
			p.at++
		}
		if depth == 0 && p.ended(from) {
			return p.text[from:p.at]
		}
	}
}

// ended reports whether the value that begins at from is complete: numbers and
// words end where something else begins.
func (p *rowParser) ended(from int) bool {
	switch p.text[from] {
	case '"', '{', '[':
		return true
	}
	return p.at == len(p.text) || isSpace(p.text[p.at]) || bytes.IndexByte([]byte(",]}"), p.text[p.at]) >= 0
}

func (p *rowParser) passString() (escaped bool) {
	for p.at++; p.text[p.at] != '"'; p.at++ {
		if p.text[p.at] == '\\' {
			escaped = true
			p.at++
		}
	}
	p.at++
	return escaped
}

// string reads a string.
func (p *rowParser) string() string {
	from := p.at
	if escaped := p.passString(); !escaped {
		return string(p.text[from+1 : p.at-1])
	}
	var s string
	_ = json.Unmarshal(p.text[from:p.at], &s) // the text is valid JSON
	return s
}
