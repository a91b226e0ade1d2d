package stdio

import (
	"encoding/json"

	"github.com/mark3labs/mcp-go/mcp"
)

// Each function below makes one message: one line with its end.

func resultLine(id, result json.RawMessage) []byte {
	line := make([]byte, 0, len(id)+len(result)+40)
	line = append(line, `{"jsonrpc":"2.0","id":`...)
	line = append(line, id...)
	line = append(line, `,"result":`...)
	line = append(line, result...)
	return append(line, "}\n"...)
}

// errorLine answers the request of that id; a nil id stands for one that could
// not be read.
func errorLine(id json.RawMessage, e *rpcError) []byte {
	if id == nil {
		id = json.RawMessage("null")
	}
	body, err := json.Marshal(e)
	if err != nil { // its data: only that can be of any type
		return errorLine(id, internalError())
	}
	line := make([]byte, 0, len(id)+len(body)+40)
	line = append(line, `{"jsonrpc":"2.0","id":`...)
	line = append(line, id...)
	line = append(line, `,"error":`...)
	line = append(line, body...)
	return append(line, "}\n"...)
}

// callLine makes a request, or a notification when id is nil.
func callLine(id json.RawMessage, method string, params any) ([]byte, error) {
	line, err := json.Marshal(struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id,omitempty"`
		Method  string          `json:"method"`
		Params  any             `json:"params,omitempty"`
	}{mcp.JSONRPC_VERSION, id, method, params})
	return append(line, '\n'), err
}

// forLibrary is the message as mcp-go gets it: rebuilt from the members that a
// message of its kind has, with the raw id inside a JSON string. mcp-go would turn
// a number into a float64; it sees an opaque string instead, and originalID finds
// the id where mcp-go repeats it inside a result or a notification.
func forLibrary(m message) json.RawMessage {
	raw := make([]byte, 0, len(m.id)+len(m.method)+len(m.params)+60)
	raw = append(raw, `{"jsonrpc":"2.0","method":`...)
	raw = appendString(raw, m.method)
	if m.kind == request {
		raw = append(raw, `,"id":`...)
		raw = appendString(raw, string(m.id))
	}
	if m.params != nil {
		raw = append(raw, `,"params":`...)
		raw = append(raw, m.params...)
	}
	return append(raw, '}')
}

func appendString(raw []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string always marshals
	return append(raw, quoted...)
}

// originalID turns an id as mcp-go knows it back into the client's.
func originalID(id any) any {
	if raw, ok := id.(string); ok && json.Valid([]byte(raw)) {
		return json.RawMessage(raw)
	}
	return id
}
