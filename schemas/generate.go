package schemas

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	invopop "github.com/invopop/jsonschema"
)

// generate returns the schema of t, without checking it.
func generate(t reflect.Type, use purpose) (json.RawMessage, error) {
	r := invopop.Reflector{Anonymous: true, DoNotReference: true}
	s := r.ReflectFromType(t)
	s.Version = ""
	typeArrays(s)
	if use == output {
		outline(s)
	}
	return json.Marshal(s)
}

// purpose is what a schema is for.
type purpose int

const (
	// input is held against what comes in: every object is closed.
	input purpose = iota
	// output only tells what goes out, and is paid for by every client on every
	// listing: what it need not say it does not say.
	output
)

// outline keeps of a schema the fields of its root: objects in them are called
// objects, no more. What those hold stands in the field's description, where
// its name does not say it.
func outline(s *invopop.Schema) {
	s.AdditionalProperties = nil
	for property := s.Properties.Oldest(); property != nil; property = property.Next() {
		field := property.Value
		if field.Items != nil {
			field = field.Items
		}
		if field.Type == "object" {
			field.Properties, field.AdditionalProperties, field.Required = nil, nil, nil
		}
	}
}

// typeArrays rewrites the generator's oneOf for nullable fields, in s and all
// below it, as "type": ["string", "null"]: clients stumble over combinators.
func typeArrays(s *invopop.Schema) {
	if s == nil {
		return
	}
	for property := s.Properties.Oldest(); property != nil; property = property.Next() {
		if one := property.Value.OneOf; len(one) == 2 && one[1].Type == "null" {
			inner := one[0]
			inner.Extras = map[string]any{"type": []string{inner.Type, "null"}}
			inner.Type = ""
			if inner.Enum != nil {
				inner.Enum = append(inner.Enum, nil)
			}
			property.Value = inner
		}
		typeArrays(property.Value)
	}
	typeArrays(s.Items)
	typeArrays(s.AdditionalProperties)
}

// keywords are all that a schema of ours is made of. Anything else (references,
// combinators, formats that are not enforced) is not put into words by validate
// or not understood by some client.
var keywords = []string{
	"type", "title", "description", "default", "enum",
	"properties", "required", "additionalProperties", "items",
	"minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems",
}

// checkPromises checks that the schema node, which stands at the JSON pointer at,
// and all below it keep what New or Describe promises.
func (use purpose) checkPromises(node any, at string) error {
	schema, ok := node.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: allows any value", at)
	}
	for _, keyword := range slices.Sorted(maps.Keys(schema)) {
		if !slices.Contains(keywords, keyword) {
			return fmt.Errorf("%s: has %q", at, keyword)
		}
	}
	if at == "" && schema["type"] != "object" {
		return errors.New("the root is not an object")
	}
	if !hasType(schema) {
		return fmt.Errorf("%s: has no type", at)
	}
	if items, ok := schema["items"]; ok {
		if err := use.checkPromises(items, at+"/items"); err != nil {
			return err
		}
	}
	return use.checkProperties(schema, at)
}

func hasType(schema map[string]any) bool {
	switch t := schema["type"].(type) {
	case string:
		return true
	case []any:
		return len(t) == 2 && t[1] == "null"
	}
	return false
}

// checkProperties checks that an object of an input is closed, and a map's
// values have a schema.
func (use purpose) checkProperties(schema map[string]any, at string) error {
	properties, isStruct := schema["properties"].(map[string]any)
	additional, ok := schema["additionalProperties"]
	switch {
	case use == input && (isStruct && additional != false || !isStruct && ok && additional == false):
		return fmt.Errorf("%s: is not a closed object", at)
	case !isStruct && ok:
		return use.checkPromises(additional, at+"/additionalProperties")
	case use == input && !isStruct && isObject(schema):
		return fmt.Errorf("%s: allows any field", at)
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if err := use.checkPromises(properties[name], at+"/properties/"+name); err != nil {
			return err
		}
	}
	return nil
}

func isObject(schema map[string]any) bool {
	types, _ := schema["type"].([]any)
	return schema["type"] == "object" || slices.Contains(types, any("object"))
}
