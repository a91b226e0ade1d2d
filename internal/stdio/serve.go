// Package stdio is the gate between a process's pipes and an MCP server of mcp-go:
// it reads and writes the lines, and owns ids, order, cancellation, progress and
// the end.
//
// Who runs what, for one Serve:
//   - a reader splits the input into lines. When Serve returns before the input has
//     ended, the reader stays behind until its read returns;
//   - Serve's own goroutine takes the lines one by one. It answers initialize and
//     refuses what cannot be served itself, cancels, and passes notifications on. It
//     never waits for a handler (but for mcp-go's own notification handlers, which
//     must not block) nor for the output;
//   - each running request has a goroutine; requests for tools beyond the limit wait
//     in a queue without one. They end before Serve returns, unless their handler
//     ignores its context beyond StopGrace;
//   - one writer owns the output. When nobody reads the output, it stays behind until
//     its write returns;
//   - one goroutine passes on the notifications that mcp-go sends by itself, and one
//     runs Prepare.
package stdio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// Options say where messages come from and go to. In and Out are required; a zero
// value of the others stands for the default.
type Options struct {
	In  io.Reader
	Out io.Writer

	Logger *slog.Logger // default: none

	// Prepare gives the server its tools: every request but initialize waits for it.
	// It begins when the handshake is over, which it would hold up on a small
	// machine, or when something else is asked. When it fails, Serve ends with its
	// error. Default: the server has its tools.
	Prepare func() error

	MaxLine     int           // longest message, in bytes; default 8 MiB
	Concurrency int           // tool calls running at once, others wait; default 64
	EOFGrace    time.Duration // how long pending requests may go on after the end of In; default 60 s
	StopGrace   time.Duration // how long cancelled requests may take to end; default 10 s
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Prepare == nil {
		o.Prepare = func() error { return nil }
	}
	if o.MaxLine == 0 {
		o.MaxLine = 8 << 20
	}
	if o.Concurrency == 0 {
		o.Concurrency = 64
	}
	if o.EOFGrace == 0 {
		o.EOFGrace = 60 * time.Second
	}
	if o.StopGrace == 0 {
		o.StopGrace = 10 * time.Second
	}
	return o
}

// Serve speaks MCP with one client, in every protocol version that mcp-go knows,
// until one of these happens:
//   - In ends: pending requests go on for up to EOFGrace, and are answered;
//   - ctx ends: nothing more is read, running requests are cancelled, and those that
//     end within StopGrace are answered;
//   - In fails: as when it ends;
//   - Out fails, since its reader has gone: running requests are cancelled;
//   - Prepare fails: as when ctx ends.
//
// Serve returns nil for the first two, the wrapped error for the third, an
// ErrOutputClosed for the fourth, and Prepare's error for the last. It returns
// within EOFGrace + StopGrace after the end of In, and within StopGrace after the
// end of ctx, even if nobody reads Out.
//
// If Out is the process's standard output, the process must ignore SIGPIPE
// (signal.Ignore(syscall.SIGPIPE)), which would otherwise end it when the reader
// goes. Nothing else may write to Out. One server can be served once at a time.
func Serve(ctx context.Context, srv *server.MCPServer, opts Options) error {
	opts = opts.withDefaults()
	serving, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	tools := newPreparation(opts.Prepare, fail)
	changed := make(poke, 1)
	out := newWriter(opts.Out, changed, tools.begin)
	g := &gate{
		srv: srv, opts: opts, logger: opts.Logger, changed: changed, out: out, tools: tools,
		calls:   newCalls(opts.Concurrency, out, changed),
		session: newSession(out, opts.Logger),
	}
	if err := srv.RegisterSession(ctx, g.session); err != nil {
		return fmt.Errorf("stdio: %w", err)
	}
	defer srv.UnregisterSession(context.WithoutCancel(ctx), g.session.SessionID())
	// Requests do not end with ctx by themselves: first the queue is closed.
	base, cancel := context.WithCancel(context.WithoutCancel(srv.WithContext(ctx, g.session)))
	defer cancel()
	g.base = base

	go g.out.run()
	go g.session.run()
	inputErr := g.read(serving)
	g.finish(serving, cancel)
	switch err := g.out.failure(); {
	case err != nil:
		return err
	case ctx.Err() == nil && serving.Err() != nil:
		return context.Cause(serving)
	}
	return inputErr
}

