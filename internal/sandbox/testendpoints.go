package sandbox

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"
	"net/http"
)

// serveTestEndpoint answers below /_sandbox/, where tests look at the store and set its faults. No token is needed,
// and nothing is logged or counted.
func (s *Server) serveTestEndpoint(w http.ResponseWriter, r *http.Request, endpoint string) {
	endpoints := map[string]struct {
		method string
		serve  http.HandlerFunc
	}{
		"instruments": {http.MethodGet, s.serveInstruments},
		"requests":    {http.MethodGet, s.serveRequests},
		"faults":      {http.MethodPost, s.addFaults},
		"reset":       {http.MethodPost, s.serveReset},
	}
	found, ok := endpoints[endpoint]
	switch {
	case !ok:
		refuseTest(w, http.StatusNotFound, "the test endpoints are instruments, requests, faults and reset")
	case r.Method != found.method:
		w.Header().Set("Allow", found.method)
		refuseTest(w, http.StatusMethodNotAllowed, "use "+found.method)
	default:
		found.serve(w, r)
	}
}

func answerTest(w http.ResponseWriter, body any) {
	_ = answer{status: http.StatusOK, body: body}.write(w) // an error is the connection's
}

func refuseTest(w http.ResponseWriter, status int, message string) {
	_ = baseErrors.answer(refuse(status, message)).write(w) // an error is the connection's
}

func (s *Server) serveReset(w http.ResponseWriter, _ *http.Request) {
	s.reset()
	answerTest(w, struct{}{})
}

func (s *Server) addFaults(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuseTest(w, http.StatusBadRequest, "the body cannot be read")
		return
	}
	faults, err := parseFaults(body)
	if err != nil {
		refuseTest(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	s.faults = append(s.faults, faults...)
	pending := len(s.faults)
	s.mu.Unlock()
	answerTest(w, struct {
		Pending int `json:"pending"`
	}{pending})
}

func (s *Server) serveRequests(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	requests := make([]loggedRequest, len(s.log))
	for i, entry := range s.log {
		requests[i] = *entry
	}
	s.mu.Unlock()
	streamArray(w, func(yield func(loggedRequestJSON) bool) {
		for _, entry := range requests {
			if !yield(entry.toJSON()) {
				return
			}
		}
	})
}

// importedInstrument is an instrument with all that the API never returns.
type importedInstrument struct {
	CustomerID      int64           `json:"customer_id"`
	PaymentMethodID string          `json:"payment_method_id"`
	VaultToken      string          `json:"vault_token"`
	Token           instrumentToken `json:"token"`
	IsDefault       bool            `json:"is_default"`
	Sent            json.RawMessage `json:"sent"`
}

func (s *Server) serveInstruments(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	records := s.vault.page(0, s.vault.size())
	s.mu.Unlock()
	streamArray(w, func(yield func(importedInstrument) bool) {
		for _, rec := range records {
			if !yield(importedInstrument{rec.customer, rec.methodID, rec.vaultToken, rec.token, rec.isDefault, rec.sent}) {
				return
			}
		}
	})
}

// streamArray writes an array item by item: the store may hold a million of them.
func streamArray[T any](w http.ResponseWriter, items iter.Seq[T]) {
	w.Header().Set("Content-Type", jsonMediaType)
	out := bufio.NewWriterSize(w, 1<<16)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	separator := ""
	_ = out.WriteByte('[') // a writer that fails once fails at Flush as well, and then the reader has gone
	for item := range items {
		_, _ = out.WriteString(separator)
		if err := enc.Encode(item); err != nil {
			return
		}
		separator = ","
	}
	_, _ = out.WriteString("]\n")
	_ = out.Flush()
}
