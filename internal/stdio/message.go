package stdio

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

type messageKind int

const (
	request messageKind = iota
	notification
	response
)

// message is one JSON-RPC message of the client.
type message struct {
	kind   messageKind
	id     json.RawMessage // as it came; nil for a notification
	key    idKey           // what id is matched by
	method string          // of a request or notification
	params json.RawMessage // an object, or nil
	result json.RawMessage // of a response
	err    json.RawMessage // of a response
}

// parse reads one line that is not blank. With an error, the message holds the id
// to answer with, when one could be read; a notification is not to be answered.
func parse(line []byte) (message, *rpcError) {
	if !utf8.Valid(line) {
		return message{}, notJSON("the line is not valid UTF-8")
	}
	var fields map[string]json.RawMessage
	err := json.Unmarshal(line, &fields)
	var malformed *json.SyntaxError
	switch {
	case errors.As(err, &malformed):
		return message{}, notJSON("the line is not valid JSON (byte " + strconv.FormatInt(malformed.Offset, 10) + ")")
	case bytes.HasPrefix(bytes.TrimLeft(line, " \t\r"), []byte("[")):
		return message{}, invalidRequest("batches are not supported; send one message per line")
	case err != nil || fields == nil:
		return message{}, invalidRequest("a message must be a JSON object")
	}
	return classify(fields)
}

func classify(fields map[string]json.RawMessage) (message, *rpcError) {
	m := message{kind: request, result: fields["result"], err: fields["error"]}
	id, hasID := fields["id"]
	key, readable := keyOf(id)
	if readable {
		m.id, m.key = id, key
	}
	method, ok := fields["method"]
	switch {
	case !ok && (m.result != nil || m.err != nil):
		m.kind = response // never answered, whatever else is wrong with it
		return m, nil
	case ok && !hasID:
		m.kind = notification // nor is this
	case hasID && !readable:
		return m, invalidRequest("id must be a string or a number")
	}
	if version, ok := stringOf(fields["jsonrpc"]); !ok || version != "2.0" {
		return m, invalidRequest(`jsonrpc must be "2.0"`)
	}
	if m.method, ok = stringOf(method); !ok {
		return m, invalidRequest("method must be a string")
	}
	if params := fields["params"]; params != nil && string(params) != "null" { // some clients write out what they leave out
		if params[0] != '{' {
			return m, invalidRequest("params must be an object")
		}
		m.params = params
	}
	return m, nil
}

func stringOf(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// idKey is an id in the one spelling that all ids equal to it share. A string and
// a number never have the same key.
type idKey string

// keyOf returns the key of a JSON string or number, and false for anything else.
func keyOf(raw json.RawMessage) (idKey, bool) {
	if s, ok := stringOf(raw); ok {
		return idKey(`"` + s), true
	}
	if len(raw) > 0 && (raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9') {
		return idKey(canonicalNumber(string(raw))), true
	}
	return "", false
}

// canonicalNumber writes a JSON number as digits without outer zeros and an
// exponent, exactly: 10, 10.0 and 1e1 are all 1e1, and nothing is rounded.
func canonicalNumber(number string) string {
	unsigned, negative := strings.CutPrefix(number, "-")
	mantissa, exponentText := unsigned, "0"
	if i := strings.IndexAny(unsigned, "eE"); i >= 0 {
		mantissa, exponentText = unsigned[:i], unsigned[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	exponent, err := strconv.ParseInt(exponentText, 10, 32)
	if err != nil {
		return number // such exponents are only equal to themselves
	}
	significant := strings.TrimRight(digits, "0")
	shift := exponent - int64(len(fraction)) + int64(len(digits)-len(significant))
	if negative {
		significant = "-" + significant
	}
	return significant + "e" + strconv.FormatInt(shift, 10)
}
