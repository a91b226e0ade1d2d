package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// fault is something to go wrong with the next requests of a path.
type fault struct {
	Method string  `json:"method"` // any when absent
	Path   string  `json:"path"`   // exactly what follows /stores/{hash}/v3
	Times  int     `json:"times"`  // 1 when absent
	Action *action `json:"action"`
}

// action is what a fault does. Without a status the request is acted on, and headers and body replace those of its answer.
// The zero value changes nothing.
type action struct {
	Status  int                   `json:"status"` // answered without acting
	Headers map[string]headerText `json:"headers"`
	Body    json.RawMessage       `json:"body"` // a string is sent as it is, anything else as JSON
	DelayMS int                   `json:"delay_ms"`
	Drop    drop                  `json:"drop"`
}

// drop closes the connection without an answer.
type drop string

const (
	dropBefore drop = "before" // nothing is done
	dropAfter  drop = "after"  // it is done, and the answer is lost
)

// headerText is a header's value; a number is taken as its text.
type headerText string

func (h *headerText) UnmarshalJSON(data []byte) error {
	var number json.Number
	if err := json.Unmarshal(data, &number); err == nil {
		*h = headerText(number)
		return nil
	}
	return json.Unmarshal(data, (*string)(h))
}

// maxDelay keeps a slip of the pen from holding a request for days.
const maxDelay = 10 * time.Minute

// parseFaults reads the list; an error says which fault is wrong and how.
func parseFaults(body []byte) ([]fault, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil || items == nil {
		return nil, errors.New("the body must be a JSON array of faults: [{method, path, times, action}]")
	}
	faults := make([]fault, len(items))
	for i, item := range items {
		if err := faults[i].parse(item); err != nil {
			return nil, fmt.Errorf("fault %d: %w", i, err)
		}
	}
	return faults, nil
}

func (f *fault) parse(item []byte) error {
	dec := json.NewDecoder(bytes.NewReader(item))
	dec.DisallowUnknownFields()
	if err := dec.Decode(f); err != nil {
		if wrong, ok := typeProblem(err); ok {
			return fmt.Errorf("%s %s", cmp.Or(wrong.field, "it"), wrong.message)
		}
		return err
	}
	f.Method = strings.ToUpper(f.Method)
	f.Times = cmp.Or(f.Times, 1)
	switch {
	case !strings.HasPrefix(f.Path, "/") || strings.HasPrefix(f.Path, "/stores/") || strings.Contains(f.Path, "?"):
		return errors.New("path must be what follows /stores/{hash}/v3, without a query, for example /payments/access_tokens")
	case f.Times < 0:
		return errors.New("times must not be negative")
	case f.Action == nil:
		return errors.New("action is required; {} lets the request through")
	}
	return f.Action.check()
}

func (a action) check() error {
	switch {
	case a.Status != 0 && (a.Status < 200 || a.Status > 599):
		return errors.New("action.status must be between 200 and 599")
	case a.DelayMS < 0 || a.delay() > maxDelay:
		return fmt.Errorf("action.delay_ms must be between 0 and %d", maxDelay.Milliseconds())
	case a.Drop != "" && a.Drop != dropBefore && a.Drop != dropAfter:
		return errors.New(`action.drop must be "before" or "after"`)
	case a.Drop != "" && a.Status != 0:
		return errors.New("action.status and action.drop exclude each other: a dropped request has no answer")
	}
	for name := range a.Headers {
		if name == "" || strings.ContainsAny(name, " :\r\n") {
			return errors.New("action.headers has a name that is none")
		}
	}
	return nil
}

// faultList holds the faults that have times left, in the order they were set. Server.mu guards it.
type faultList []fault

// take uses up one time of the first fault that matches.
func (l *faultList) take(method, path string) action {
	for i := range *l {
		f := &(*l)[i]
		if f.Path != path || f.Method != "" && f.Method != method {
			continue
		}
		taken := *f.Action
		if f.Times--; f.Times == 0 {
			*l = append((*l)[:i], (*l)[i+1:]...)
		}
		return taken
	}
	return action{}
}

func (a action) delay() time.Duration { return time.Duration(a.DelayMS) * time.Millisecond }

// answer is the answer of a fault that has a status.
func (a action) answer() answer {
	plain := answer{status: a.Status}
	if a.Status >= http.StatusBadRequest {
		plain = baseErrors.answer(refuse(a.Status, cmp.Or(http.StatusText(a.Status), "Error")))
	}
	return a.overwrite(plain)
}

// overwrite puts the fault's headers and body over an answer.
func (a action) overwrite(ans answer) answer {
	if len(a.Body) == 0 && len(a.Headers) == 0 {
		return ans
	}
	header := ans.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if len(a.Body) > 0 && string(a.Body) != "null" {
		var text string
		if err := json.Unmarshal(a.Body, &text); err == nil {
			ans.body = raw(text)
			if strings.HasPrefix(text, "<") {
				header.Set("Content-Type", "text/html; charset=utf-8")
			}
		} else {
			ans.body = raw(a.Body)
		}
	}
	for name, value := range a.Headers {
		header.Set(name, string(value))
	}
	ans.header = header
	return ans
}
