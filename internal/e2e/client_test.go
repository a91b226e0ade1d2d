package e2e

import (
	"context"
	"encoding/json"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
)

// The revisions of the protocol. In the last one there is no handshake: every
// request tells what its client can do.
const (
	lastHandshake = "2025-11-25"
	stateless     = "2026-07-28"
)

func revisions() []string {
	return []string{"2024-11-05", "2025-03-26", "2025-06-18", lastHandshake, stateless}
}

// person answers the questions that a client puts to them.
type person struct {
	mu     sync.Mutex // guards what follows
	answer mcp.ElicitationResponse
	asked  []string
}

func agrees() mcp.ElicitationResponse {
	return mcp.ElicitationResponse{Action: mcp.ElicitationResponseActionAccept, Content: map[string]any{"confirm": true}}
}

// refusals are the ways not to agree.
func refusals() map[string]mcp.ElicitationResponse {
	return map[string]mcp.ElicitationResponse{
		"said no":  {Action: mcp.ElicitationResponseActionAccept, Content: map[string]any{"confirm": false}},
		"declined": {Action: mcp.ElicitationResponseActionDecline},
		"closed":   {Action: mcp.ElicitationResponseActionCancel},
	}
}

// Elicit is how the client asks.
func (p *person) Elicit(_ context.Context, question mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, question.Params.Message)
	return &mcp.ElicitationResult{ElicitationResponse: p.answer}, nil
}

func (p *person) will(answer mcp.ElicitationResponse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// questions gives those of late, once.
func (p *person) questions() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.asked
	p.asked = nil
	return asked
}

// mcpClient is a client as programs use one, with a server of its own.
type mcpClient struct {
	t    *testing.T
	mcp  *client.Client
	exit func() error // ends the server
}

// connect starts a server and a client that speaks a revision of the protocol
// with it; nobody is asked when there is no person.
func connect(t *testing.T, revision string, p *person, settings ...string) *mcpClient {
	t.Helper()
	stderr := new(lockedBuffer)
	pipes := transport.NewStdioWithOptions(binary, nil, nil, transport.WithCommandStderrWriter(stderr),
		transport.WithCommandFunc(func(ctx context.Context, command string, _, _ []string) (*exec.Cmd, error) {
			cmd := exec.CommandContext(ctx, command)
			cmd.Env = environment(t, settings...)
			return cmd, nil
		}))
	options := []client.ClientOption{client.WithProtocolVersion(revision)}
	if p != nil {
		options = append(options, client.WithElicitationHandler(p))
	}
	c := &mcpClient{t: t, mcp: client.NewClient(pipes, options...)}
	c.exit = sync.OnceValue(c.mcp.Close)
	ctx, cancel := context.WithTimeout(context.Background(), patience) // of the whole test
	t.Cleanup(func() {
		if err := c.exit(); err != nil {
			t.Errorf("the server ends with %v", err)
		}
		cancel()
		if t.Failed() {
			t.Logf("stderr:\n%s", stderr)
		}
	})
	if err := c.mcp.Start(ctx); err != nil {
		t.Fatal(err)
	}
	hello, err := c.mcp.Initialize(ctx, mcp.InitializeRequest{Params: mcp.InitializeParams{
		ProtocolVersion: revision, ClientInfo: mcp.Implementation{Name: "e2e", Version: "1"},
	}})
	if err != nil || hello.ProtocolVersion != revision {
		t.Fatalf("want revision %s: %+v, %v", revision, hello, err)
	}
	return c
}

// call calls a tool and holds its answer to what every answer promises.
func (c *mcpClient) call(tool, arguments string) toolResult {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	answer, err := c.mcp.CallTool(ctx, mcp.CallToolRequest{Params: mcp.CallToolParams{Name: tool, Arguments: json.RawMessage(arguments)}})
	if err != nil {
		c.t.Fatalf("%s: %v", tool, err)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		c.t.Fatal(err)
	}
	r := message{Result: raw, raw: string(raw)}.tool(c.t)
	if r.IsError != (r.Structured == nil) {
		c.t.Fatalf("%s: %s", tool, raw)
	}
	return r
}

// success calls a tool and decodes what it answers.
func (c *mcpClient) success(tool, arguments string, out any) {
	c.t.Helper()
	r := c.call(tool, arguments)
	if r.IsError {
		c.t.Fatalf("%s: %s", tool, r.Content[0].Text)
	}
	if err := json.Unmarshal(r.Structured, out); err != nil {
		c.t.Fatal(err)
	}
}

// failure calls a tool and gives the code of its failure.
func (c *mcpClient) failure(tool, arguments string) string {
	c.t.Helper()
	var answer struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	r := c.call(tool, arguments)
	if err := json.Unmarshal([]byte(r.Content[0].Text), &answer); err != nil || !r.IsError {
		c.t.Fatalf("%s does not fail: %s, %v", tool, r.Content[0].Text, err)
	}
	return answer.Error.Code
}

// tools are the names of those that the server offers.
func (c *mcpClient) tools() []string {
	c.t.Helper()
	list, err := c.mcp.ListTools(c.t.Context(), mcp.ListToolsRequest{})
	if err != nil {
		c.t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	slices.Sort(names)
	return names
}
