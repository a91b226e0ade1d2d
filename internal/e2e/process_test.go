// Package e2e runs the built binary over real pipes, as an MCP client does.
package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bigcommerce-payments-mcp/internal/sandbox"
)

// patience bounds every wait: far longer than anything should take, so that
// only a hang reaches it.
const patience = 60 * time.Second

// binary is the program under test, built once by TestMain.
var binary string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		slog.Error("no temporary directory", "error", err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "bigcommerce-payments-mcp")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		slog.Error("build failed", "output", string(out))
		return 1
	}
	return m.Run()
}

// readSources reads what the binary is made of. The go command remembers what
// tests read, and gives no cached result when it has changed; what TestMain
// reads it does not see.
var readSources = sync.OnceValue(func() error {
	return filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".git":
			return fs.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			return nil
		}
		switch filepath.Ext(path) {
		case ".go", ".sql", ".yaml", ".mod":
			_, err = os.ReadFile(path)
		}
		return err
	})
})

// process is a running server and both ends of its pipes.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *os.File
	lines  *bufio.Scanner
	stderr *lockedBuffer
}

// lockedBuffer is stderr as far as it has come.
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

// environment is an otherwise empty environment with the settings given, and a
// home of its own.
func environment(t testing.TB, settings ...string) []string {
	t.Helper()
	if err := readSources(); err != nil {
		t.Fatal(err)
	}
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, settings...)
}

// start runs the server with settings such as NAME=value.
func start(t testing.TB, settings []string, options ...func(*exec.Cmd)) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary), stderr: new(lockedBuffer)}
	p.cmd.Env = environment(t, settings...)
	p.cmd.Stderr = p.stderr
	for _, option := range options {
		option(p.cmd)
	}
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout = write
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	p.stdin, p.stdout = stdin, read
	p.lines = bufio.NewScanner(read)
	p.lines.Buffer(nil, 1<<26)
	if err := read.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		read.Close()
		if t.Failed() {
			t.Logf("stderr:\n%s", p.stderr)
		}
	})
	return p
}

// withStderr gives the server a stderr of the test's own.
func withStderr(f *os.File) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) { cmd.Stderr = f }
}

// startOnSandbox runs the server against its embedded store.
func startOnSandbox(t testing.TB, settings ...string) *process {
	t.Helper()
	return start(t, append(settings, "BIGCOMMERCE_SANDBOX=true"))
}

// startOnStore runs the server against a store of the test's own, whose
// faults and records the test can reach.
func startOnStore(t testing.TB, settings ...string) (*process, *httptest.Server) {
	t.Helper()
	store := httptest.NewServer(sandbox.New(sandbox.Options{}))
	t.Cleanup(store.Close)
	return start(t, append(settings,
		"BIGCOMMERCE_API_URL="+store.URL,
		"BIGCOMMERCE_STORE_HASH="+sandbox.StoreHash,
		"BIGCOMMERCE_ACCESS_TOKEN="+sandbox.Token)), store
}

// send writes one line.
func (p *process) send(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// message is any line that the server writes.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	} `json:"error"`

	raw string
}

// receive reads one line, which must be a JSON-RPC message.
func (p *process) receive() message {
	p.t.Helper()
	m, err := p.next()
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	return m
}

func (p *process) next() (message, error) {
	if !p.lines.Scan() {
		return message{}, errors.Join(p.lines.Err(), io.EOF)
	}
	m := message{raw: p.lines.Text()}
	if err := json.Unmarshal(p.lines.Bytes(), &m); err != nil {
		return m, fmt.Errorf("%q is not JSON: %w", m.raw, err)
	}
	return m, nil
}

// rest reads until the server closes its stdout.
func (p *process) rest() []message {
	p.t.Helper()
	var all []message
	for {
		m, err := p.next()
		if errors.Is(err, io.EOF) && m.raw == "" {
			return all
		}
		if err != nil {
			p.t.Fatalf("read: %v", err)
		}
		all = append(all, m)
	}
}

// initialize shakes hands, in the era before 2026-07-28.
func (p *process) initialize() {
	p.t.Helper()
	p.send(handshake("2025-11-25"))
	if m := p.receive(); m.Result == nil {
		p.t.Fatalf("initialize: %s", m.raw)
	}
	p.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
}

func handshake(version string) string {
	return `{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"` + version +
		`","capabilities":{},"clientInfo":{"name":"e2e","version":"1"}}}`
}

// call is a tools/call request.
func call(id int, tool, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, id, tool, arguments)
}

// toolResult is what a tool answered, with the text parsed.
type toolResult struct {
	IsError    bool            `json:"isError"`
	Structured json.RawMessage `json:"structuredContent"`
	Content    []struct {
		Text string `json:"text"`
	} `json:"content"`
}

func (m message) tool(t testing.TB) toolResult {
	t.Helper()
	var r toolResult
	if err := json.Unmarshal(m.Result, &r); err != nil || len(r.Content) != 1 {
		t.Fatalf("not a tool's answer: %s", m.raw)
	}
	return r
}

// exit waits for the process to end and returns its exit code.
func (p *process) exit() int {
	p.t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			p.t.Fatal(err)
		}
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatal("the process does not end")
		return -1
	}
}
