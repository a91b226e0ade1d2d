package stdio

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// process is the test server in a process of its own, over pipes of the system.
type process struct {
	*peer
	cmd    *exec.Cmd
	stdin  *os.File
	stdout *os.File
	stderr *os.File
	exited chan int // gets the exit code
}

// startProcess starts a server. Nobody reads its stdout unless read is true, nor
// its stderr.
func startProcess(t *testing.T, read bool, env ...string) *process {
	t.Helper()
	pipe := func() (r, w *os.File) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		return r, w
	}
	p := &process{exited: make(chan int, 1)}
	stdin, toStdin := pipe()
	fromStdout, stdout := pipe()
	fromStderr, stderr := pipe()
	p.stdin, p.stdout, p.stderr = toStdin, fromStdout, fromStderr
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), append(env, serverVariable+"=1",
		"GORACE=atexit_sleep_ms=0")...) // under -race a process would sleep for a second at its end
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, stdout, stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{stdin, stdout, stderr} {
		_ = f.Close() // the child has its own
	}
	output := io.Reader(strings.NewReader(""))
	if read {
		output = fromStdout
	}
	p.peer = newPeer(t, toStdin, output)
	go func() {
		_ = p.cmd.Wait() // the exit code says it all
		p.exited <- p.cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		for _, f := range []*os.File{toStdin, fromStdout, fromStderr} {
			_ = f.Close()
		}
	})
	return p
}

// wantExit waits for the end of the process. The limit is far above every grace
// period that the tests set, and far below the default ones.
func (p *process) wantExit(code int) {
	p.t.Helper()
	select {
	case got := <-p.exited:
		if got != code {
			p.t.Errorf("exit code %d, want %d", got, code)
		}
	case <-time.After(30 * time.Second):
		p.t.Fatal("the process has not ended")
	}
}

func (p *process) terminate() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
}

func TestProcessAnswersAllPipelinedCalls(t *testing.T) {
	const runs, n = 50, 200
	var batch strings.Builder
	batch.WriteString(initialize("2025-11-25", `{}`) + "\n")
	for i := range n {
		batch.WriteString(toolCall(fmt.Sprint(i), "echo", fmt.Sprintf(`{"n":%d}`, i)) + "\n")
	}
	for run := range runs {
		p := startProcess(t, true)
		p.send(strings.TrimSuffix(batch.String(), "\n"))
		p.closeInput()
		p.answer(`"init"`)
		seen := map[string]bool{}
		for _, r := range p.rest() {
			seen[string(r.ID)] = true
			if got, want := r.text(t), fmt.Sprintf(`{"n":%s}`, r.ID); got != want {
				t.Errorf("%s is answered with %s", want, got)
			}
		}
		if p.wantExit(0); len(seen) != n {
			t.Fatalf("run %d: %d of %d calls were answered", run, len(seen), n)
		}
	}
}

func TestProcessCancels(t *testing.T) {
	p := startProcess(t, true)
	for i := range 64 {
		p.send(toolCall(fmt.Sprint(i), "block", `{}`))
	}
	for range 64 {
		if r := p.recv(); r.Method != "notifications/progress" {
			t.Fatalf("%+v", r)
		}
	}
	p.send(toolCall(`"queued"`, "block", `{}`), cancelled(`"queued"`))
	for i := range 64 {
		p.send(cancelled(fmt.Sprint(i)))
	}
	p.send(toolCall(`"after"`, "echo", `{}`))
	p.answer(`"after"`)
	p.closeInput()
	if rest := p.rest(); len(rest) > 0 {
		t.Errorf("cancelled calls are answered: %+v", rest)
	}
	p.wantExit(0)
}

