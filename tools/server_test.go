package tools_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/jobs"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/tools"
)

// fixture is a server on a store of its own.
type fixture struct {
	server *server.MCPServer
	store  *httptest.Server
	files  string // the import folder
	log    *lockedBuffer
}

// lockedBuffer is a log that background jobs write to as well.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newFixture(t testing.TB, change func(*tools.Dependencies)) *fixture {
	t.Helper()
	return newFixtureOn(t, sandbox.New(sandbox.Options{}), sandbox.Token, change)
}

// newFixtureOn is a server on a store of the test's own.
func newFixtureOn(t testing.TB, store http.Handler, token bcapi.Secret, change func(*tools.Dependencies)) *fixture {
	t.Helper()
	listening := httptest.NewServer(store)
	t.Cleanup(listening.Close)
	f := newFixtureAt(t, bcapi.Config{APIURL: listening.URL, AccessToken: token}, change)
	f.store = listening
	return f
}

// newFixtureAt is a server whose store is wherever the configuration says.
func newFixtureAt(t testing.TB, api bcapi.Config, change func(*tools.Dependencies)) *fixture {
	t.Helper()
	f := &fixture{log: new(lockedBuffer)}
	logger := slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	api.StoreHash, api.Logger = sandbox.StoreHash, logger
	api.MaxWait = 100 * time.Millisecond // a store that says "wait" is not waited for
	client, err := bcapi.New(api)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }
	f.files = t.TempDir()
	im := importer.New(importer.Config{
		Client: client, Checker: check.New(check.Options{Now: now}), Logger: logger,
		StateDir: t.TempDir(), ImportDir: f.files, Scope: ledger.Scope{Origin: client.Origin(), StoreHash: sandbox.StoreHash},
		Settle: 10 * time.Millisecond, Explain: tools.Explain,
	})
	manager := jobs.New(im)
	t.Cleanup(func() {
		manager.Shutdown(time.Minute)
		if err := im.Close(); err != nil {
			t.Error(err)
		}
	})
	dependencies := tools.Dependencies{
		Client: client, Importer: im, Jobs: manager, Confirmer: tools.NewConfirmer(), Logger: logger, Version: "test",
		Progress: func(context.Context, float64, float64, string) {},
	}
	if change != nil {
		change(&dependencies)
	}
	if f.server, err = tools.NewServer(dependencies); err != nil {
		t.Fatal(err)
	}
	return f
}

// request sends one JSON-RPC request and returns its result.
func (f *fixture) request(t testing.TB, method, params string) json.RawMessage {
	t.Helper()
	answer, err := json.Marshal(f.server.HandleMessage(context.Background(), json.RawMessage(
		fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params))))
	if err != nil {
		t.Fatal(err)
	}
	var message struct {
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(answer, &message); err != nil || message.Result == nil {
		t.Fatalf("%s: %s", method, answer)
	}
	return message.Result
}

// result is what a tool answered.
type result struct {
	IsError    bool            `json:"isError"`
	Structured json.RawMessage `json:"structuredContent"`
	Content    []struct {
		Text string `json:"text"`
	} `json:"content"`
}

// call calls a tool and holds its answer to what every answer promises.
func (f *fixture) call(t testing.TB, tool, arguments string) result {
	t.Helper()
	var r result
	if err := json.Unmarshal(f.request(t, "tools/call", fmt.Sprintf(`{"name":%q,"arguments":%s}`, tool, arguments)), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Content) != 1 || r.IsError != (r.Structured == nil) {
		t.Fatalf("answer of %s: %+v", tool, r)
	}
	if !r.IsError && r.Content[0].Text != string(r.Structured) {
		t.Errorf("text and structured content differ: %s and %s", r.Content[0].Text, r.Structured)
	}
	return r
}

func (r result) failure(t testing.TB) tools.Error {
	t.Helper()
	var e struct {
		Error tools.Error `json:"error"`
	}
	if err := json.Unmarshal([]byte(r.Content[0].Text), &e); err != nil || !r.IsError || e.Error.Code == "" {
		t.Fatalf("not an error: %s", r.Content[0].Text)
	}
	return e.Error
}

type definition struct {
	Name        string `json:"name"`
	Annotations struct {
		ReadOnly    *bool `json:"readOnlyHint"`
		Destructive *bool `json:"destructiveHint"`
		Idempotent  *bool `json:"idempotentHint"`
		OpenWorld   *bool `json:"openWorldHint"`
	} `json:"annotations"`
	raw json.RawMessage
}

func (f *fixture) definitions(t testing.TB) []definition {
	t.Helper()
	var list struct {
		Tools []json.RawMessage `json:"tools"`
	}
	if err := json.Unmarshal(f.request(t, "tools/list", `{}`), &list); err != nil {
		t.Fatal(err)
	}
	all := make([]definition, len(list.Tools))
	for i, raw := range list.Tools {
		if err := json.Unmarshal(raw, &all[i]); err != nil {
			t.Fatal(err)
		}
		all[i].raw = raw
	}
	return all
}

// TestReadmeNamesEveryTool keeps the README from falling behind.
func TestReadmeNamesEveryTool(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range newFixture(t, allowDeletes).definitions(t) {
		if !strings.Contains(string(readme), "`"+d.Name+"`") {
			t.Errorf("README.md does not mention %s", d.Name)
		}
	}
}

func TestInstructionsAreShort(t *testing.T) {
	var initialized struct {
		Instructions string `json:"instructions"`
	}
	raw := newFixture(t, nil).request(t, "initialize", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}`)
	if err := json.Unmarshal(raw, &initialized); err != nil {
		t.Fatal(err)
	}
	if n := len(initialized.Instructions); n == 0 || n > 1200 {
		t.Errorf("instructions of %d bytes", n)
	}
}
