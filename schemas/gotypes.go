package schemas

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// The generator overflows the stack on recursive types and ignores tags that it
// does not understand, an unescaped comma in a description among them. So the Go
// type is checked first.

func checkRoot(t reflect.Type) error {
	if t.Kind() != reflect.Struct {
		return errors.New("not a struct")
	}
	return typeChecker{}.checkType(t, "")
}

// typeChecker holds the structs that the type being checked lies in.
type typeChecker struct{ outer []reflect.Type }

// checkType refuses what has no schema or one that encoding/json does not keep to.
// at is the place in the Go struct, as in ".Rows[].Instrument".
func (c typeChecker) checkType(t reflect.Type, at string) error {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return nil
	case reflect.Slice:
		return c.checkType(t.Elem(), at+"[]")
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return fmt.Errorf("%s: the keys of a map must be strings", at)
		}
		return c.checkType(t.Elem(), at+"[]")
	case reflect.Struct:
		if slices.Contains(c.outer, t) {
			return fmt.Errorf("%s: %s contains itself", at, t)
		}
		inner := typeChecker{append(slices.Clip(c.outer), t)}
		return inner.checkFields(t, at, map[string]bool{})
	}
	return fmt.Errorf("%s: a %s cannot be described", at, t)
}

// checkFields checks the fields of t and of the structs that it embeds. names
// collects their JSON names.
func (c typeChecker) checkFields(t reflect.Type, at string, names map[string]bool) error {
	for i := range t.NumField() {
		f := t.Field(i)
		at := at + "." + f.Name
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
			continue
		case f.Anonymous && name == "":
			if f.Type.Kind() != reflect.Struct {
				return fmt.Errorf("%s: only structs can be embedded", at)
			}
			if err := c.checkFields(f.Type, at, names); err != nil {
				return err
			}
			continue
		case !f.IsExported():
			continue
		case name == "":
			return fmt.Errorf("%s: has no json tag", at)
		case names[name]:
			return fmt.Errorf("%s: there are two fields %q", at, name)
		}
		names[name] = true
		if err := c.checkField(f, strings.Split(options, ","), at); err != nil {
			return err
		}
	}
	return nil
}

func (c typeChecker) checkField(f reflect.StructField, options []string, at string) error {
	t := f.Type
	nullable := slices.Contains(splitTag(f), "nullable")
	optional := slices.Contains(options, "omitempty") || slices.Contains(options, "omitzero")
	switch {
	case slices.Contains(options, "string") || slices.Contains(options, "inline"):
		return fmt.Errorf("%s: the json options string and inline are not supported", at)
	case nullable && t.Kind() != reflect.Pointer:
		return fmt.Errorf("%s: nullable, but not a pointer", at)
	case t.Kind() == reflect.Pointer:
		if !nullable && !optional {
			return fmt.Errorf("%s: a pointer needs omitempty, or the tag nullable", at)
		}
		t = t.Elem()
	}
	if err := checkTags(f, t, at); err != nil {
		return err
	}
	return c.checkType(t, at)
}

// checkTags refuses tags that the generator would drop for a field of type t.
func checkTags(f reflect.StructField, t reflect.Type, at string) error {
	for _, tag := range splitTag(f) {
		keyword, value, hasValue := strings.Cut(tag, "=")
		switch {
		case tag == "" || tag == "nullable":
		case !hasValue || !fits(keyword, value, t):
			return fmt.Errorf("%s: the tag %q does not fit a %s (is a comma in it not escaped?)", at, tag, t)
		}
	}
	return nil
}

// fits reports whether keyword=value is a tag for a field of type t.
func fits(keyword, value string, t reflect.Type) bool {
	kind := t.Kind()
	switch {
	case keyword == "title" || keyword == "description":
		return true
	case kind != reflect.Slice:
		return slices.Contains(keywordsOf(kind), keyword) && parses(keyword, value, kind)
	case keyword == "minItems" || keyword == "maxItems":
		return isCount(value)
	}
	// The rest is about each item. The generator drops it if there is a = in it.
	kind = t.Elem().Kind()
	return keyword != "default" && !strings.Contains(value, "=") &&
		slices.Contains(keywordsOf(kind), keyword) && parses(keyword, value, kind)
}

// keywordsOf returns what can be said of a single value of a kind.
func keywordsOf(kind reflect.Kind) []string {
	switch kind {
	case reflect.String:
		return []string{"default", "enum", "pattern", "minLength", "maxLength"}
	case reflect.Int, reflect.Int64, reflect.Float64:
		return []string{"default", "enum", "minimum", "maximum"}
	case reflect.Bool:
		return []string{"default"}
	}
	return nil
}

// parses reports whether value is of the form that keyword takes for a value of
// the kind.
func parses(keyword, value string, kind reflect.Kind) bool {
	var err error
	switch kind {
	case reflect.String:
		return keyword != "minLength" && keyword != "maxLength" || isCount(value)
	case reflect.Bool:
		return value == "true" || value == "false"
	case reflect.Int, reflect.Int64:
		_, err = strconv.ParseInt(value, 10, 64)
	case reflect.Float64:
		_, err = strconv.ParseFloat(value, 64)
	}
	return err == nil
}

func isCount(value string) bool {
	_, err := strconv.ParseUint(value, 10, 31)
	return err == nil
}

// splitTag returns the parts of a jsonschema tag as the generator sees them: a
// comma after a backslash is part of the text.
func splitTag(f reflect.StructField) []string {
	const escaped = "\x00"
	parts := strings.Split(strings.ReplaceAll(f.Tag.Get("jsonschema"), `\,`, escaped), ",")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], escaped, ",")
	}
	return parts
}
