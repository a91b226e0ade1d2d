package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"unicode/utf8"
)

func (c *call) checkBody() error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(c.bodyErr, &tooLarge):
		return refuse(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	case c.bodyErr != nil || !utf8.Valid(c.body):
		return errMalformed()
	}
	return nil
}

func errMalformed() *refusal { return refuse(http.StatusBadRequest, "The body is not valid JSON") }

// decodeObject reads the body, one JSON object, into v. A wrong type is refused by the field's name.
func (c *call) decodeObject(v any) error {
	dec := json.NewDecoder(bytes.NewReader(c.body))
	err := dec.Decode(v)
	if wrong, ok := typeProblem(err); ok {
		return refuseField(cmp.Or(wrong.field, "body"), wrong.message)
	}
	if err != nil || !atEnd(dec) {
		return errMalformed()
	}
	return nil
}

func atEnd(dec *json.Decoder) bool {
	_, err := dec.Token()
	return errors.Is(err, io.EOF)
}

// problem is what is wrong with one field.
type problem struct {
	field   string // dotted; empty is the whole
	message string
}

// typeProblem turns the decoder's error about a value's type into words that do not repeat the value.
func typeProblem(err error) (problem, bool) {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return problem{}, false
	}
	return problem{field: wrong.Field, message: "must be " + typeWords(wrong.Type)}, true
}

func typeWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array"
	case reflect.Struct:
		return "an object"
	default:
		return "an integer"
	}
}
