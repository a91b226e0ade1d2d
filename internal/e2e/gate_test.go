package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

const mint = "create_payment_access_token"

// TestNoAnswerIsLostAtEOF sends 200 calls and closes stdin at once.
func TestNoAnswerIsLostAtEOF(t *testing.T) {
	const runs, calls = 50, 200
	for range runs {
		p := startOnSandbox(t)
		var script strings.Builder
		script.WriteString(handshake("2025-11-25") + "\n" + `{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n")
		for id := range calls {
			script.WriteString(call(id, mint, fmt.Sprintf(`{"order_id":%d}`, id+1)) + "\n")
		}
		p.send(strings.TrimSuffix(script.String(), "\n"))
		p.stdin.Close()

		answered := make(map[string]bool)
		for _, m := range p.rest() {
			if string(m.ID) != `"init"` && m.tool(t).IsError {
				t.Fatalf("an error: %s", m.raw)
			}
			answered[string(m.ID)] = true
		}
		if len(answered) != calls+1 {
			t.Fatalf("%d answers, want %d", len(answered), calls+1)
		}
		if code := p.exit(); code != 0 {
			t.Fatalf("exit code %d", code)
		}
	}
}

func TestLastLineWithoutNewline(t *testing.T) {
	p := startOnSandbox(t)
	if _, err := p.stdin.Write([]byte(handshake("2025-06-18"))); err != nil {
		t.Fatal(err)
	}
	p.stdin.Close()
	if m := p.receive(); m.Result == nil {
		t.Errorf("answer: %s", m.raw)
	}
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// slowStore is a store that tells of each request and answers only when
// released.
type slowStore struct {
	*httptest.Server
	arrived  chan struct{}
	released chan struct{}
}

func newSlowStore(t *testing.T) *slowStore {
	s := &slowStore{arrived: make(chan struct{}, 10_000), released: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.arrived <- struct{}{}
		select {
		case <-s.released:
		case <-r.Context().Done():
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"data":{"id":"opaque-token"},"meta":{}}`)
	}))
	t.Cleanup(s.CloseClientConnections)
	return s
}

func (s *slowStore) wait(t *testing.T) {
	t.Helper()
	select {
	case <-s.arrived:
	case <-time.After(patience):
		t.Fatal("no request arrives")
	}
}

func startOnSlowStore(t *testing.T) (*process, *slowStore) {
	store := newSlowStore(t)
	p := start(t, []string{"BIGCOMMERCE_API_URL=" + store.URL, "BIGCOMMERCE_STORE_HASH=slow", "BIGCOMMERCE_ACCESS_TOKEN=secret-token"})
	p.initialize()
	return p, store
}

func cancelled(id int) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`, id)
}

// TestCancelledCallsAreNotAnswered cancels a running call and queued ones: the
// first is dropped, the others never start.
func TestCancelledCallsAreNotAnswered(t *testing.T) {
	p, store := startOnSlowStore(t)
	const calls = 200 // more than run at once
	for id := range calls {
		p.send(call(id, mint, `{"order_id":7}`))
	}
	store.wait(t)
	for id := range calls - 1 {
		p.send(cancelled(id))
	}
	p.send(`{"jsonrpc":"2.0","id":"ping","method":"ping"}`)
	if m := p.receive(); string(m.ID) != `"ping"` {
		t.Fatalf("first answer: %s", m.raw)
	}
	close(store.released)
	if m := p.receive(); string(m.ID) != fmt.Sprint(calls-1) {
		t.Errorf("answer: %s", m.raw)
	}
	p.stdin.Close()
	if rest := p.rest(); len(rest) > 0 {
		t.Errorf("answered although cancelled: %s", rest[0].raw)
	}
	if n := len(store.arrived); n >= calls-1 {
		t.Errorf("all %d cancelled calls reached the store", n)
	}
}

// TestThousandCallsDoNotStallTheLoop has 1,000 calls wait for the store while
// a ping goes through.
func TestThousandCallsDoNotStallTheLoop(t *testing.T) {
	p, store := startOnSlowStore(t)
	const calls = 1000
	for id := range calls {
		p.send(call(id, mint, `{"order_id":7}`))
	}
	p.send(`{"jsonrpc":"2.0","id":"ping","method":"ping"}`)
	if m := p.receive(); string(m.ID) != `"ping"` {
		t.Fatalf("first answer: %s", m.raw)
	}
	close(store.released)
	for range calls {
		if r := p.receive().tool(t); r.IsError {
			t.Fatalf("answer: %+v", r)
		}
	}
}

func TestSIGTERMEndsTheServer(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T) *process{
		"idle": func(t *testing.T) *process {
			p := startOnSandbox(t)
			p.initialize()
			return p
		},
		"with a call waiting": func(t *testing.T) *process {
			p, store := startOnSlowStore(t)
			p.send(call(1, mint, `{"order_id":7}`))
			store.wait(t)
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := prepare(t)
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if code := p.exit(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestSIGINTIsTold(t *testing.T) {
	p := startOnSandbox(t)
	p.initialize()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.exit(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
}

// TestSecondSignalEndsAtOnce: nobody waits for the call any more. The signals
// are two, since of one that comes twice a process may hear once.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	p, store := startOnSlowStore(t)
	p.send(call(1, mint, `{"order_id":7}`))
	store.wait(t)
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		if err := p.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	if code := p.exit(); code != 130 {
		t.Errorf("exit code %d", code)
	}
}

// TestClosedStdoutEndsTheServer: a client that is gone cannot be answered.
func TestClosedStdoutEndsTheServer(t *testing.T) {
	p := startOnSandbox(t)
	p.initialize()
	p.stdout.Close()
	p.send(`{"jsonrpc":"2.0","id":1,"method":"ping"}`)
	if code := p.exit(); code < 0 {
		t.Error("the server was killed by a signal")
	}
}

// TestUnreadStdoutDoesNotHoldTheServer: nobody reads, and SIGTERM still ends it.
func TestUnreadStdoutDoesNotHoldTheServer(t *testing.T) {
	p := startOnSandbox(t)
	p.initialize()
	for id := range 200 {
		p.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/list"}`, id))
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestUnreadStderrDoesNotHoldTheServer: the log's pipe is full, and calls are
// answered all the same.
func TestUnreadStderrDoesNotHoldTheServer(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	p := start(t, []string{"BIGCOMMERCE_SANDBOX=true", "BIGCOMMERCE_LOG_LEVEL=debug"}, withStderr(write))
	const calls = 3000 // some 200 bytes of log each: far more than a pipe holds
	p.initialize()
	go func() {
		for id := range calls {
			fmt.Fprintln(p.stdin, call(id, mint, `{"order_id":7}`))
		}
		p.stdin.Close()
	}()
	if n := len(p.rest()); n != calls {
		t.Errorf("%d answers, want %d", n, calls)
	}
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
