package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/cardguard"
	"bigcommerce-payments-mcp/schemas"
)

// spec is what a client is told of a tool. Every byte of it is paid for by the
// model on every request.
type spec struct {
	name        string
	title       string
	description string
	hints       hints

	// output is the schema of Out where several tools share it; nil: it is made.
	output json.RawMessage

	// rowsAt is the JSON pointer below which the tool itself looks for card
	// numbers, row by row, so that one bad row does not refuse the call; ""
	// for none.
	rowsAt string
}

// hints are the four annotations of a tool; none is left to a client's default.
type hints struct {
	readOnly, destructive, idempotent, openWorld bool
}

// adapter is what every tool call passes through.
type adapter struct {
	store  bcapi.Store
	logger *slog.Logger

	// The schemas of a job's answer, which several tools give: whole, and only
	// how it stands.
	job, jobState json.RawMessage
}

// define makes an MCP tool of a typed handler: its schemas come from In and
// Out, its arguments are guarded, validated and decoded before the handler
// runs, and its outcome is given as structured content or as an error object.
func define[In, Out any](a adapter, s spec, handle func(context.Context, In) (Out, error)) (server.ServerTool, error) {
	input, err := schemas.New[In]()
	if err != nil {
		return server.ServerTool{}, fmt.Errorf("input of %s: %w", s.name, err)
	}
	if s.output == nil {
		if s.output, err = schemas.Describe[Out](); err != nil {
			return server.ServerTool{}, fmt.Errorf("output of %s: %w", s.name, err)
		}
	}
	call := func(ctx context.Context, request mcp.CallToolRequest) (result *mcp.CallToolResult, _ error) {
		start := time.Now()
		var failure *Error
		defer func() {
			if r := recover(); r != nil {
				a.logger.Error("a tool panicked", "tool", s.name, "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
				failure = internalError()
			}
			if failure != nil {
				result = a.errorResult(failure)
			}
			a.log(s.name, start, failure)
		}()
		var in In
		if in, failure = arguments(input, request.Params.RawArguments, s.rowsAt); failure != nil {
			return nil, nil
		}
		out, err := handle(withRoundTrip(ctx, request.Params.MultiRoundTripParams), in)
		var ask *askError
		switch {
		case errors.As(err, &ask):
			return ask.result, nil
		case err != nil:
			failure = explain(err)
			return nil, nil
		}
		result, failure = structured(out)
		return result, nil
	}
	return server.ServerTool{Tool: s.tool(input.JSON()), Handler: call}, nil
}

func (s spec) tool(input json.RawMessage) mcp.Tool {
	tool := mcp.NewToolWithRawSchema(s.name, s.description, input)
	mcp.WithToolTitle(s.title)(&tool)
	mcp.WithRawOutputSchema(s.output)(&tool)
	mcp.WithReadOnlyHintAnnotation(s.hints.readOnly)(&tool)
	mcp.WithDestructiveHintAnnotation(s.hints.destructive)(&tool)
	mcp.WithIdempotentHintAnnotation(s.hints.idempotent)(&tool)
	mcp.WithOpenWorldHintAnnotation(s.hints.openWorld)(&tool)
	return tool
}

// arguments decodes the arguments of a call, unless they break the schema or
// hold a card number outside the rows that the tool guards by itself.
func arguments[In any](input *schemas.Schema[In], raw json.RawMessage, rowsAt string) (In, *Error) {
	var violations []schemas.Violation
	for _, f := range cardguard.ScanJSON(raw) {
		inRows := rowsAt != "" && strings.HasPrefix(f.Pointer, rowsAt+"/")
		if f.Kind == cardguard.CardNumber && !inRows { // a field for a CVV is in no schema
			violations = append(violations, schemas.Violation{Pointer: f.Pointer, Problem: "looks like a card number, which is never accepted: remove it"})
		}
	}
	in, err := input.Decode(raw)
	var invalid *schemas.InvalidError
	switch {
	case errors.As(err, &invalid):
		return in, invalidArguments(append(violations, invalid.Violations...), invalid.More)
	case err != nil:
		return in, explain(err)
	case len(violations) > 0:
		return in, invalidArguments(violations, 0)
	}
	return in, nil
}

// structured renders a handler's result, as structured content and as the same
// JSON in text for clients that read only text.
func structured[Out any](out Out) (*mcp.CallToolResult, *Error) {
	text, err := json.Marshal(out)
	if err != nil {
		return nil, internalError()
	}
	return mcp.NewToolResultStructured(json.RawMessage(text), string(text)), nil
}

// errorResult renders a failure. It carries no structured content: clients
// hold that against the output schema, which is for successes.
func (a adapter) errorResult(failure *Error) *mcp.CallToolResult {
	text, err := json.Marshal(struct {
		Error *Error      `json:"error"`
		Store bcapi.Store `json:"store"`
	}{failure, a.store})
	if err != nil { // details that cannot be marshalled: say the rest
		text, _ = json.Marshal(map[string]any{"error": map[string]string{"code": failure.Code, "message": failure.Message}})
	}
	return mcp.NewToolResultError(string(text))
}

func (a adapter) log(tool string, start time.Time, failure *Error) {
	attributes := []any{"tool", tool, "duration", time.Since(start).Round(time.Microsecond)}
	if failure == nil {
		a.logger.Info("tool call", attributes...)
		return
	}
	attributes = append(attributes, "code", failure.Code)
	if failure.cause != nil && !errors.Is(failure.cause, context.Canceled) {
		attributes = append(attributes, "error", failure.cause)
	}
	a.logger.Warn("tool call failed", attributes...)
}
