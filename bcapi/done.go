package bcapi

import (
	"errors"
	"net/http"
)

var errNotYetDone = errors.New("the API has taken the request and does not say that it is done")

// checkDone reads an answer to a write that gives nothing back. Only 204 is
// documented; any other is to prove that the API has done all of it. One that
// tells of failures is a *RefusedError, one that tells nothing an *UnknownError.
func (c *Client) checkDone(call *call, got answer) error {
	object := jsonObject(got.body)
	switch {
	case got.broken != nil:
		return unreadable(call, got.broken)
	case got.status == http.StatusAccepted:
		return unreadable(call, errNotYetDone)
	case len(got.body) > 0 && object["data"] == nil && !tellsOfMany(object):
		return unreadable(call, whyNotRead(got))
	case got.status/100 != 2, tellsOfFailures(object):
		return &RefusedError{Kind: RefusedRow, API: readError(call, got, c.clean)}
	}
	return nil
}

// tellsOfMany reports whether a body has the form of those about several things
// at once: a list of errors, or counts.
func tellsOfMany(object map[string]any) bool {
	_, listed := object["errors"].([]any)
	_, counted := readMeta(object["meta"])
	return listed || counted
}

func tellsOfFailures(object map[string]any) bool {
	meta, _ := readMeta(object["meta"])
	return meta.Failed > 0 || len(flatten(object["errors"])) > 0
}
