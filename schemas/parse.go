package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxDepth is more than any schema has; deeper documents are refused unread.
const maxDepth = 64

var errTooDeep = errors.New("nested too deeply")

// parse reads raw into the values that the validator takes. It also finds what
// the validator does not see: repeated fields, and whole numbers in a form that
// encoding/json refuses after the validator has let them pass. If raw cannot be
// read to its end, ok is false and the violations say why.
func parse(raw []byte, schema *jsonschema.Schema) (value any, found []violation, ok bool) {
	if !utf8.Valid(raw) {
		return nil, []violation{{problem: "must be valid UTF-8"}}, false
	}
	p := parser{dec: json.NewDecoder(bytes.NewReader(raw))}
	p.dec.UseNumber()
	value, err := p.value(schema)
	if err == nil {
		if _, err = p.dec.Token(); errors.Is(err, io.EOF) {
			return value, p.found, true
		}
	}
	problem := fmt.Sprintf("must be valid JSON; it is not after byte %d", p.dec.InputOffset())
	if errors.Is(err, errTooDeep) {
		problem = fmt.Sprintf("must not be nested deeper than %d levels", maxDepth)
	}
	return nil, []violation{{problem: problem}}, false
}

type parser struct {
	dec   *json.Decoder
	path  []string // of the value being read
	found []violation
}

func (p *parser) report(problem string) {
	p.found = append(p.found, violation{append([]string(nil), p.path...), problem})
}

// value reads one value; schema is what it should keep to, nil if nothing is known.
func (p *parser) value(schema *jsonschema.Schema) (any, error) {
	token, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if len(p.path) == maxDepth {
			return nil, errTooDeep
		}
		if token == '{' {
			return p.object(schema)
		}
		return p.list(schema)
	case json.Number:
		return p.number(token.String(), schema), nil
	}
	return token, nil
}

func (p *parser) object(schema *jsonschema.Schema) (any, error) {
	object := map[string]any{}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		p.path = append(p.path, name)
		if _, twice := object[name]; twice {
			p.report("is given twice")
		}
		if object[name], err = p.value(child(schema, name)); err != nil {
			return nil, err
		}
		p.path = p.path[:len(p.path)-1]
	}
	_, err := p.dec.Token() // the closing brace
	return object, err
}

func (p *parser) list(schema *jsonschema.Schema) (any, error) {
	list := []any{}
	for p.dec.More() {
		index := strconv.Itoa(len(list))
		p.path = append(p.path, index)
		item, err := p.value(child(schema, index))
		if err != nil {
			return nil, err
		}
		list = append(list, item)
		p.path = p.path[:len(p.path)-1]
	}
	_, err := p.dec.Token() // the closing bracket
	return list, err
}

// unusableNumber stands for a number that would take the validator, which
// computes with fractions of any size, too long. It takes it for invalid.
type unusableNumber struct{}

func (p *parser) number(literal string, schema *jsonschema.Schema) any {
	if !usable(literal) {
		return unusableNumber{}
	}
	if schema != nil && slices.Contains(schema.Types.ToStrings(), "integer") {
		p.checkInteger(literal, schema)
	}
	return json.Number(literal)
}

// usable reports whether a number is one that a float64 can hold roughly.
func usable(literal string) bool {
	const maxLength, maxExponent = 40, 250
	if len(literal) > maxLength {
		return false
	}
	if i := strings.IndexAny(literal, "eE"); i >= 0 {
		exponent, err := strconv.Atoi(literal[i+1:])
		return err == nil && -maxExponent <= exponent && exponent <= maxExponent
	}
	return true
}

// checkInteger reports what the validator accepts as an integer and encoding/json
// does not.
func (p *parser) checkInteger(literal string, schema *jsonschema.Schema) {
	if strings.ContainsAny(literal, ".eE") {
		if r, ok := new(big.Rat).SetString(literal); ok && r.IsInt() {
			p.report("must be a whole number; write it as a plain whole number, without point or exponent")
		}
		return
	}
	if _, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return
	}
	limit := schema.Maximum
	if literal[0] == '-' {
		limit = schema.Minimum
	}
	if limit == nil { // else the validator reports it
		p.report("must be a whole number of at most 64 bits")
	}
}

// child returns the schema of an object's field or of a list's item, nil if it
// has none.
func child(schema *jsonschema.Schema, key string) *jsonschema.Schema {
	if schema == nil {
		return nil
	}
	if field, ok := schema.Properties[key]; ok {
		return field
	}
	if values, ok := schema.AdditionalProperties.(*jsonschema.Schema); ok {
		return values
	}
	return schema.Items2020
}
