package bcapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// route is one operation of the API.
type route struct {
	method string
	// template is the path below the store, with {names} for its variable
	// segments. Logs and errors show it instead of the path.
	template string
	// scopes are those of which the API account needs one.
	scopes []string
	// repeatable marks a write that may be made again whatever became of it: made
	// twice it leaves what it leaves made once.
	repeatable bool
	// carriesData tells the answers besides those of 2xx whose body may hold what
	// was done, and which therefore are the call's result; nil for none.
	carriesData func(answer) bool
}

// answers reports whether the body of an answer is the call's result, or may
// be.
func (r route) answers(got answer) bool {
	return got.status/100 == 2 || r.carriesData != nil && r.carriesData(got)
}

// maxBody is how many bytes of an answer with this status are read.
func (r route) maxBody(status int) int64 {
	if status/100 == 2 || r.carriesData != nil {
		return maxAnswer
	}
	return maxErrorAnswer
}

// reads reports whether the operation changes nothing, so that it may be cut
// off at any time.
func (r route) reads() bool { return r.method == http.MethodGet }

// mayRepeat reports whether the operation may be repeated whatever became of it.
func (r route) mayRepeat() bool { return r.reads() || r.repeatable }

// call is one logical call on its way through the chain.
type call struct {
	route
	path          string // below the store, escaped, with its query
	url           string
	header        http.Header
	body          []byte // nil for none
	correlationID string
	attempt       int       // from 1
	waitUntil     time.Time // no wait may end after this
}

// answer is what came back for one attempt: any status, and as much of the
// body as is read of such a status.
type answer struct {
	status int
	header http.Header
	body   []byte
	// broken says why body is not the whole body; nil when it is.
	broken error
}

// handler makes one step of a call and leaves the rest to the next handler.
type handler func(context.Context, *call) (answer, error)

// newCall fills the variable segments of a route, in order, and marshals the
// body, where there is one.
func newCall(r route, segments []string, query url.Values, body any) (*call, error) {
	path, err := fill(r.template, segments)
	if err != nil {
		return nil, notSentFor(NotSentInvalid, err)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	c := &call{route: r, path: path, header: make(http.Header)}
	if body != nil {
		if c.body, err = json.Marshal(body); err != nil {
			return nil, notSentFor(NotSentInvalid, err)
		}
	}
	return c, nil
}

// segmentError is a value that cannot be one segment of a path. A server or a
// proxy that resolves "." and ".." would reach another resource.
type segmentError struct{ name string }

func (e *segmentError) Error() string {
	return e.name + ` must not be empty, "." or ".."`
}

func fill(template string, segments []string) (string, error) {
	var path strings.Builder
	for part := range strings.SplitSeq(strings.TrimPrefix(template, "/"), "/") {
		path.WriteByte('/')
		if !strings.HasPrefix(part, "{") {
			path.WriteString(part)
			continue
		}
		if len(segments) == 0 || segments[0] == "" || segments[0] == "." || segments[0] == ".." {
			return "", &segmentError{name: strings.Trim(part, "{}")}
		}
		path.WriteString(url.PathEscape(segments[0]))
		segments = segments[1:]
	}
	return path.String(), nil
}
