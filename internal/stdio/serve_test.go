package stdio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// bubble runs a test with a clock of its own. It also fails when a goroutine is
// left behind.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func TestAnswersCarryTheIDAsItCame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		for _, id := range []string{`9`, `"9"`, `9007199254740993`, `-1`, `1.50e1`, `123456789012345678901234567890`, `"\u0061 \"é\""`, `""`, `"<&>"`} {
			g.send(get(id, "ping"))
			if r := g.answer(id); string(r.Result) != `{}` {
				t.Errorf("%s: %s %+v", id, r.Result, r.Error)
			}
			g.send(toolCall(id, "echo", `{"id":9007199254740993}`))
			if got := g.answer(id).text(t); got != `{"id":9007199254740993}` {
				t.Errorf("%s: %s", id, got)
			}
			g.send(get(id, "no/such"))
			g.wantError(id, mcp.METHOD_NOT_FOUND)
		}
		g.finish()
	})
}

func TestEqualIDsInFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(toolCall(`9`, "block", `{}`))
		g.started(`9`)
		g.send(get(`9.0`, "ping"))
		g.wantError(`9.0`, mcp.INVALID_REQUEST)
		g.send(get(`"9"`, "ping"))
		g.answer(`"9"`)
		g.send(cancelled(`9`), get(`9`, "ping"))
		g.answer(`9`)
		g.finish()
	})
}

func TestLinesThatAreNoRequests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, func(o *Options) { o.MaxLine = 200 })
		g.send("\xef\xbb\xbf", "", "  \t", "\r", get(`1`, "ping")+"\r")
		g.answer(`1`)
		g.send(`{"jsonrpc":"2.0",`)
		g.wantError(`null`, mcp.PARSE_ERROR)
		g.send("{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"ping\"}")
		g.wantError(`null`, mcp.PARSE_ERROR)
		g.send(`[` + get(`2`, "ping") + `]`)
		g.wantError(`null`, mcp.INVALID_REQUEST)
		g.send(`{"jsonrpc":"2.0","id":null,"method":"ping"}`)
		g.wantError(`null`, mcp.INVALID_REQUEST)
		g.send(`{"jsonrpc":"2.0","id":3,"method":"ping","params":[]}`)
		g.wantError(`3`, mcp.INVALID_REQUEST)
		g.send(`{"jsonrpc":"2.0","method":"notifications/unknown"}`)
		g.send(`{"jsonrpc":"2.0","method":"notifications/initialized","params":{"_meta":7}}`)
		g.send(`{"jsonrpc":"2.0","id":4,"result":{}}`)
		g.send(toolCall(`5`, "echo", `"`+strings.Repeat("x", 1<<20)+`"`))
		if r := g.wantError(`null`, mcp.INVALID_REQUEST); !strings.Contains(r.Error.Message, "at most 200 bytes") {
			t.Error(r.Error.Message)
		}
		g.send(get(`6`, "ping"))
		g.answer(`6`)
		g.finish()
	})
}

func TestMalformedNotificationsAreNotAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		malformed := []string{
			`{"jsonrpc":"2.0","method":"notifications/initialized","params":[]}`,
			`{"jsonrpc":"2.0","method":"notifications/initialized","params":"4111111111111111"}`,
			`{"jsonrpc":"2.0","method":"notifications/cancelled","params":7}`,
			`{"jsonrpc":"1.0","method":"notifications/initialized"}`,
			`{"method":"notifications/initialized"}`,
			`{"jsonrpc":"2.0","method":7}`,
			`{"jsonrpc":"2.0","method":null,"params":[]}`,
		}
		g.send(malformed...)
		g.send(get(`1`, "ping"))
		g.answer(`1`)
		g.finish()
		if n := strings.Count(g.log.String(), "level=DEBUG msg=\"a malformed notification was ignored\""); n != len(malformed) {
			t.Errorf("%d are in the log:\n%s", n, g.log)
		}
		if strings.Contains(g.log.String(), "4111") {
			t.Errorf("the log has the card number:\n%s", g.log)
		}
	})
}

