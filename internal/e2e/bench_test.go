package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildBare builds the bare mcp-go server to compare with.
func buildBare(b *testing.B) string {
	b.Helper()
	bare := filepath.Join(b.TempDir(), "bare")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bare, "./testdata/bare")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return bare
}

// BenchmarkStart measures from exec to the answer to initialize, in turn with
// a bare mcp-go server; the ratio of the two is what counts.
func BenchmarkStart(b *testing.B) {
	bare := buildBare(b)
	for _, server := range []struct{ name, path string }{{"server", binary}, {"bare", bare}} {
		b.Run(server.name, func(b *testing.B) {
			for b.Loop() {
				p := start(b, []string{"BIGCOMMERCE_SANDBOX=true"}, func(cmd *exec.Cmd) { cmd.Path = server.path })
				p.send(handshake("2025-11-25"))
				p.receive()
				b.StopTimer()
				p.stdin.Close()
				p.exit()
				b.StartTimer()
			}
		})
	}
}

// BenchmarkFootprint reports the binary's size, and the resident memory and
// the bytes of the tool list once tools/list is answered.
func BenchmarkFootprint(b *testing.B) {
	var rss, list float64
	for b.Loop() {
		p := startOnSandbox(b)
		p.initialize()
		p.send(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
		list = float64(len(p.receive().raw))
		rss = residentMB(b, p.cmd.Process.Pid)
		p.stdin.Close()
		p.exit()
	}
	info, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB-binary")
	b.ReportMetric(rss, "MB-RSS")
	b.ReportMetric(list, "bytes-tools/list")
}

func residentMB(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kB float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kB); n == 1 {
			return kB / 1000
		}
	}
	b.Fatal("no VmRSS")
	return 0
}

// BenchmarkCall is one tool call through the pipes to a store on loopback;
// BenchmarkCallOverhead of package tools tells it from the bare HTTP request.
func BenchmarkCall(b *testing.B) {
	p, _ := startOnStore(b, "BIGCOMMERCE_LOG_LEVEL=error")
	p.initialize()
	for id := 0; b.Loop(); id++ {
		p.send(call(id, mint, `{"order_id":7}`))
		p.receive()
	}
}
