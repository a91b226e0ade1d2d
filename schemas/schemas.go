// Package schemas turns a Go struct into the JSON Schema that a tool advertises,
// and holds every call to that same schema: arguments are validated as they
// arrived, and what is wrong with them is told completely, in plain words, with
// JSON pointers and never with the values.
package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is the JSON Schema of the struct T. It is safe for concurrent use.
type Schema[T any] struct {
	raw      json.RawMessage
	compiled *jsonschema.Schema
}

// New generates and compiles the schema of the struct T from its json and
// jsonschema tags. The schema is one inline object: no references, no
// combinators, no unknown fields anywhere. An error names T, the offending place
// and what is wrong there.
//
// Field types are string, bool, int, int64, float64, structs, slices, maps with
// string keys, and pointers to these. Tags are title, description, enum, default,
// minimum, maximum, minLength, maxLength, pattern, minItems and maxItems; commas
// in them are written \\, and a tag that does not fit its field is an error. Fields
// without omitempty or omitzero are required. A pointer field tagged nullable can be null.
func New[T any]() (*Schema[T], error) {
	t := reflect.TypeFor[T]()
	raw, compiled, err := build(t)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", t, err)
	}
	return &Schema[T]{raw: raw, compiled: compiled}, nil
}

// Describe generates the schema of the struct T as New does, for what is
// advertised and not held against anything at run time: a tool's output. It tells
// the fields of T and which of them are always there; objects below are not
// described, and none is closed.
func Describe[T any]() (json.RawMessage, error) {
	t := reflect.TypeFor[T]()
	raw, _, err := describe(t, output)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", t, err)
	}
	return raw, nil
}

func build(t reflect.Type) (json.RawMessage, *jsonschema.Schema, error) {
	raw, doc, err := describe(t, input)
	if err != nil {
		return nil, nil, err
	}
	compiled, err := compile(doc)
	return raw, compiled, err
}

// describe gives the schema as text and parsed.
func describe(t reflect.Type, use purpose) (raw json.RawMessage, doc any, err error) {
	if err := checkRoot(t); err != nil {
		return nil, nil, err
	}
	if raw, err = generate(t, use); err != nil {
		return nil, nil, err
	}
	if doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(raw)); err != nil {
		return nil, nil, err
	}
	return raw, doc, use.checkPromises(doc, "")
}

func compile(doc any) (*jsonschema.Schema, error) {
	const url = "schema:///"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource(url, doc); err != nil {
		return nil, err
	}
	return c.Compile(url)
}

// JSON returns the schema, compact and the same bytes every time.
func (s *Schema[T]) JSON() json.RawMessage { return bytes.Clone(s.raw) }

// Decode validates raw and decodes it. Absent arguments (no bytes, or null)
// count as {}. If raw is not valid the error is an *InvalidError.
func (s *Schema[T]) Decode(raw json.RawMessage) (T, error) {
	var v T
	if err := s.Validate(raw); err != nil {
		return v, err
	}
	if err := json.Unmarshal(orEmpty(raw), &v); err != nil {
		// Only a type's own UnmarshalJSON can get here; its error may hold the value.
		var zero T
		return zero, invalid([]violation{{problem: "cannot be read"}})
	}
	return v, nil
}

// Validate is Decode without the decoding.
func (s *Schema[T]) Validate(raw json.RawMessage) error {
	value, found, ok := parse(orEmpty(raw), s.compiled)
	if ok {
		found = append(found, validate(s.compiled, value)...)
	}
	if len(found) > 0 {
		return invalid(found)
	}
	return nil
}

func orEmpty(raw json.RawMessage) json.RawMessage {
	if t := bytes.TrimSpace(raw); len(t) == 0 || string(t) == "null" {
		return json.RawMessage("{}")
	}
	return raw
}
