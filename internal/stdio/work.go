package stdio

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/mark3labs/mcp-go/mcp"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// request takes in one request. All but initialize are worked on by a goroutine:
// initialize is answered before the next message is looked at.
func (g *gate) request(m message) {
	c := &call{message: m, registry: g.calls}
	c.ctx, c.cancel = context.WithCancel(context.WithValue(g.base, callKey{}, c))
	initialize := m.method == string(mcp.MethodInitialize)
	run, refused := false, busy()
	if !initialize || g.out.hasRoom() { // its answer cannot wait for room
		run, refused = g.calls.admit(c)
	}
	switch {
	case refused != nil:
		c.cancel()
		g.refuse(m.id, refused)
	case initialize:
		g.calls.answer(c, g.serve(c))
		g.calls.end(c)
	case run:
		go g.work(c)
	}
}

// work serves a call, and then whatever call its slot goes to.
func (g *gate) work(c *call) {
	g.tools.begin()
	for c != nil {
		line := errorLine(c.id, shuttingDown())
		select {
		case <-g.tools.done:
			line = g.serve(c)
		case <-c.ctx.Done(): // before there were tools
		}
		g.session.flush()
		g.out.waitForRoom()
		g.calls.answer(c, line)
		c = g.calls.end(c)
	}
}

// serve returns the line that answers the call. A panic of its handler is logged
// with its stack, and tells the client nothing.
func (g *gate) serve(c *call) (line []byte) {
	defer func() {
		if v := recover(); v != nil {
			g.logPanic(v)
			line = errorLine(c.id, internalError())
		}
	}()
	c.token = progressToken(c.params)
	return g.encode(c, g.srv.HandleMessage(c.ctx, forLibrary(c.message)))
}

func (g *gate) encode(c *call, answer mcp.JSONRPCMessage) []byte {
	switch answer := answer.(type) {
	case mcp.JSONRPCError:
		if answer.Error.Code == mcp.INTERNAL_ERROR {
			g.logger.Error("a request failed", "method", c.method, "error", cardguard.Redact(answer.Error.Message))
		}
		return errorLine(c.id, fromLibrary(g.srv, c.message, answer.Error))
	case mcp.JSONRPCResponse:
		if closing, ok := answer.Result.(mcp.SubscriptionsListenResult); ok {
			closing.Meta.SetSubscriptionID(originalID(closing.Meta.SubscriptionID()))
		}
		result, err := json.Marshal(answer.Result)
		if err != nil {
			g.logger.Error("a result could not be written as JSON", "method", c.method, "error", cardguard.Redact(err.Error()))
			return errorLine(c.id, internalError())
		}
		return resultLine(c.id, result)
	}
	g.logger.Error("mcp-go gave no answer", "method", c.method)
	return errorLine(c.id, internalError())
}

// notify passes a notification on. Cancellation is the gate's own affair: mcp-go
// does not know the client's ids.
func (g *gate) notify(m message) {
	if m.method == string(mcp.MethodNotificationCancelled) {
		g.cancelCall(m.params)
		return
	}
	defer func() {
		if v := recover(); v != nil {
			g.logPanic(v)
		}
	}()
	g.srv.HandleMessage(g.base, forLibrary(m)) // a notification has no answer
}

func (g *gate) cancelCall(params json.RawMessage) {
	var cancelled struct {
		RequestID json.RawMessage `json:"requestId"`
	}
	if params != nil && json.Unmarshal(params, &cancelled) == nil {
		if id, ok := keyOf(cancelled.RequestID); ok && g.calls.cancel(id) {
			return
		}
	}
	g.logger.Debug("a cancellation that names no pending request was ignored")
}

func (g *gate) logPanic(v any) {
	g.logger.Error("a handler panicked", "panic", cardguard.Redact(fmt.Sprint(v)), "stack", string(debug.Stack()))
}
