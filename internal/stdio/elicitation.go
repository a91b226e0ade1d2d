package stdio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"
)

var (
	errCannotAsk   = errors.New("the client cannot ask its user: it has not declared the elicitation capability")
	errNobodyThere = errors.New("nobody can answer: the client has closed its side")
)

// RequestElicitation asks the client's user, and waits for the answer, the end of
// ctx, or the end of the input. mcp-go calls it for clients up to protocol version
// 2025-11-25; later ones are asked by the result of their call.
func (s *session) RequestElicitation(ctx context.Context, request mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	if s.GetClientCapabilities().Elicitation == nil {
		return nil, errCannotAsk
	}
	select {
	case <-s.inputEnded:
		return nil, errNobodyThere
	default:
	}
	id, answered := s.expect()
	key, _ := keyOf(id)
	defer s.giveUp(key)

	line, err := callLine(id, string(mcp.MethodElicitationCreate), request.Params)
	if err != nil {
		return nil, fmt.Errorf("the question could not be written: %w", err)
	}
	s.out.waitForRoom()
	s.out.push(line)
	select {
	case answer := <-answered:
		return readElicitation(answer)
	case <-ctx.Done():
		s.withdraw(id)
		return nil, ctx.Err()
	case <-s.inputEnded:
	}
	select {
	case answer := <-answered: // it was the last thing the client said
		return readElicitation(answer)
	default:
		return nil, errNobodyThere
	}
}

// expect makes the id of a new question and the channel of its answer.
func (s *session) expect() (json.RawMessage, <-chan message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	id := fmt.Appendf(nil, `"elicit-%d"`, s.asked)
	key, _ := keyOf(id)
	answered := make(chan message, 1)
	s.waiting[key] = answered
	return id, answered
}

func (s *session) giveUp(key idKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, key)
}

// withdraw tells the client that a question needs no answer any more.
func (s *session) withdraw(id json.RawMessage) {
	line, err := callLine(nil, string(mcp.MethodNotificationCancelled), struct {
		RequestID json.RawMessage `json:"requestId"`
	}{id})
	if err == nil && s.out.hasRoom() {
		s.out.push(line)
	}
}

// deliver hands the client's response to whoever waits for it.
func (s *session) deliver(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answered, ok := s.waiting[m.key]
	if !ok {
		s.logger.Debug("a response that nobody waits for was ignored")
		return
	}
	delete(s.waiting, m.key)
	answered <- m // never blocks: it has room for the one message it ever gets
}

func readElicitation(answer message) (*mcp.ElicitationResult, error) {
	if answer.err != nil {
		var refusal rpcError
		if json.Unmarshal(answer.err, &refusal) != nil {
			return nil, errors.New("the client refused to ask its user")
		}
		return nil, fmt.Errorf("the client refused to ask its user: %s (%d)", presentable(refusal.Message, 200), refusal.Code)
	}
	var result mcp.ElicitationResult
	if json.Unmarshal(answer.result, &result) != nil || result.Action == "" {
		return nil, errors.New("the client's answer to the question could not be read: expected an object {action, content}")
	}
	return &result, nil
}
