package stdio

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// ErrOutputClosed is what Serve returns when nobody can read what it writes any
// more.
var ErrOutputClosed = errors.New("stdio: output closed")

// codeBusy is the one code of JSON-RPC's server-defined range that this package
// uses: for requests that were not run, and may be sent again.
const codeBusy = -32000

// rpcError is the error member of a JSON-RPC answer.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

func notJSON(problem string) *rpcError {
	return &rpcError{Code: mcp.PARSE_ERROR, Message: problem}
}

func invalidRequest(problem string) *rpcError {
	return &rpcError{Code: mcp.INVALID_REQUEST, Message: problem}
}

func lineTooLong(limit int) *rpcError {
	return invalidRequest(fmt.Sprintf("the line was thrown away: a message may have at most %d bytes", limit))
}

func duplicateID() *rpcError {
	return invalidRequest("this id belongs to a request that is still being worked on; use another id")
}

func busy() *rpcError {
	return &rpcError{Code: codeBusy, Message: "busy: too many requests are waiting; this one was not run; retry later"}
}

func shuttingDown() *rpcError {
	return &rpcError{Code: codeBusy, Message: "the server is shutting down; this request was not run"}
}

func internalError() *rpcError {
	return &rpcError{Code: mcp.INTERNAL_ERROR, Message: "internal error"}
}

// fromLibrary turns an error of mcp-go, or of a handler behind it, into one that
// can be shown: no card numbers, no Go types, no long quotations of the input.
func fromLibrary(srv *server.MCPServer, m message, e mcp.JSONRPCErrorDetails) *rpcError {
	switch {
	case e.Code == mcp.INVALID_REQUEST && strings.HasPrefix(e.Message, "unparsable "):
		return unreadableParams(m)
	case e.Code == mcp.INVALID_PARAMS && strings.HasSuffix(e.Message, server.ErrToolNotFound.Error()):
		return unknownTool(srv, m)
	case strings.Contains(e.Message, "json: "): // encoding/json names Go types
		return &rpcError{Code: e.Code, Message: "the request could not be read or its result could not be written"}
	}
	return &rpcError{Code: e.Code, Message: presentable(e.Message, 300), Data: presentableData(e.Data)}
}

func unreadableParams(m message) *rpcError {
	problem := "they do not have the form that MCP gives them"
	switch {
	case hasBadMeta(m.params):
		problem = "_meta must be an object"
	case m.method == string(mcp.MethodToolsCall):
		problem = "expected an object {name, arguments}"
	}
	return &rpcError{Code: mcp.INVALID_PARAMS, Message: "params of " + m.method + " could not be read: " + problem}
}

func hasBadMeta(params json.RawMessage) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(params, &members) != nil {
		return false
	}
	meta := members["_meta"]
	return len(meta) > 0 && meta[0] != '{' && string(meta) != "null"
}

func unknownTool(srv *server.MCPServer, m message) *rpcError {
	var params struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(m.params, &params); err != nil || params.Name == "" {
		return unreadableParams(m)
	}
	names := slices.Sorted(maps.Keys(srv.ListTools()))
	return &rpcError{
		Code:    mcp.INVALID_PARAMS,
		Message: fmt.Sprintf("unknown tool %q; the tools are: %s", presentable(params.Name, 80), strings.Join(names, ", ")),
		Data: struct {
			ValidTools []string `json:"valid_tools"`
		}{names},
	}
}

// presentable redacts card numbers and then cuts to a number of bytes, in this
// order, so that no part of a number is left.
func presentable(text string, limit int) string {
	text = cardguard.Redact(text)
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "..."
}

// presentableData drops data that repeats a card number or is long: data explains,
// and is not worth a leak.
func presentableData(data any) any {
	if data == nil {
		return nil
	}
	raw, err := json.Marshal(data)
	if err != nil || len(raw) > 4096 || cardguard.ContainsCardNumber(string(raw)) {
		return nil
	}
	return json.RawMessage(raw)
}