// gate is one Serve.
type gate struct {
	srv     *server.MCPServer
	opts    Options
	logger  *slog.Logger
	base    context.Context // of all requests
	changed poke
	out     *writer
	tools   preparation
	calls   *calls
	session *session
}

type input struct {
	line []byte
	err  error
}

// read takes in messages until there are no more, ctx ends or the output fails.
func (g *gate) read(ctx context.Context) error {
	inputs, stop := make(chan input), make(chan struct{})
	defer close(stop)
	go readLines(newLineReader(g.opts.In, g.opts.MaxLine), inputs, stop)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-g.out.failed:
			return nil
		case in := <-inputs:
			switch {
			case in.err == nil:
				g.handle(in.line)
			case errors.Is(in.err, errLineTooLong):
				g.refuse(nil, lineTooLong(g.opts.MaxLine))
			case errors.Is(in.err, io.EOF):
				return nil
			default:
				return fmt.Errorf("stdio: reading: %w", in.err)
			}
		}
	}
}

func readLines(lines *lineReader, inputs chan<- input, stop <-chan struct{}) {
	for {
		line, err := lines.next()
		select {
		case inputs <- input{line, err}:
		case <-stop:
			return
		}
		if err != nil && !errors.Is(err, errLineTooLong) {
			return
		}
	}
}

func (g *gate) handle(line []byte) {
	if len(bytes.Trim(line, " \t\r\n")) == 0 {
		return
	}
	m, refused := parse(line)
	switch {
	case refused != nil && m.kind == notification:
		g.logger.Debug("a malformed notification was ignored", "reason", refused.Message)
	case refused != nil:
		g.refuse(m.id, refused)
	case m.kind == response:
		g.session.deliver(m)
	case m.kind == notification:
		g.notify(m)
	default:
		g.request(m)
	}
}

// refuse answers a message that is not going to be worked on. When the client
// leaves its answers unread this is not worth memory, nor can reading wait for it:
// the end of the input has to be noticed.
func (g *gate) refuse(id json.RawMessage, why *rpcError) {
	g.logger.Debug("message refused", "code", why.Code, "reason", why.Message)
	if !g.out.hasRoom() {
		g.logger.Warn("the client does not read its answers; a refusal was dropped")
		return
	}
	g.out.push(errorLine(id, why))
}

// finish brings the pending requests to their end, within the times that Serve
// promises.
func (g *gate) finish(ctx context.Context, cancel context.CancelFunc) {
	close(g.session.inputEnded)
	g.calls.release(mcp.MethodSubscriptionsListen) // it would never end

	eof, eofDone := context.WithTimeout(ctx, g.opts.EOFGrace)
	defer eofDone()
	g.await(eof, func() bool {
		return g.out.failure() != nil || g.calls.allAnswered() && g.out.idle()
	})

	stop, stopDone := context.WithTimeout(context.WithoutCancel(ctx), g.opts.StopGrace)
	defer stopDone()
	g.calls.refuseQueued(shuttingDown())
	cancel()
	if !g.await(stop, func() bool { return g.calls.allEnded() && g.out.idle() }) {
		g.logger.Warn("gave up waiting for requests to end or their answers to be read", "after", g.opts.StopGrace)
	}
	if unwritten := g.out.abandon(); unwritten > 0 {
		g.logger.Warn("the client has not read all answers", "bytes", unwritten)
	} else {
		<-g.out.done
	}
	g.session.stop()
}

// await reports whether the condition, which changes with a poke, came true before
// ctx ended.
func (g *gate) await(ctx context.Context, condition func() bool) bool {
	for !condition() {
		select {
		case <-g.changed:
		case <-ctx.Done():
			return condition()
		}
	}
	return true
}
