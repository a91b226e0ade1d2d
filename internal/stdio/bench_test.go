package stdio

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
)

// BenchmarkEcho is one tool call at a time through the gate, over pipes of the
// system. BenchmarkEchoWithoutGate is what mcp-go takes of that.
func BenchmarkEcho(b *testing.B) {
	stdin, toGate, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	fromGate, stdout, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	srv, _ := newTestServer(nil)
	served := make(chan error)
	go func() { served <- Serve(context.Background(), srv, Options{In: stdin, Out: stdout}) }()
	answers := bufio.NewReader(fromGate)
	line := []byte(toolCall(`1`, "echo", `{"order_id":123456}`) + "\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := toGate.Write(line); err != nil {
			b.Fatal(err)
		}
		if _, err := answers.ReadSlice('\n'); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(toGate.Close(), <-served, stdout.Close(), fromGate.Close(), stdin.Close()); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkEchoWithoutGate(b *testing.B) {
	srv, _ := newTestServer(nil)
	line := []byte(toolCall(`1`, "echo", `{"order_id":123456}`))
	b.ReportAllocs()
	for b.Loop() {
		srv.HandleMessage(context.Background(), line)
	}
}

func BenchmarkParse(b *testing.B) {
	line := []byte(toolCall(`1`, "echo", `{"order_id":123456}`))
	b.ReportAllocs()
	for b.Loop() {
		if _, refused := parse(line); refused != nil {
			b.Fatal(refused)
		}
	}
}

func BenchmarkLineReader(b *testing.B) {
	input := bytes.Repeat([]byte(toolCall(`1`, "echo", `{"order_id":123456}`)+"\n"), 1000)
	b.SetBytes(int64(len(input)))
	b.ReportAllocs()
	for b.Loop() {
		lines := newLineReader(bytes.NewReader(input), 8<<20)
		n := 0
		for {
			if _, err := lines.next(); errors.Is(err, io.EOF) {
				break
			}
			n++
		}
		if n != 1000 {
			b.Fatal(n)
		}
	}
}
