package importer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importertest"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// wire carries requests to a store of the same process, without a network:
// tests on it can run in the virtual time of testing/synctest.
type wire struct {
	store http.Handler
	// on, if set, says what becomes of a request; nil lets it through.
	on      func(passage) trick
	imports atomic.Int32   // requests that would import
	late    sync.WaitGroup // what the store does although nobody waits for it
}

// passage is one request on its way.
type passage struct {
	*http.Request
	body []byte
	// act has the store act on the request, with the body given.
	act  func(body []byte) (*answer, error)
	late *sync.WaitGroup
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// trick does what is done with a request, and gives what its sender gets.
type trick func(passage) (*answer, error)

func (p passage) isImport() bool {
	return p.Method == http.MethodPost && strings.HasSuffix(p.URL.Path, "/payments/stored-instruments")
}

func (p passage) isLook() bool {
	return p.Method == http.MethodGet && strings.Contains(p.URL.Path, "/customers/")
}

func (p passage) isList() bool {
	return p.Method == http.MethodGet && strings.HasSuffix(p.URL.Path, "/payments/stored-instruments")
}

var errLost = errors.New("the connection was lost")

// RoundTrip leaves a request alone that its sender no longer waits for: the
// store may still act on it.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	p := passage{Request: r, late: &w.late}
	if r.Body != nil {
		var err error
		if p.body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	p.act = func(body []byte) (*answer, error) { return w.act(r, body) }
	does := pass
	if p.isImport() {
		w.imports.Add(1)
	}
	if w.on != nil {
		if t := w.on(p); t != nil {
			does = t
		}
	}
	type result struct {
		answer *answer
		err    error
	}
	done := make(chan result, 1)
	w.late.Go(func() {
		a, err := does(p)
		done <- result{a, err}
	})
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case got := <-done:
		if got.err != nil {
			return nil, got.err
		}
		return &http.Response{
			StatusCode: got.answer.status, Header: got.answer.header, Request: r,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(bytes.NewReader(got.answer.body)),
		}, nil
	}
}

func (w *wire) act(r *http.Request, body []byte) (a *answer, err error) {
	defer func() {
		if recover() != nil { // the store has dropped the connection
			a, err = nil, errLost
		}
	}()
	request := httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(body))
	request.Header = r.Header.Clone()
	recorder := httptest.NewRecorder()
	w.store.ServeHTTP(recorder, request)
	return &answer{recorder.Code, recorder.Header().Clone(), recorder.Body.Bytes()}, nil
}

// newWireBench is a bench without a network.
func newWireBench(t *testing.T, options sandbox.Options) (*bench, *wire) {
	t.Helper()
	w := &wire{store: sandbox.New(options)}
	b := newBenchOn(t, importertest.UnservedStore(t, w.store, wireURL), w.config)
	b.importer.Settle, b.importer.StateDir = 10*time.Second, memory(t)
	t.Cleanup(w.late.Wait)
	return b, w
}

// memory is a directory that is not written to a disk, where the system has one:
// synced transactions would be the most of a test's time.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "importer-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

const wireURL = "http://localhost:1"

// config makes a client use the wire. It waits for less than others do, so that
// a test need not go through as many looks at the clock.
func (w *wire) config(c *bcapi.Config) {
	c.Transport, c.AttemptTimeout, c.MaxWait = w, 3*time.Second, 2*time.Second
}

// again makes an importer on b's state directory, with a client of its own, as
// the next process would.
func (b *bench) again(w *wire) {
	b.t.Helper()
	_ = b.importer.Close()
	client := b.store.Client(w.config)
	config := b.importer.Config
	b.client, config.Client = client, meddled{client, b}
	b.importer = newImporter(b.t, config)
}

// What can become of a request.

func pass(p passage) (*answer, error) { return p.act(p.body) }

func lostBefore(passage) (*answer, error) { return nil, errLost }

func lostAfter(p passage) (*answer, error) {
	_, err := p.act(p.body)
	return nil, errors.Join(errLost, err)
}

// refuse answers with a status and does nothing.
func refuse(status int) trick {
	return func(passage) (*answer, error) { return says(status, "") }
}

// flat422 refuses without naming a row, and does nothing.
func flat422(title string) trick {
	return func(passage) (*answer, error) {
		return says(http.StatusUnprocessableEntity, `{"status":422,"title":"`+title+`","type":"t"}`)
	}
}

func says(status int, body string) (*answer, error) {
	return &answer{status, http.Header{"Content-Type": {"application/json"}}, []byte(body)}, nil
}

// tooMany puts a request off.
func tooMany(seconds string) trick {
	return func(passage) (*answer, error) {
		a, err := says(http.StatusTooManyRequests, "")
		a.header.Set("X-Retry-After", seconds)
		return a, err
	}
}

// instead has the store act, and answers something else.
func instead(t trick) trick {
	return func(p passage) (*answer, error) {
		if _, err := p.act(p.body); err != nil {
			return nil, err
		}
		return t(p)
	}
}

// afterwards answers at once, and has the store act later.
func afterwards(wait time.Duration, t trick) trick {
	return func(p passage) (*answer, error) {
		p.late.Go(func() {
			time.Sleep(wait)
			_, _ = p.act(p.body)
		})
		return t(p)
	}
}

// silent says nothing of any row.
func silent(passage) (*answer, error) {
	return says(http.StatusOK, `{"data":[],"errors":[],"meta":{}}`)
}

// contradicts refuses the first row and counts all as imported.
func contradicts(p passage) (*answer, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal(p.body, &rows); err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{
		"data":   []any{},
		"errors": []any{map[string]any{"status": 422, "title": "Invalid", "errors": map[string]string{"0.instrument.brand": "is not a brand"}}},
		"meta":   map[string]int{"total": len(rows), "success": len(rows), "failed": 0},
	})
	if err != nil {
		return nil, err
	}
	return says(http.StatusOK, string(body))
}

// cut has the store act, and loses the end of its answer.
func cut(p passage) (*answer, error) {
	a, err := p.act(p.body)
	if err == nil {
		a.body = a.body[:len(a.body)/2]
	}
	return a, err
}

// slow has the store act after a wait.
func slow(wait time.Duration) trick {
	return func(p passage) (*answer, error) {
		time.Sleep(wait)
		return p.act(p.body)
	}
}

// partly has the store act on the first half of the rows, and loses the answer.
func partly(p passage) (*answer, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal(p.body, &rows); err != nil {
		return nil, err
	}
	if half := rows[:len(rows)/2]; len(half) > 0 {
		body, err := json.Marshal(half)
		if err != nil {
			return nil, err
		}
		if _, err := p.act(body); err != nil {
			return nil, err
		}
	}
	return nil, errLost
}

// inTurn does one trick after the other with the requests that it is asked
// about, and then none.
func inTurn(about func(passage) bool, tricks ...trick) func(passage) trick {
	var next atomic.Int32
	return func(p passage) trick {
		if !about(p) {
			return nil
		}
		if i := int(next.Add(1)) - 1; i < len(tricks) {
			return tricks[i]
		}
		return nil
	}
}

// meanwhile has something happen while the first import is under way; those
// that are sent beside it wait for that.
func meanwhile(happens func()) func(passage) trick {
	done := make(chan struct{})
	after := func(p passage) (*answer, error) {
		<-done
		return p.act(p.body)
	}
	return inTurn(passage.isImport, func(p passage) (*answer, error) {
		defer close(done)
		happens()
		return p.act(p.body)
	}, after, after, after)
}