func TestErrorsOfTheLibraryAreMadePresentable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		const card = "4111111111111111"
		tests := []struct {
			name, request string
			code          int
			says          string
		}{
			{"no params", get(`1`, "tools/call"), mcp.INVALID_PARAMS, "expected an object {name, arguments}"},
			{"empty params", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}`, mcp.INVALID_PARAMS, "expected an object {name, arguments}"},
			{"name of another type", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":` + card + `}}`, mcp.INVALID_PARAMS, "expected an object {name, arguments}"},
			{"_meta of another type", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":[` + card + `]}}`, mcp.INVALID_PARAMS, "params of tools/call could not be read: _meta must be an object"},
			{"_meta of another type, other method", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":"` + card + `"}}`, mcp.INVALID_PARAMS, "params of tools/list could not be read: _meta must be an object"},
			{"name of another type beside _meta", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7,"_meta":{}}}`, mcp.INVALID_PARAMS, "expected an object {name, arguments}"},
			{"name of another type beside _meta of null", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7,"_meta":null}}`, mcp.INVALID_PARAMS, "expected an object {name, arguments}"},
			{"params of another method", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":` + card + `}}`, mcp.INVALID_PARAMS, "params of tools/list could not be read"},
			{"initialize", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":` + card + `}}`, mcp.INVALID_PARAMS, "params of initialize could not be read"},
			{"unknown tool", toolCall(`1`, card, `{}`), mcp.INVALID_PARAMS, `unknown tool "[card number removed]"; the tools are: ask, big, block, decode, echo`},
			{"unknown method", get(`1`, card+strings.Repeat("x", 10_000)), mcp.METHOD_NOT_FOUND, "Method [card number removed]"},
			{"unknown version", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"` + card + `","io.modelcontextprotocol/clientCapabilities":{}}}}`, mcp.UNSUPPORTED_PROTOCOL_VERSION, "version"},
			{"handler that decodes", toolCall(`1`, "decode", `{"n":"`+card+`"}`), mcp.INTERNAL_ERROR, "could not be read"},
			{"failing handler", toolCall(`1`, "fail", `{}`), mcp.INTERNAL_ERROR, "no luck with [card number removed]"},
		}
		for _, test := range tests {
			g.send(test.request)
			r := g.wantError(`1`, test.code)
			shown := r.Error.Message + string(r.Error.Data)
			if !strings.Contains(r.Error.Message, test.says) {
				t.Errorf("%s: says %q, want %q", test.name, r.Error.Message, test.says)
			}
			for _, never := range []string{"4111", "struct", "json:", "Go "} {
				if strings.Contains(shown, never) {
					t.Errorf("%s: %q in %q", test.name, never, shown)
				}
			}
			if len(shown) > 500 || !json.Valid([]byte(fmt.Sprintf("%q", shown))) {
				t.Errorf("%s: %d bytes: %q", test.name, len(shown), shown)
			}
		}
		g.finish()
		if strings.Contains(g.log.String(), "4111") {
			t.Errorf("the log has the card number:\n%s", g.log)
		}
	})
}

func TestPresentableRedactsBeforeItCuts(t *testing.T) {
	for before := range 40 {
		text := strings.Repeat("é", before) + " 4111111111111111"
		got := presentable(text, 30)
		if strings.Contains(got, "4111") || len(got) > 33 || !utf8.ValidString(got) {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestUnknownToolNamesTheTools(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(toolCall(`1`, "nope", `{}`))
		r := g.wantError(`1`, mcp.INVALID_PARAMS)
		var data struct {
			ValidTools []string `json:"valid_tools"`
		}
		if err := json.Unmarshal(r.Error.Data, &data); err != nil {
			t.Fatal(err)
		}
		if len(data.ValidTools) != len(g.srv.ListTools()) || !slices.IsSorted(data.ValidTools) || !slices.Contains(data.ValidTools, "echo") {
			t.Errorf("valid_tools: %v", data.ValidTools)
		}
		g.finish()
	})
}

func TestHandlersThatGoWrong(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		for _, tool := range []string{"panic", "unmarshalable"} {
			g.send(toolCall(`1`, tool, `{}`))
			if r := g.wantError(`1`, mcp.INTERNAL_ERROR); r.Error.Message != "internal error" || r.Error.Data != nil {
				t.Errorf("%s: %+v", tool, r.Error)
			}
		}
		g.srv.AddNotificationHandler("notifications/boom", func(_ context.Context, _ mcp.JSONRPCNotification) { panic("in a notification") })
		g.send(`{"jsonrpc":"2.0","method":"notifications/boom"}`, get(`2`, "ping"))
		g.answer(`2`)
		g.finish()
		for _, want := range []string{"level=ERROR", "secret detail [card number removed]", "harness_test.go", "unsupported type", "in a notification"} {
			if !strings.Contains(g.log.String(), want) {
				t.Errorf("no %q in the log:\n%s", want, g.log)
			}
		}
	})
}

func TestInitializeIsAnsweredFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for range 50 {
			g := startGate(t, nil)
			g.send(initialize("2025-11-25", `{}`), get(`1`, "ping"), toolCall(`2`, "notify", `{"n":1}`), get(`3`, "tools/list"))
			g.answer(`"init"`)
			rest, err := g.end()
			if len(rest) != 4 || err != nil {
				t.Fatalf("%+v, %v", rest, err)
			}
			for _, r := range rest {
				if r.Error != nil { // notify fails in a session that is not initialized
					t.Errorf("%s ran before initialize: %+v", r.ID, r.Error)
				}
			}
		}
	})
}

func TestReadErrorEndsServe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		broken := errors.New("broken")
		g := startGate(t, func(o *Options) {
			o.In = io.MultiReader(strings.NewReader(toolCall(`1`, "wait", `{"ms":5000}`)+"\n"), iotest.ErrReader(broken))
		})
		g.answer(`1`)
		if err := <-g.served; !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}

func TestOneServerOneClient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startGate(t, nil)
		g.send(get(`1`, "ping"))
		g.answer(`1`)
		if err := Serve(t.Context(), g.srv, Options{In: strings.NewReader(""), Out: io.Discard}); !errors.Is(err, server.ErrSessionExists) {
			t.Errorf("a second Serve: %v", err)
		}
		g.finish()
		var out bytes.Buffer
		if err := Serve(t.Context(), g.srv, Options{In: strings.NewReader(get(`1`, "ping")), Out: &out}); err != nil || out.Len() == 0 {
			t.Errorf("Serve after the first: %v, %q", err, out.String())
		}
	})
}
