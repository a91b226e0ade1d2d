package bcapi

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// FieldError is what the API says of one field. Both texts are cleaned.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is an answer of the API with a status of failure. All of its texts that
// come from upstream are cleaned: no control characters, no card numbers, cut
// to a length.
type Error struct {
	Status        int
	Code          string // the API's own number, such as "30101"; "" when it gives none
	Title         string
	Detail        string
	Fields        []FieldError // sorted
	CorrelationID string       // what the request carried as X-Correlation-Id
	RetryAfter    time.Duration
	Retryable     bool // the same request may pass later, and repeating it does no harm
	Method        string
	Path          string   // the template of the path, without values
	Scopes        []string // the API account needs one of these for the call
}

func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: status %d", e.Method, e.Path, e.Status)
	if e.Code != "" {
		text.WriteString(", code " + e.Code)
	}
	for _, part := range []string{e.Title, e.Detail} {
		if part != "" {
			text.WriteString(": " + part)
		}
	}
	return cardguard.Redact(text.String()) // what is put together may add up to a card number
}

// LogValue gives what a log may hold. The names of fields are in it, their
// messages are not: those may quote what was sent.
func (e *Error) LogValue() slog.Value {
	attributes := []slog.Attr{
		slog.String("method", e.Method), slog.String("path", e.Path),
		slog.Int("status", e.Status), slog.String("code", e.Code), slog.String("title", e.Title),
		slog.String("correlation_id", e.CorrelationID), slog.Bool("retryable", e.Retryable),
	}
	if len(e.Fields) > 0 {
		names := make([]string, len(e.Fields))
		for i, f := range e.Fields {
			names[i] = f.Field
		}
		attributes = append(attributes, slog.Any("fields", names))
	}
	if e.RetryAfter > 0 {
		attributes = append(attributes, slog.Duration("retry_after", e.RetryAfter))
	}
	return slog.GroupValue(attributes...)
}
