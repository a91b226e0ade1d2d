package sandbox

import (
	"net/http"
	"path"
	"slices"
	"strings"
)

// deleteError is the answer to a bulk delete of which some tokens are unknown: the others are gone
// (docs/api-facts.md 2.7).
type deleteError struct {
	Errors []errorBody `json:"errors"`
	Meta   bulkMeta    `json:"meta"`
}

// deleteInstruments removes instruments from the store; the gateway keeps them.
func (s *Server) deleteInstruments(c *call) (answer, error) {
	asked := strings.FieldsFunc(strings.Join(c.URL.Query()["token:in"], ","), func(r rune) bool { return r == ',' })
	if len(asked) == 0 {
		return answer{}, refuseField("token:in", "is required")
	}
	slices.Sort(asked)
	asked = slices.Compact(asked)
	unknown := s.removeInstruments(asked)
	if len(unknown) == 0 {
		return answer{status: http.StatusNoContent}, nil
	}
	body := deleteError{Meta: bulkMeta{Total: len(asked), Success: len(asked) - len(unknown), Failed: len(unknown)}}
	for _, token := range unknown {
		body.Errors = append(body.Errors, errorBody{
			Status: http.StatusNotFound, Title: errNoInstrument().title, Type: statusPage,
			Errors: map[string]string{token: "is not a stored instrument"},
		})
	}
	return answer{status: http.StatusNotFound, body: body}, nil
}

// unvaultInstrument removes an instrument from the store and from the gateway, which here comes to the same.
func (s *Server) unvaultInstrument(c *call) (answer, error) {
	if unknown := s.removeInstruments([]string{path.Base(c.path)}); len(unknown) > 0 {
		return answer{}, errNoInstrument()
	}
	return answer{status: http.StatusNoContent}, nil
}

// removeInstruments removes what it finds and returns the others.
func (s *Server) removeInstruments(asked []string) (unknown []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tokens := make([]instrumentToken, 0, len(asked))
	for _, text := range asked {
		token, ok := parseInstrumentToken(text)
		if !ok || !s.vault.has(token) {
			unknown = append(unknown, text)
			continue
		}
		tokens = append(tokens, token)
	}
	s.vault.remove(tokens)
	return unknown
}
