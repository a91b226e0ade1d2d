package stdio

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// The tests of the process (process_test.go) run this test binary again as a
// small server.
const (
	serverVariable    = "STDIO_TEST_SERVER"
	eofGraceVariable  = "STDIO_TEST_EOF_GRACE"
	stopGraceVariable = "STDIO_TEST_STOP_GRACE"

	exitOutputClosed = 3
)

func TestMain(m *testing.M) {
	if os.Getenv(serverVariable) != "" {
		os.Exit(runTestServer())
	}
	os.Exit(m.Run())
}

func runTestServer() int {
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	stderr := NewLogWriter(os.Stderr)
	defer stderr.Close(time.Second)
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	srv, _ := newTestServer(logger)
	err := Serve(ctx, srv, Options{
		In: os.Stdin, Out: os.Stdout, Logger: logger,
		EOFGrace:  grace(eofGraceVariable),
		StopGrace: grace(stopGraceVariable),
	})
	switch {
	case errors.Is(err, ErrOutputClosed):
		return exitOutputClosed
	case err != nil:
		return 1
	}
	return 0
}

func grace(variable string) time.Duration {
	d, _ := time.ParseDuration(os.Getenv(variable))
	return d // 0 stands for the default
}

// testTools is what the test server's handlers share with a test in the same
// process.
type testTools struct {
	echoed  atomic.Int64  // runs of echo
	bigs    atomic.Int64  // runs of big
	ended   chan error    // gets the context's error whenever block or stubborn ends
	release chan struct{} // closed: stubborn returns
}

func newTestServer(logger *slog.Logger) (*server.MCPServer, *testTools) {
	tools := &testTools{ended: make(chan error, 10_000), release: make(chan struct{})}
	srv := server.NewMCPServer("test", "1", server.WithToolCapabilities(true))
	add := func(name string, handler server.ToolHandlerFunc) {
		srv.AddTool(mcp.NewToolWithRawSchema(name, name, json.RawMessage(`{"type":"object"}`)), handler)
	}
	add("echo", func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		tools.echoed.Add(1)
		return mcp.NewToolResultText(string(r.Params.RawArguments)), nil
	})
	// block says that it has started, and waits for its cancellation.
	add("block", func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		ReportProgress(ctx, 1, 0, "started")
		<-ctx.Done()
		tools.ended <- ctx.Err()
		ReportProgress(ctx, 2, 0, "too late if the client cancelled")
		return mcp.NewToolResultText("stopped"), nil
	})
	// stubborn does not care about its context.
	add("stubborn", func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		ReportProgress(ctx, 1, 0, "started")
		<-tools.release
		tools.ended <- ctx.Err()
		return mcp.NewToolResultText("released"), nil
	})
	// wait takes the time given in {"ms"}, whatever happens.
	add("wait", func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		time.Sleep(time.Duration(r.GetInt("ms", 0)) * time.Millisecond)
		return mcp.NewToolResultText("waited"), nil
	})
	// steps reports {"n"} times, {"ms"} apart, and returns at once after the last.
	add("steps", func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		n := r.GetInt("n", 0)
		for i := range n {
			ReportProgress(ctx, float64(i+1), float64(n), fmt.Sprintf("step %d", i+1))
			time.Sleep(time.Duration(r.GetInt("ms", 0)) * time.Millisecond)
		}
		return mcp.NewToolResultText("done"), nil
	})
	add("big", func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		tools.bigs.Add(1)
		return mcp.NewToolResultText(strings.Repeat("x", r.GetInt("bytes", 0))), nil
	})
	add("log", func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		line := strings.Repeat("x", 1000)
		for range r.GetInt("lines", 0) {
			logger.Error(line)
		}
		return mcp.NewToolResultText("logged"), nil
	})
	add("panic", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		panic("secret detail 4111111111111111")
	})
	add("fail", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return nil, errors.New("no luck with 4111 1111 1111 1111 " + strings.Repeat("é", 1000))
	})
	add("decode", func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		var arguments struct{ N int }
		return nil, json.Unmarshal(r.Params.RawArguments, &arguments)
	})
	add("unmarshalable", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return &mcp.CallToolResult{StructuredContent: func() {}}, nil
	})
	add("notify", func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		for range r.GetInt("n", 0) {
			if err := server.ServerFromContext(ctx).SendNotificationToClient(ctx, "notifications/test", nil); err != nil {
				return nil, err
			}
		}
		return mcp.NewToolResultText("notified"), nil
	})
	add("ask", func(_ context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		answer := server.ElicitationResponse(r.Params.InputResponses, "confirm")
		if answer == nil {
			return server.NewInputRequestBuilder("state").Elicit("confirm", mcp.ElicitationParams{
				Message:         "Sure?",
				RequestedSchema: map[string]any{"type": "object", "properties": map[string]any{"confirm": map[string]any{"type": "boolean"}}},
			}).ToolResult(), nil
		}
		return mcp.NewToolResultText(string(answer.Action) + " " + r.Params.RequestState), nil
	})
	return srv, tools
}

// received is one message that the gate wrote.
type received struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	} `json:"error"`
}

