package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"unicode/utf8"
)

// loggedRequest is one request as it came, and the status it was answered with: 0 while it is under way and when
// nothing was done; for an answer that was lost, the status of that answer.
type loggedRequest struct {
	method  string
	path    string
	query   string
	headers map[string]string
	body    []byte
	status  int
}

// requestLog holds the requests in the order of their arrival. Server.mu guards it.
type requestLog []*loggedRequest

func (l *requestLog) add(c *call) *loggedRequest {
	entry := &loggedRequest{
		method:  c.Method,
		path:    c.URL.EscapedPath(),
		query:   c.URL.RawQuery,
		headers: withoutSecrets(c.Header),
		body:    c.body,
	}
	*l = append(*l, entry)
	return entry
}

func withoutSecrets(h http.Header) map[string]string {
	flat := make(map[string]string, len(h))
	for name, values := range h {
		flat[name] = strings.Join(values, ", ")
	}
	maps.DeleteFunc(flat, func(name, _ string) bool { return name == "X-Auth-Token" || name == "Authorization" })
	return flat
}

func (s *Server) recordStatus(entry *loggedRequest, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.status = status
}

// loggedRequestJSON is how a test reads the log.
type loggedRequestJSON struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   string            `json:"query"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"` // a string when it was not JSON, null when there was none
	Status  int               `json:"status"`
}

func (e loggedRequest) toJSON() loggedRequestJSON {
	return loggedRequestJSON{e.method, e.path, e.query, e.headers, bodyAsJSON(e.body), e.status}
}

func bodyAsJSON(body []byte) json.RawMessage {
	switch {
	case len(body) == 0:
		return nil
	case json.Valid(body) && utf8.Valid(body):
		return body
	}
	text, err := json.Marshal(string(body))
	if err != nil {
		return nil
	}
	return text
}
