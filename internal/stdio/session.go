package stdio

import (
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// session is the one client, as mcp-go sees it. Its methods may be called from any
// goroutine. Notifications that mcp-go puts into its channel are written by one
// goroutine, run.
type session struct {
	out    *writer
	logger *slog.Logger

	notifications chan mcp.JSONRPCNotification
	flushes       chan chan<- struct{}
	stopped       chan struct{} // closed by stop: run is to end
	done          chan struct{} // closed when run has ended
	inputEnded    chan struct{} // closed when the client can answer nothing any more

	mu           sync.Mutex // guards what follows
	initialized  bool
	version      string
	info         mcp.Implementation
	capabilities mcp.ClientCapabilities
	filter       mcp.SubscriptionFilter
	asked        int                    // elicitations so far, for their ids
	waiting      map[idKey]chan message // each of capacity 1
}

var (
	_ server.SessionWithClientInfo         = (*session)(nil)
	_ server.SessionWithElicitation        = (*session)(nil)
	_ server.SessionWithProtocolVersion    = (*session)(nil)
	_ server.SessionWithSubscriptionFilter = (*session)(nil)
)

func newSession(out *writer, logger *slog.Logger) *session {
	return &session{
		out:    out,
		logger: logger,
		// mcp-go drops what finds the channel full.
		notifications: make(chan mcp.JSONRPCNotification, 256),
		flushes:       make(chan chan<- struct{}),
		stopped:       make(chan struct{}),
		done:          make(chan struct{}),
		inputEnded:    make(chan struct{}),
		waiting:       map[idKey]chan message{},
	}
}

// run writes notifications until stop.
func (s *session) run() {
	defer close(s.done)
	for {
		select {
		case n := <-s.notifications:
			s.write(n)
		case flushed := <-s.flushes:
			for len(s.notifications) > 0 { // run is the only one that takes from it
				s.write(<-s.notifications)
			}
			close(flushed)
		case <-s.stopped:
			return
		}
	}
}

// flush returns when all notifications sent before it are on their way, so that
// what a handler has sent stands before its answer.
func (s *session) flush() {
	flushed := make(chan struct{})
	select {
	case s.flushes <- flushed:
		<-flushed
	case <-s.done:
	}
}

// stop ends run, which may be waiting for the writer: that has to be abandoned
// first.
func (s *session) stop() {
	close(s.stopped)
	<-s.done
}

func (s *session) write(n mcp.JSONRPCNotification) {
	if id, ok := n.Params.Meta[mcp.MetaKeySubscriptionID]; ok {
		n.Params.Meta[mcp.MetaKeySubscriptionID] = originalID(id)
	}
	line, err := json.Marshal(n)
	if err != nil {
		s.logger.Error("a notification could not be written", "method", n.Method, "error", err)
		return
	}
	s.out.waitForRoom()
	s.out.push(append(line, '\n'))
}

// SessionID implements [server.ClientSession].
func (s *session) SessionID() string { return "stdio" }

// NotificationChannel implements [server.ClientSession].
func (s *session) NotificationChannel() chan<- mcp.JSONRPCNotification { return s.notifications }

// Initialize implements [server.ClientSession].
func (s *session) Initialize() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.initialized = true
}

// Initialized implements [server.ClientSession].
func (s *session) Initialized() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.initialized
}

// GetClientInfo implements [server.SessionWithClientInfo].
func (s *session) GetClientInfo() mcp.Implementation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info
}

// SetClientInfo implements [server.SessionWithClientInfo].
func (s *session) SetClientInfo(info mcp.Implementation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info = info
}

// GetClientCapabilities implements [server.SessionWithClientInfo].
func (s *session) GetClientCapabilities() mcp.ClientCapabilities {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.capabilities
}

// SetClientCapabilities implements [server.SessionWithClientInfo].
func (s *session) SetClientCapabilities(capabilities mcp.ClientCapabilities) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capabilities = capabilities
}

// ProtocolVersion implements [server.SessionWithProtocolVersion].
func (s *session) ProtocolVersion() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// SetProtocolVersion is how mcp-go tells the version that initialize agreed on.
func (s *session) SetProtocolVersion(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}

// SubscriptionFilter implements [server.SessionWithSubscriptionFilter].
func (s *session) SubscriptionFilter() (mcp.SubscriptionFilter, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.filter, !s.filter.IsEmpty()
}

// SetSubscriptionFilter implements [server.SessionWithSubscriptionFilter]. There
// is one filter: of several subscriptions at once, the latest counts.
func (s *session) SetSubscriptionFilter(filter mcp.SubscriptionFilter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filter = filter
}
