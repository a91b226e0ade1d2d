package tools

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// confirmID is the name of the one question that a call asks.
const confirmID = "confirm"

// confirmLife is how long an answer to a question counts.
const confirmLife = 15 * time.Minute

// Confirmer asks the person behind a client, where the client can. Between the
// question and its answer the state is with the client, so it is signed, bound
// to what was asked, and good for one use.
type Confirmer struct {
	sealer

	mu   sync.Mutex           // guards used
	used map[string]time.Time // nonces that were answered, until they expire
}

// NewConfirmer makes a Confirmer; its questions are answered in its own process
// only.
func NewConfirmer() *Confirmer {
	return &Confirmer{sealer: newSealer(), used: make(map[string]time.Time)}
}

// askState is what travels with a question.
type askState struct {
	Nonce   string    `json:"n"`
	About   string    `json:"a"` // what the answer is bound to
	Expires time.Time `json:"e"`
}

// askError makes the adapter put a question to the person.
type askError struct{ result *mcp.CallToolResult }

func (*askError) Error() string { return "the person is asked" }

// roundTripKey carries what a client answers with its repeated call.
type roundTripKey struct{}

func withRoundTrip(ctx context.Context, params mcp.MultiRoundTripParams) context.Context {
	return context.WithValue(ctx, roundTripKey{}, params)
}

// confirm returns nil when the person has agreed, when their client cannot ask
// them, or when the operator wants no questions. about binds the answer: it must be
// the same when the call comes again.
func (d Dependencies) confirm(ctx context.Context, about, question string) error {
	if d.NoConfirm || !canAsk(ctx) {
		return nil
	}
	round, _ := ctx.Value(roundTripKey{}).(mcp.MultiRoundTripParams)
	answer := server.ElicitationResponse(round.InputResponses, confirmID)
	if answer == nil {
		return &askError{result: d.Confirmer.ask(about, question)}
	}
	if !d.Confirmer.accept(round.RequestState, about) {
		return &Error{
			Code: "invalid_confirmation", Message: "The answer does not belong to this question, is too old, or was used before. Nothing was done.",
			Retryable: true, NextStep: "Call again, so that the person is asked anew.",
		}
	}
	if answer.Action == mcp.ElicitationResponseActionAccept && agreed(answer.Content) {
		return nil
	}
	return &Error{
		Code: "declined", Message: "The person did not agree. Nothing was done.",
		NextStep: "Ask your person what they want instead; do not call again without their word.",
	}
}

// canAsk reports whether the client can put a form to its person.
func canAsk(ctx context.Context) bool {
	if info := server.RequestProtocolInfoFromContext(ctx); info != nil && info.Modern {
		return info.ClientCapabilities != nil && info.ClientCapabilities.Elicitation != nil
	}
	session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo)
	return ok && session.GetClientCapabilities().Elicitation != nil
}

func (c *Confirmer) ask(about, question string) *mcp.CallToolResult {
	state := askState{Nonce: rand.Text(), About: about, Expires: time.Now().Add(confirmLife)}
	return server.NewInputRequestBuilder(c.seal(state)).Elicit(confirmID, mcp.ElicitationParams{
		Message: question,
		RequestedSchema: map[string]any{
			"type":       "object",
			"properties": map[string]any{"confirm": map[string]any{"type": "boolean", "title": "Yes, do it"}},
			"required":   []string{"confirm"},
		},
	}).ToolResult()
}

func agreed(content any) bool {
	fields, ok := content.(map[string]any)
	yes, isBool := fields["confirm"].(bool)
	return ok && isBool && yes
}

// accept takes a state back, once.
func (c *Confirmer) accept(signed, about string) bool {
	var state askState
	if !c.open(signed, &state) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for nonce, expires := range c.used {
		if now.After(expires) {
			delete(c.used, nonce)
		}
	}
	if _, twice := c.used[state.Nonce]; twice || state.About != about || now.After(state.Expires) {
		return false
	}
	c.used[state.Nonce] = state.Expires
	return true
}
