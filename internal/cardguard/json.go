package cardguard

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Kind says what was found.
type Kind string

// The two kinds of card data that may not pass.
const (
	CardNumber Kind = "card_number"
	CVV        Kind = "cvv"
)

// Finding is a place in a JSON document that holds card data.
type Finding struct {
	Pointer string // JSON pointer (RFC 6901); card numbers in it are redacted
	Kind    Kind
}

// ScanJSON returns each place of a JSON document that holds a card number, be it
// in a string, a number or an object key, or that is named like a CVV, sorted by
// pointer. It sees every occurrence of a repeated key. Of a document that is
// malformed or nested deeper than 100 levels, it reports what it saw up to there,
// and takes the rest for plain text at that place.
func ScanJSON(raw []byte) []Finding {
	s := scanner{dec: json.NewDecoder(bytes.NewReader(raw))}
	s.dec.UseNumber()
	for {
		if err := s.value(); err != nil {
			break // the end, or all that can be read
		}
	}
	s.check(string(raw[s.dec.InputOffset():]))
	slices.SortFunc(s.found, func(a, b Finding) int {
		if c := strings.Compare(a.Pointer, b.Pointer); c != 0 {
			return c
		}
		return strings.Compare(string(a.Kind), string(b.Kind))
	})
	return slices.Compact(s.found)
}

const maxDepth = 100

var errTooDeep = errors.New("nested too deeply")

type scanner struct {
	dec   *json.Decoder
	path  []string // where the scan is, or was when it failed
	found []Finding
}

func (s *scanner) value() error {
	token, err := s.dec.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case string:
		s.check(token)
	case json.Number:
		s.check(token.String())
	case json.Delim:
		if len(s.path) == maxDepth {
			return errTooDeep
		}
		if token == '{' {
			return s.object()
		}
		return s.array()
	}
	return nil
}

func (s *scanner) object() error {
	for s.dec.More() {
		token, err := s.dec.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		s.path = append(s.path, key)
		s.check(key)
		if IsCVVName(key) {
			s.report(CVV)
		}
		if err := s.value(); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
	}
	_, err := s.dec.Token() // the closing brace
	return err
}

func (s *scanner) array() error {
	for i := 0; s.dec.More(); i++ {
		s.path = append(s.path, strconv.Itoa(i))
		if err := s.value(); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
	}
	_, err := s.dec.Token() // the closing bracket
	return err
}

func (s *scanner) check(text string) {
	if ContainsCardNumber(text) {
		s.report(CardNumber)
	}
}

func (s *scanner) report(kind Kind) {
	s.found = append(s.found, Finding{Pointer: pointer(s.path), Kind: kind})
}

// pointer is redacted as a whole too: the keys on the way may add up to a card
// number.
func pointer(path []string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, key := range path {
		b.WriteByte('/')
		b.WriteString(escape.Replace(Redact(key)))
	}
	return Redact(b.String())
}
