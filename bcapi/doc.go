// Package bcapi is a client of the BigCommerce payments calls on the management
// host. Facts about the API, and how sure each one is, are in docs/api-facts.md.
//
// A call passes through a short chain of handlers: headers, retry, judge, pace
// and exchange. All but the first see every attempt. What became of a write is told by three types,
// and a caller decides from these alone, never from a status:
//
//   - a nil error or a *RefusedError: the API has answered;
//   - a *NotSentError: nothing was done, so the call may be repeated;
//   - an *UnknownError: it may have been done, so it may not be repeated before
//     someone has looked.
//
// A read has no outcome that could be unknown: a failed one that repeating did
// not mend gives a *ReadError instead of an *UnknownError, and may be made again
// at any time. What a read was refused is told as for a write, by a
// *RefusedError, and so is that it was not sent, by a *NotSentError. A delete from
// the store is repeated like a read, and has an unknown outcome only when that did
// not mend it.
//
// # Nothing is replayed behind the caller's back
//
// net/http repeats a request by itself only when it is replayable or when it is
// sure that no byte of it was written. A POST counts as replayable only with an
// Idempotency-Key header, which this package never sets: the API has no such
// key, and with one net/http would send a POST again after its answer was lost
// on a kept-alive connection. HTTP/2 is switched off for the same reason: its
// transport has replay rules of its own, and one lost connection would make the
// outcome of every write on it unknown.
package bcapi
