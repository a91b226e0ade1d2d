package stdio

import (
	"container/list"
	"context"
	"encoding/json"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// Limits on the requests that wait or are being worked on. They bound memory: a
// client that goes beyond them is told to retry later.
const (
	maxPending      = 10_000
	maxPendingBytes = 64 << 20
)

// call is one request of the client, from its admission to its end.
type call struct {
	message
	ctx      context.Context // ends when the client cancels the call or the gate stops
	cancel   context.CancelFunc
	registry *calls
	token    json.RawMessage // for progress, as the client sent it; nil when it wants none

	// Guarded by registry.mu:
	queued   *list.Element // its place in the queue; nil when it is running
	over     bool          // answered or cancelled: nothing more is written about it
	progress progress
}

// limited reports whether the call takes one of the slots for tool calls. All
// other requests are answered from memory, or wait for nothing but their end.
func (c *call) limited() bool { return c.method == string(mcp.MethodToolsCall) }

func (c *call) size() int { return len(c.id) + len(c.method) + len(c.params) }

// calls is the registry of requests.
//
// Invariant, under mu: byID holds exactly the admitted calls that are not over; the
// queue holds exactly those of them that wait for a slot; running counts the slots
// taken, and is limit whenever the queue is not empty; count and bytes are of all
// calls admitted and not yet ended, over or not. Lines about a call are pushed under
// mu, so that nothing can follow its answer or its cancellation.
type calls struct {
	limit   int
	out     *writer
	changed poke // poked whenever a call has ended

	mu      sync.Mutex
	byID    map[idKey]*call
	queue   list.List
	running int
	count   int
	bytes   int
}

func newCalls(limit int, out *writer, changed poke) *calls {
	return &calls{limit: limit, out: out, changed: changed, byID: map[idKey]*call{}}
}

// admit takes a call in. It reports whether the call is to be run now; a call that
// is not comes back from end when its turn comes. A refused call has not been
// admitted.
func (r *calls) admit(c *call) (run bool, refused *rpcError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.byID[c.key]; taken {
		return false, duplicateID()
	}
	if r.count >= maxPending || r.count > 0 && r.bytes+c.size() > maxPendingBytes {
		return false, busy()
	}
	r.byID[c.key] = c
	r.count++
	r.bytes += c.size()
	if !c.limited() {
		return true, nil
	}
	if r.running == r.limit {
		c.queued = r.queue.PushBack(c)
		return false, nil
	}
	r.running++
	return true, nil
}

// answer writes a running call's answer, unless the call was cancelled.
func (r *calls) answer(c *call, line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.over {
		return
	}
	r.finish(c)
	r.out.push(line)
}

// end tells that the goroutine of a running call has done its work. The call to go
// on with, if any, takes over its slot.
func (r *calls) end(c *call) (next *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(c)
	if !c.limited() {
		return nil
	}
	front := r.queue.Front()
	if front == nil {
		r.running--
		return nil
	}
	next, _ = r.queue.Remove(front).(*call)
	next.queued = nil
	return next
}

// cancel ends the call of that id without an answer: a queued call never runs, a
// running call's context ends. It reports whether there was one.
func (r *calls) cancel(id idKey) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.byID[id]
	if !ok {
		return false
	}
	r.finish(c)
	r.unqueue(c)
	return true
}

// release ends the contexts of the running calls of one method. They are still
// answered.
func (r *calls) release(method mcp.MCPMethod) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.byID {
		if c.method == string(method) {
			c.cancel()
		}
	}
}

// refuseQueued answers the calls that wait for a slot: they will not be run.
func (r *calls) refuseQueued(why *rpcError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.queue.Len() > 0 {
		c, _ := r.queue.Front().Value.(*call)
		r.out.push(errorLine(c.id, why))
		r.finish(c)
		r.unqueue(c)
	}
}

// allAnswered reports whether no call is waiting for its answer.
func (r *calls) allAnswered() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byID) == 0
}

// allEnded reports whether no call is being worked on, answered or not.
func (r *calls) allEnded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count == 0
}

// finish makes a call over; it has r.mu.
func (r *calls) finish(c *call) {
	c.over = true
	c.cancel()
	delete(r.byID, c.key)
}

// unqueue drops a call that was waiting, and leaves a running one to its
// goroutine; it has r.mu.
func (r *calls) unqueue(c *call) {
	if c.queued != nil {
		r.queue.Remove(c.queued)
		c.queued = nil
		r.forget(c)
	}
}

func (r *calls) forget(c *call) {
	r.count--
	r.bytes -= c.size()
	r.changed.poke()
}
