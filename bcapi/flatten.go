package bcapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// path is where an upstream error points, in segments.
type path []string

// String gives the path with dots.
func (p path) String() string { return strings.Join(p, ".") }

// row gives the position that the path begins with and the rest of the path;
// -1 when it does not begin with one.
func (p path) row() (int, path) {
	if len(p) == 0 {
		return -1, p
	}
	n, err := strconv.Atoi(p[0])
	if err != nil || n < 0 {
		return -1, p
	}
	return n, p[1:]
}

// fieldMessage is one message about one path.
type fieldMessage struct {
	path    path
	message string
}

// maxDepth bounds how deep an upstream errors object is followed.
const maxDepth = 16

// flatten lists the messages in an errors value of any form, sorted. Where keys
// stand is documented nowhere (docs/api-facts.md 2.5), so paths with dots,
// brackets and slashes, and objects within objects, all come out alike.
func flatten(v any) []fieldMessage {
	var all []fieldMessage
	collect(nil, v, &all)
	slices.SortFunc(all, func(a, b fieldMessage) int {
		return cmp.Or(comparePaths(a.path, b.path), cmp.Compare(a.message, b.message))
	})
	return all
}

func collect(at path, v any, all *[]fieldMessage) {
	if len(at) > maxDepth {
		return
	}
	switch v := v.(type) {
	case nil:
		if len(at) > 0 {
			*all = append(*all, fieldMessage{path: at})
		}
	case string:
		*all = append(*all, fieldMessage{path: at, message: v})
	case json.Number, bool:
		*all = append(*all, fieldMessage{path: at, message: fmt.Sprint(v)})
	case []any:
		for _, item := range v {
			collect(at, item, all)
		}
	case map[string]any:
		collectObject(at, v, all)
	}
}

// collectObject tells an object with an errors object of its own, one message
// with its surroundings, and an object keyed by paths from each other.
func collectObject(at path, object map[string]any, all *[]fieldMessage) {
	if inner := object["errors"]; inner != nil {
		before := len(*all)
		if collect(at, inner, all); len(*all) > before {
			return
		}
	}
	if text := firstText(object, "message", "detail", "title"); text != "" && isMessage(object) {
		field := firstText(object, "field", "path", "pointer")
		*all = append(*all, fieldMessage{path: slices.Concat(at, split(field)), message: text})
		return
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		collect(slices.Concat(at, split(key)), object[key], all)
	}
}

// isMessage reports whether an object holds nothing but what error objects
// hold, so that its keys are not paths.
func isMessage(object map[string]any) bool {
	for key := range object {
		switch key {
		case "status", "code", "type", "instance", "title", "detail", "message", "field", "path", "pointer", "errors":
		default:
			return false
		}
	}
	return true
}

// split cuts a key into its segments: "0.instrument.brand",
// "[0].instrument.brand", "0[instrument][brand]" and "/0/instrument/brand" are
// the same path.
func split(key string) path {
	return strings.FieldsFunc(key, func(r rune) bool {
		return strings.ContainsRune(`.[]/"'$#`, r)
	})
}

// comparePaths orders rows by number and the rest by name.
func comparePaths(a, b path) int {
	rowA, restA := a.row()
	rowB, restB := b.row()
	return cmp.Or(cmp.Compare(rowA, rowB), slices.Compare(restA, restB))
}