func TestProcessServesAThousandCallsAtOnce(t *testing.T) {
	const n = 1000
	p := startProcess(t, true)
	for i := range n {
		p.send(toolCall(fmt.Sprint(i), "block", `{}`)) // none ends by itself
	}
	p.send(get(`"ping"`, "ping"), get(`"list"`, "tools/list"))
	for quick := 0; quick < 2; {
		r := p.recv()
		switch {
		case string(r.ID) == `"ping"` || string(r.ID) == `"list"`:
			quick++
		case r.ID != nil:
			t.Fatalf("call %s has ended", r.ID)
		}
	}
	for i := range n {
		p.send(cancelled(fmt.Sprint(n - 1 - i)))
	}
	for i := range n {
		p.send(toolCall(fmt.Sprint(i), "echo", `{}`))
	}
	answers := 0
	for answers < n {
		if r := p.recv(); r.ID != nil {
			answers++
		}
	}
	p.closeInput()
	p.wantExit(0)
}

func TestProcessProgressBurst(t *testing.T) {
	p := startProcess(t, true)
	for range 100 {
		p.send(toolCall(`1`, "steps", `{"n":5000}`))
		r := p.recv()
		if r.Method != "notifications/progress" {
			t.Fatalf("the first report is missing: %+v", r)
		}
		for r.ID == nil { // a slow machine may get a second one
			r = p.recv()
		}
	}
	p.closeInput()
	if rest := p.rest(); len(rest) > 0 {
		t.Errorf("after the last answer: %+v", rest)
	}
	p.wantExit(0)
}

func TestProcessTerminates(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		p := startProcess(t, true)
		p.send(get(`1`, "ping"))
		p.answer(`1`) // it is up, and handles signals
		p.terminate()
		p.wantExit(0)
	})
	t.Run("with a call running", func(t *testing.T) {
		p := startProcess(t, true)
		p.send(toolCall(`1`, "block", `{}`))
		p.started(`1`)
		p.terminate()
		var last received
		for _, r := range p.rest() {
			last = r
		}
		if string(last.ID) != `1` || last.text(t) != "stopped" {
			t.Errorf("got %+v", last)
		}
		p.wantExit(0)
	})
	t.Run("with a call that does not end", func(t *testing.T) {
		p := startProcess(t, true, stopGraceVariable+"=100ms")
		p.send(toolCall(`1`, "stubborn", `{}`))
		p.started(`1`)
		p.terminate()
		p.wantExit(0)
	})
}

func TestProcessWhoseStdoutCloses(t *testing.T) {
	p := startProcess(t, false)
	_ = p.stdout.Close()
	p.send(toolCall(`1`, "block", `{}`), get(`2`, "ping"))
	p.wantExit(exitOutputClosed) // with stdin open
}

func TestProcessWhoseStdoutIsNotRead(t *testing.T) {
	fill := func(p *process) {
		for i := range 40 {
			p.send(toolCall(fmt.Sprint(i), "big", `{"bytes":1000000}`))
		}
	}
	t.Run("EOF", func(t *testing.T) {
		p := startProcess(t, false, eofGraceVariable+"=100ms", stopGraceVariable+"=100ms")
		fill(p)
		p.closeInput()
		p.wantExit(0)
	})
	t.Run("SIGTERM", func(t *testing.T) {
		p := startProcess(t, false, stopGraceVariable+"=100ms")
		fill(p)
		if _, err := io.ReadFull(p.stdout, make([]byte, 1)); err != nil { // it is up, and handles signals
			t.Fatal(err)
		}
		p.terminate()
		p.wantExit(0)
	})
}

func TestProcessWhoseStderrIsNotRead(t *testing.T) {
	p := startProcess(t, true)
	p.send(toolCall(`1`, "log", `{"lines":10000}`)) // 10 MB
	p.answer(`1`)
	p.closeInput()
	p.wantExit(0)
}

func TestProcessWhoseStderrIsClosed(t *testing.T) {
	p := startProcess(t, true)
	_ = p.stderr.Close()
	p.send(toolCall(`1`, "log", `{"lines":10}`))
	p.answer(`1`)
	p.closeInput()
	p.wantExit(0)
}

func TestProcessGoesOnAfterALongLine(t *testing.T) {
	p := startProcess(t, true)
	p.send(strings.Repeat("x", 20<<20), get(`1`, "ping"))
	p.wantError(`null`, mcp.INVALID_REQUEST)
	p.answer(`1`)
	p.closeInput()
	p.wantExit(0)
}
