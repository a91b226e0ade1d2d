package stdio

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// progressInterval is the shortest time between two progress notifications of
// one call.
const progressInterval = time.Second

// progress is what has been told about a call while it runs.
type progress struct {
	told time.Time // zero before the first
	done float64
}

type callKey struct{}

// ReportProgress tells the client how far a tool call is: done of total (0: not
// known), and a message for a person (may be empty). ctx is the handler's, or comes
// from it. At most one report a second is sent, the first at once; those between are
// dropped, and so are reports that are not above the last one sent. It does nothing
// when the client asked for no progress, when the call has been answered or
// cancelled, or when ctx is not that of a call under Serve. It never blocks.
func ReportProgress(ctx context.Context, done, total float64, message string) {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		c.report(done, total, message)
	}
}

func (c *call) report(done, total float64, message string) {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &c.progress
	first := p.told.IsZero()
	switch {
	case c.over || c.token == nil:
		return
	case !first && (done <= p.done || time.Since(p.told) < progressInterval):
		return
	case !r.out.hasRoom(): // progress is the first that can be done without
		return
	}
	line, err := callLine(nil, string(mcp.MethodNotificationProgress), struct {
		Token    json.RawMessage `json:"progressToken"`
		Progress float64         `json:"progress"`
		Total    float64         `json:"total,omitempty"`
		Message  string          `json:"message,omitempty"`
	}{c.token, done, total, message})
	if err != nil {
		return // JSON has no NaN and no infinity
	}
	p.told, p.done = time.Now(), done
	r.out.push(line)
}

// progressToken returns the token in params, if it is one: a string or a number.
func progressToken(params json.RawMessage) json.RawMessage {
	var p struct {
		Meta struct {
			Token json.RawMessage `json:"progressToken"`
		} `json:"_meta"`
	}
	if len(params) == 0 || json.Unmarshal(params, &p) != nil {
		return nil
	}
	if _, ok := keyOf(p.Meta.Token); !ok {
		return nil
	}
	return p.Meta.Token
}
