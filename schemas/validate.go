package schemas

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"bigcommerce-payments-mcp/internal/cardguard"
	"bigcommerce-payments-mcp/internal/words"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// violation is a Violation whose place is not yet fit to be shown.
type violation struct {
	path    []string
	problem string
}

// validate returns all that is wrong with value. It never uses the validator's
// own messages, which quote the value.
func validate(schema *jsonschema.Schema, value any) []violation {
	err := schema.Validate(value)
	if err == nil {
		return nil
	}
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return []violation{{problem: "cannot be validated"}}
	}
	return translate(failed, schema, nil)
}

// translate appends what failed, a tree, says to found. root is the whole schema.
func translate(failed *jsonschema.ValidationError, root *jsonschema.Schema, found []violation) []violation {
	if len(failed.Causes) > 0 {
		for _, cause := range failed.Causes {
			found = translate(cause, root, found)
		}
		return found
	}
	path := failed.InstanceLocation
	switch k := failed.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			found = append(found, violation{join(path, name), "is required"})
		}
		return found
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			found = append(found, violation{join(path, name), unknownField(name, schemaAt(root, path))})
		}
		return found
	}
	return append(found, violation{path, problem(failed.ErrorKind, schemaAt(root, path))})
}

func join(path []string, name string) []string { return append(slices.Clip(path), name) }

func schemaAt(schema *jsonschema.Schema, path []string) *jsonschema.Schema {
	for _, key := range path {
		schema = child(schema, key)
	}
	return schema
}

func unknownField(name string, object *jsonschema.Schema) string {
	switch {
	case cardguard.IsCVVName(name):
		return "must be removed: card verification values are never accepted"
	case len(object.Properties) == 0:
		return "is not a known field; there are none"
	}
	return "is not a known field; valid fields: " + strings.Join(slices.Sorted(maps.Keys(object.Properties)), ", ")
}

// problem says what was wanted of a value for which k failed.
func problem(k jsonschema.ErrorKind, schema *jsonschema.Schema) string {
	switch k := k.(type) {
	case *kind.Type:
		return "must be " + typeWords(k.Want)
	case *kind.Enum:
		return "must be one of: " + listed(k.Want)
	case *kind.Minimum:
		return "must be at least " + decimal(k.Want)
	case *kind.Maximum:
		return "must be at most " + decimal(k.Want)
	case *kind.MinLength:
		return "must be at least " + words.Count(k.Want, "character")
	case *kind.MaxLength:
		return "must be at most " + words.Count(k.Want, "character")
	case *kind.Pattern:
		return "must match the pattern " + k.Want
	case *kind.MinItems, *kind.MaxItems:
		return "must have " + itemWords(schema.MinItems, schema.MaxItems)
	case *kind.InvalidJsonValue: // see unusableNumber
		return "must be a number of ordinary size"
	}
	return "is not valid"
}

func typeWords(types []string) string {
	names := map[string]string{
		"string": "text", "integer": "a whole number", "number": "a number",
		"boolean": "true or false", "object": "an object", "array": "a list",
	}
	var wanted []string
	for _, t := range types {
		if word, ok := names[t]; ok {
			wanted = append(wanted, word)
		}
	}
	if slices.Contains(types, "null") {
		wanted = append(wanted, "null")
	}
	return strings.Join(wanted, " or ")
}

func listed(values []any) string {
	var words []string
	for _, v := range values {
		if v == nil {
			v = "null"
		}
		words = append(words, fmt.Sprint(v))
	}
	return strings.Join(words, ", ")
}

// decimal writes a limit as it stands in the schema: a decimal fraction.
func decimal(r *big.Rat) string {
	digits, _ := r.FloatPrec()
	return r.FloatString(digits)
}

func itemWords(least, most *int) string {
	switch {
	case most == nil:
		return "at least " + words.Count(*least, "item")
	case least == nil:
		return "at most " + words.Count(*most, "item")
	}
	return fmt.Sprintf("%d to %s", *least, words.Count(*most, "item"))
}