// text is the text of a tool's result.
func (r received) text(t testing.TB) string {
	t.Helper()
	var result struct {
		Content []struct {
			Text string `json:"text"`
		} `json:"content"`
	}
	if err := json.Unmarshal(r.Result, &result); err != nil || len(result.Content) == 0 {
		t.Fatalf("not a tool's text: %s %+v", r.Result, r.Error)
	}
	return result.Content[0].Text
}

// peer is the client's end of a pair of pipes.
type peer struct {
	t     testing.TB
	in    io.WriteCloser
	lines chan []byte // closed at the end of the output
}

func newPeer(t testing.TB, in io.WriteCloser, out io.Reader) *peer {
	p := &peer{t: t, in: in, lines: make(chan []byte, 100_000)}
	go func() {
		defer close(p.lines)
		r := bufio.NewReader(out)
		for {
			line, err := r.ReadBytes('\n')
			if len(line) > 0 {
				p.lines <- line
			}
			if err != nil {
				return
			}
		}
	}()
	return p
}

// send writes lines, each with its end.
func (p *peer) send(lines ...string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, strings.Join(lines, "\n")+"\n"); err != nil {
		p.t.Fatal("send:", err)
	}
}

func (p *peer) closeInput() {
	p.t.Helper()
	if err := p.in.Close(); err != nil {
		p.t.Fatal("close:", err)
	}
}

// next returns the next message, and false at the end of the output.
func (p *peer) next() (received, bool) {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			return received{}, false
		}
		var r received
		if err := json.Unmarshal(line, &r); err != nil || r.JSONRPC != "2.0" || !strings.HasSuffix(string(line), "}\n") {
			p.t.Fatalf("not a message on a line of its own: %q (%v)", line, err)
		}
		return r, true
	case <-time.After(10 * time.Minute): // virtual in most tests; else go test's own limit is near
		p.t.Fatal("no message came")
		return received{}, false
	}
}

func (p *peer) recv() received {
	p.t.Helper()
	r, ok := p.next()
	if !ok {
		p.t.Fatal("the output has ended")
	}
	return r
}

// rest returns all messages up to the end of the output.
func (p *peer) rest() []received {
	p.t.Helper()
	var all []received
	for {
		r, ok := p.next()
		if !ok {
			return all
		}
		all = append(all, r)
	}
}

// answer returns the next message, which must have this id.
func (p *peer) answer(id string) received {
	p.t.Helper()
	r := p.recv()
	if string(r.ID) != id || r.Method != "" {
		p.t.Fatalf("got %s %s, want the answer of %s", r.ID, r.Method, id)
	}
	return r
}

// wantError returns the next message, which must be this error.
func (p *peer) wantError(id string, code int) received {
	p.t.Helper()
	r := p.answer(id)
	if r.Error == nil || r.Error.Code != code {
		p.t.Fatalf("%s: got %s %+v, want error %d", id, r.Result, r.Error, code)
	}
	return r
}

// started waits until the call with this progress token (and block's or stubborn's
// habit of telling) is running.
func (p *peer) started(token string) {
	p.t.Helper()
	r := p.recv()
	if r.Method != "notifications/progress" || !strings.Contains(string(r.Params), `"progressToken":`+token+`,`) {
		p.t.Fatalf("got %s %s %s, want progress %s", r.ID, r.Method, r.Params, token)
	}
}

func toolCall(id, tool, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":{"progressToken":%s}}}`, id, tool, arguments, id)
}

func get(id, method string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q}`, id, method)
}

func cancelled(id string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s}}`, id)
}

func initialize(version, capabilities string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":%q,"capabilities":%s,"clientInfo":{"name":"test","version":"1"}}}`, version, capabilities)
}

// gateTest is a Serve in the test's own process.
type gateTest struct {
	*peer
	tools  *testTools
	srv    *server.MCPServer
	stop   context.CancelFunc
	output *io.PipeReader
	log    *strings.Builder // to be read after the end
	served chan error
}

func startGate(t testing.TB, change func(*Options)) *gateTest {
	t.Helper()
	fromClient, toGate := io.Pipe()
	fromGate, toClient := io.Pipe()
	log := &strings.Builder{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	opts := Options{In: fromClient, Out: toClient, Logger: logger}
	if change != nil {
		change(&opts)
	}
	ctx, stop := context.WithCancel(context.Background())
	g := &gateTest{stop: stop, output: fromGate, log: log, served: make(chan error, 1)}
	g.srv, g.tools = newTestServer(logger)
	g.peer = newPeer(t, toGate, fromGate)
	go func() {
		err := Serve(ctx, g.srv, opts)
		_ = toClient.Close()
		g.served <- err
	}()
	t.Cleanup(func() {
		stop()
		_ = toGate.Close()
		_ = fromClient.Close()
		_ = fromGate.Close()
	})
	return g
}

// end closes the input and returns all that is still written and what Serve
// returned.
func (g *gateTest) end() ([]received, error) {
	g.t.Helper()
	g.closeInput()
	return g.rest(), <-g.served
}

// finish is end for a gate that owes nothing any more.
func (g *gateTest) finish() {
	g.t.Helper()
	rest, err := g.end()
	if len(rest) > 0 || err != nil {
		g.t.Errorf("at the end: %d more messages (%+v), error %v", len(rest), rest, err)
	}
}
