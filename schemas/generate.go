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
func generate(t reflect.Type) (json.RawMessage, error) {
	r := invopop.Reflector{Anonymous: true, DoNotReference: true}
	s := r.ReflectFromType(t)
	s.Version = ""
	typeArrays(s)
	return json.Marshal(s)
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
// and all below it keep what New promises.
func checkPromises(node any, at string) error {
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
		if err := checkPromises(items, at+"/items"); err != nil {
			return err
		}
	}
	return checkProperties(schema, at)
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

// checkProperties checks that an object is closed, or a map whose values have a
// schema.
func checkProperties(schema map[string]any, at string) error {
	properties, isStruct := schema["properties"].(map[string]any)
	additional, ok := schema["additionalProperties"]
	switch {
	case isStruct && additional != false, !isStruct && ok && additional == false:
		return fmt.Errorf("%s: is not a closed object", at)
	case !isStruct && ok:
		return checkPromises(additional, at+"/additionalProperties")
	case !isStruct && isObject(schema):
		return fmt.Errorf("%s: allows any field", at)
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if err := checkPromises(properties[name], at+"/properties/"+name); err != nil {
			return err
		}
	}
	return nil
}

func isObject(schema map[string]any) bool {
	types, _ := schema["type"].([]any)
	return schema["type"] == "object" || slices.Contains(types, any("object"))
}
