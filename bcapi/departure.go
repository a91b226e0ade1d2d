package bcapi

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// departure settles, once and for all, whether a request may have reached the
// server or was held back because its caller has gone. A read may be cut at any
// time. A write that has begun is waited for although its caller has gone: to cut it
// would make its outcome unknown.
type departure struct {
	reads, hasBody bool
	cancel         context.CancelFunc // of the attempt

	mu    sync.Mutex
	begun bool // the request may have reached the server, in part at least
	held  bool // it was cut before it had begun: not a byte of its body leaves
}

// cut is for when the caller has gone.
func (d *departure) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reads || !d.begun {
		d.held = true
		d.cancel()
	}
}

// connected is for when there is a connection, which the transport may write to
// although it was cut. Without its body a request does nothing, but not every
// request has one.
func (d *departure) connected() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun = d.begun || !d.held || !d.hasBody
}

func (d *departure) hasBegun() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun
}

// begin is for when the body is read, which transports do that know nothing of
// httptrace. It reports whether the body may leave.
func (d *departure) begin() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun = d.begun || !d.held
	return d.begun
}

// watch holds the body of a request to its departure.
func watch(request *http.Request, sent *departure) {
	fresh := request.GetBody
	request.GetBody = func() (io.ReadCloser, error) {
		body, err := fresh()
		return &watchedBody{ReadCloser: body, sent: sent}, err
	}
	request.Body = &watchedBody{ReadCloser: request.Body, sent: sent}
}

type watchedBody struct {
	io.ReadCloser
	sent *departure
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if !b.sent.begin() {
		return 0, context.Canceled
	}
	return b.ReadCloser.Read(p)
}
