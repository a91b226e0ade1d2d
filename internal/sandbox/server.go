package sandbox

import (
	"bytes"
	"cmp"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxBody is the largest request body that is read, in bytes. No limit is published (docs/api-facts.md 13).
const maxBody = 8 << 20

// Server is the store. It implements http.Handler and is safe for concurrent use.
type Server struct {
	options   Options
	resources []resource
	tokens    tokenSigner

	// mu guards all that follows. A request takes its place in the log, its share of the quota and its fault under
	// one hold of mu, so that the order of the log is also the order in which quota and faults were used up; a reset
	// clears the four together. Nothing waits, reads or writes the network while holding mu.
	mu      sync.Mutex
	vault   vault
	log     requestLog
	limiter limiter
	faults  faultList
}

// New returns a store that holds nothing yet.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Server{options: options, resources: resources(), tokens: newTokenSigner()}
	s.reset()
	return s
}

func (s *Server) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vault = newVault()
	s.log = nil
	s.limiter = limiter{quota: s.options.Quota}
	s.faults = nil
}

// ServeHTTP answers for the store below /stores/{hash}/v3 and for the test endpoints below /_sandbox/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if endpoint, ok := strings.CutPrefix(r.URL.Path, "/_sandbox/"); ok {
		s.serveTestEndpoint(w, r, endpoint)
		return
	}
	c := receive(w, r)
	entry, rate, fault := s.admit(c)
	rate.setHeaders(w.Header())
	// Not ended by the request's context: a late request commits even when its client has gone.
	time.Sleep(s.options.Latency + fault.delay())

	var a answer
	switch {
	case rate.refused:
		a = baseErrors.answer(refuse(http.StatusTooManyRequests, "Too Many Requests"))
	case fault.Drop == dropBefore:
		abort()
	case fault.Status != 0:
		a = fault.answer()
	default:
		a = fault.overwrite(s.act(c))
	}
	s.recordStatus(entry, a.status)
	if fault.Drop == dropAfter {
		abort()
	}
	// The error is the connection's, and with it there is nobody left to tell.
	_ = a.write(w)
}

// abort closes the connection without an answer. Returning would send an empty 200; this panic is net/http's
// documented way to avoid that, and works for HTTP/2 as well, where there is no connection to hijack.
func abort() { panic(http.ErrAbortHandler) }

// call is one request to the store, its body read.
type call struct {
	*http.Request
	path    string // what follows /stores/{hash}/v3, as sent; empty outside of the store
	body    []byte
	bodyErr error
}

func receive(w http.ResponseWriter, r *http.Request) *call {
	c := &call{Request: r}
	if path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/stores/"+StoreHash+"/v3"); ok && strings.HasPrefix(path, "/") {
		c.path = path
	}
	var body bytes.Buffer
	if r.ContentLength > 0 && r.ContentLength <= maxBody {
		body.Grow(int(r.ContentLength) + bytes.MinRead) // the log and the vault keep the body: no slack
	}
	_, c.bodyErr = body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody))
	c.body = body.Bytes()
	return c
}

// admit logs a request and finds out what stands in its way. Requests outside of the store are logged only.
func (s *Server) admit(c *call) (*loggedRequest, allowance, action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := s.log.add(c)
	if c.path == "" {
		return entry, allowance{}, action{}
	}
	rate := s.limiter.take(s.options.Now())
	if rate.refused {
		return entry, rate, action{}
	}
	return entry, rate, s.faults.take(c.Method, c.path)
}

// act does what a request asks for.
func (s *Server) act(c *call) answer {
	if c.path == "" {
		return baseErrors.answer(refuse(http.StatusNotFound, "Not Found"))
	}
	found := s.findResource(c.path)
	a, err := s.perform(c, found)
	if err != nil {
		return found.errors.answer(err)
	}
	a.status = cmp.Or(a.status, http.StatusOK)
	return a
}

// perform makes the platform's checks in their order, then the operation's own.
func (s *Server) perform(c *call, found resource) (answer, error) {
	if err := authenticate(c.Request); err != nil {
		return answer{}, err
	}
	op, err := found.operation(c.Method)
	if err != nil {
		return answer{}, err
	}
	if err := authorize(c.Request, op.scope); err != nil {
		return answer{}, err
	}
	if err := checkMediaTypes(c.Request, len(c.body) > 0); err != nil {
		return answer{}, err
	}
	if err := c.checkBody(); err != nil {
		return answer{}, err
	}
	return op.handle(s, c)
}
