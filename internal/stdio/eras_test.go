package stdio

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

const modernMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{}},"io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"}}`

func modern(id, method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":{%s%s}}`, id, method, params, modernMeta)
}

func TestHandshakeEra(t *testing.T) {
	for _, version := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"} {
		t.Run(version, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				g := startGate(t, nil)
				g.send(initialize(version, `{}`))
				if r := g.answer(`"init"`); !strings.Contains(string(r.Result), `"protocolVersion":"`+version+`"`) {
					t.Errorf("initialize: %s", r.Result)
				}
				g.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`, get(`1`, "tools/list"))
				if r := g.answer(`1`); !strings.Contains(string(r.Result), `"echo"`) || strings.Contains(string(r.Result), "resultType") {
					t.Errorf("tools/list: %s", r.Result)
				}
				g.send(toolCall(`2`, "echo", `{"a":1}`))
				if got := g.answer(`2`).text(t); got != `{"a":1}` {
					t.Error(got)
				}
				g.send(get(`3`, "ping"))
				g.answer(`3`)
				g.send(get(`4`, "server/discover"))
				g.wantError(`4`, mcp.METHOD_NOT_FOUND)
				g.finish()
			})
		})
	}
}

func TestStatelessEra(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(modern(`1`, "server/discover", ``))
		if r := g.answer(`1`); !strings.Contains(string(r.Result), `"2026-07-28"`) {
			t.Errorf("server/discover: %s", r.Result)
		}
		g.send(modern(`2`, "tools/list", ``))
		if r := g.answer(`2`); !strings.Contains(string(r.Result), `"resultType":"complete"`) {
			t.Errorf("tools/list: %s", r.Result)
		}
		g.send(modern(`3`, "tools/call", `"name":"echo","arguments":{"a":1},`))
		if got := g.answer(`3`).text(t); got != `{"a":1}` {
			t.Error(got)
		}
		g.send(modern(`4`, "initialize", ``))
		g.wantError(`4`, mcp.METHOD_NOT_FOUND)
		g.send(strings.Replace(modern(`5`, "tools/list", ``), "2026-07-28", "2099-01-01", 1))
		g.wantError(`5`, mcp.UNSUPPORTED_PROTOCOL_VERSION)

		g.send(modern(`6`, "tools/call", `"name":"block",`))
		synctest.Wait()
		g.send(cancelled(`6`))
		<-g.tools.ended
		g.finish()
	})
}

func TestSubscription(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(listen(`9007199254740993`))
		ack := g.recv()
		if ack.Method != mcp.MethodNotificationSubscriptionsAcknowledged || !strings.Contains(string(ack.Params), `"io.modelcontextprotocol/subscriptionId":9007199254740993`) {
			t.Errorf("acknowledged: %+v %s", ack, ack.Params)
		}
		add(g, "new", func(ctx) {})
		if r := g.recv(); r.Method != mcp.MethodNotificationToolsListChanged {
			t.Errorf("got %+v", r)
		}
		g.srv.SendNotificationToAllClients("notifications/unwanted", nil)
		synctest.Wait()
		rest, err := g.end()
		if len(rest) != 1 || err != nil || !strings.Contains(string(rest[0].Result), `"io.modelcontextprotocol/subscriptionId":9007199254740993`) {
			t.Errorf("at the end: %+v, %v", rest, err)
		}
	})
}

func TestSubscriptionToNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		for range 100 {
			g.send(modern(`"s"`, "subscriptions/listen", `"notifications":{},`))
			if ack := g.recv(); ack.Method != mcp.MethodNotificationSubscriptionsAcknowledged {
				t.Fatalf("the acknowledgement comes after %s", ack.ID)
			}
			g.answer(`"s"`)
		}
		g.finish()
	})
}

func TestCancelledSubscription(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(listen(`1`))
		g.recv()
		g.send(cancelled(`1`))
		g.finish()
	})
}

func TestNotificationsOfAHandlerPrecedeItsAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(initialize("2025-11-25", `{}`))
		g.answer(`"init"`)
		for range 20 {
			g.send(toolCall(`1`, "notify", `{"n":50}`))
			for range 50 {
				if r := g.recv(); r.Method != "notifications/test" {
					t.Fatalf("got %+v", r)
				}
			}
			g.answer(`1`)
		}
		g.finish()
	})
}

// asked returns the id of the question that comes next.
func (g *gateTest) asked() string {
	g.t.Helper()
	r := g.recv()
	if r.Method != "elicitation/create" || !strings.Contains(string(r.Params), "Sure?") {
		g.t.Fatalf("not a question: %+v", r)
	}
	return string(r.ID)
}

func startAsking(t *testing.T) (g *gateTest, question string) {
	t.Helper()
	g = startGate(t, nil)
	g.send(initialize("2025-11-25", `{"elicitation":{}}`))
	g.answer(`"init"`)
	g.send(toolCall(`1`, "ask", `{}`))
	return g, g.asked()
}

func TestElicitation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g, question := startAsking(t)
		g.send(`{"jsonrpc":"2.0","id":"elicit-999","result":{"action":"decline"}}`) // nobody's
		g.send(`{"jsonrpc":"2.0","id":1,"result":{"action":"decline"}}`)            // a call's, not a question's
		g.send(`{"jsonrpc":"2.0","id":` + question + `,"result":{"action":"accept","content":{"confirm":true}}}`)
		if got := g.answer(`1`).text(t); got != "accept state" {
			t.Error(got)
		}
		g.send(`{"jsonrpc":"2.0","id":` + question + `,"result":{"action":"decline"}}`) // a second answer
		g.send(toolCall(`2`, "ask", `{}`))
		if second := g.asked(); second == question {
			t.Errorf("both questions have id %s", second)
		} else {
			g.send(`{"jsonrpc":"2.0","id":` + second + `,"result":{"action":"decline"}}`)
		}
		if got := g.answer(`2`).text(t); got != "decline state" {
			t.Error(got)
		}
		g.finish()
	})
}

func TestElicitationThatFails(t *testing.T) {
	for _, test := range []struct{ name, answer, says string }{
		{"refused", `"error":{"code":-32601,"message":"no 4111111111111111"}`, "no [card number removed] (-32601)"},
		{"malformed error", `"error":"no"`, "refused"},
		{"malformed result", `"result":{"action":4111111111111111}`, "could not be read"},
		{"no action", `"result":{}`, "could not be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				g, question := startAsking(t)
				g.send(`{"jsonrpc":"2.0","id":` + question + `,` + test.answer + `}`)
				if r := g.wantError(`1`, mcp.INTERNAL_ERROR); !strings.Contains(r.Error.Message, test.says) || strings.Contains(r.Error.Message, "4111") {
					t.Error(r.Error.Message)
				}
				g.finish()
			})
		})
	}
}

func TestElicitationOfAClientThatCannotAsk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(initialize("2025-06-18", `{}`))
		g.answer(`"init"`)
		g.send(toolCall(`1`, "ask", `{}`))
		if r := g.wantError(`1`, mcp.INTERNAL_ERROR); !strings.Contains(r.Error.Message, "elicitation capability") {
			t.Error(r.Error.Message)
		}
		g.finish()
	})
}

func TestElicitationIsWithdrawnWithItsCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g, question := startAsking(t)
		g.send(cancelled(`1`))
		if r := g.recv(); r.Method != "notifications/cancelled" || !strings.Contains(string(r.Params), `"requestId":`+question) {
			t.Errorf("got %+v", r)
		}
		g.finish()
	})
}

func TestElicitationEndsWithTheInput(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g, _ := startAsking(t)
		start := time.Now()
		rest, err := g.end()
		if len(rest) != 1 || rest[0].Error == nil || !strings.Contains(rest[0].Error.Message, "nobody can answer") || err != nil || time.Since(start) != 0 {
			t.Errorf("%+v, %v after %v", rest, err, time.Since(start))
		}
	})
}

func TestNoQuestionAfterTheInput(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		asked := make(chan error, 1)
		add(g, "ask_later", func(ctx ctx) {
			time.Sleep(time.Second)
			_, err := g.srv.RequestElicitation(ctx, mcp.ElicitationRequest{Params: mcp.ElicitationParams{Message: "Sure?", RequestedSchema: map[string]any{}}})
			asked <- err
		})
		g.send(initialize("2025-11-25", `{"elicitation":{}}`))
		g.answer(`"init"`)
		g.send(toolCall(`1`, "ask_later", `{}`))
		rest, err := g.end()
		if len(rest) != 1 || string(rest[0].ID) != `1` || err != nil {
			t.Errorf("got %+v, %v", rest, err)
		}
		if err := <-asked; !errors.Is(err, errNobodyThere) {
			t.Errorf("asking gives %v", err)
		}
	})
}

func TestLastWordIsHeard(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for range 50 { // else it would be heard every other time
			out := newWriter(io.Discard, make(poke, 1), func() {})
			out.push(make([]byte, maxBacklog)) // the question waits for room
			s := newSession(out, slog.New(slog.DiscardHandler))
			s.SetClientCapabilities(mcp.ClientCapabilities{Elicitation: &mcp.ElicitationCapability{}})
			var answer *mcp.ElicitationResult
			asked := make(chan error)
			go func() {
				var err error
				answer, err = s.RequestElicitation(t.Context(), mcp.ElicitationRequest{})
				asked <- err
			}()
			synctest.Wait()
			s.deliver(message{key: `"elicit-1`, result: json.RawMessage(`{"action":"accept"}`)})
			close(s.inputEnded)
			out.abandon()
			if err := <-asked; err != nil || answer.Action != mcp.ElicitationResponseActionAccept {
				t.Fatalf("%+v, %v", answer, err)
			}
		}
	})
}

func TestRefusalToAskIsPresentable(t *testing.T) {
	_, err := readElicitation(message{err: json.RawMessage(`{"code":-1,"message":"4111111111111111` + strings.Repeat("x", 1000) + `"}`)})
	if err == nil || strings.Contains(err.Error(), "4111") || len(err.Error()) > 300 {
		t.Error(err)
	}
}

func TestElicitationInTheStatelessEra(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(modern(`1`, "tools/call", `"name":"ask",`))
		r := g.answer(`1`)
		var result struct {
			ResultType    string                     `json:"resultType"`
			InputRequests map[string]json.RawMessage `json:"inputRequests"`
			RequestState  string                     `json:"requestState"`
		}
		if err := json.Unmarshal(r.Result, &result); err != nil || result.ResultType != "input_required" || result.RequestState != "state" || result.InputRequests["confirm"] == nil {
			t.Fatalf("%s: %v", r.Result, err)
		}
		g.send(modern(`2`, "tools/call", `"name":"ask","requestState":"state","inputResponses":{"confirm":{"action":"accept","content":{"confirm":true}}},`))
		if got := g.answer(`2`).text(t); got != "accept state" {
			t.Error(got)
		}
		g.finish()
	})
}
