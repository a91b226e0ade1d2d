package sandbox

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"slices"
)

// instrumentToken is BigCommerce's own token of an instrument: 64 hexadecimal digits.
type instrumentToken [32]byte

func newInstrumentToken() (t instrumentToken) {
	_, _ = rand.Read(t[:]) // never fails
	return t
}

func (t instrumentToken) String() string { return hex.EncodeToString(t[:]) }

// MarshalText writes the token's digits.
func (t instrumentToken) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, t[:]), nil }

// parseInstrumentToken reads the exact text of a token; anything else is no token.
func parseInstrumentToken(s string) (t instrumentToken, ok bool) {
	if len(s) != hex.EncodedLen(len(t)) {
		return t, false
	}
	_, err := hex.Decode(t[:], []byte(s))
	return t, err == nil && t.String() == s
}

// record is one stored instrument. What the API tells of it is read from the row as it was sent when it is asked
// for: kept apart, it would take several times the memory, and most of it is never asked for.
type record struct {
	number     int64 // counts from 1, in order of import, and is never used again
	token      instrumentToken
	customer   int64
	methodID   string
	vaultToken string
	isDefault  bool
	sent       []byte     // the row's JSON, part of the logged request's body; never changed
	billing    *addressIn // when an update has replaced that of sent; never changed in place
}

// vault holds the instruments. Server.mu guards it and every record in it; what its methods hand out are copies.
//
// Invariant: ordered, byToken and the wallets hold the same records; ordered is sorted by number, which only grows; a
// wallet is never empty, its records are in order of import, and at most one of them, preferred, is the default.
type vault struct {
	ordered []*record
	byToken map[instrumentToken]*record
	wallets map[int64]*wallet
	last    int64
}

// wallet is what one customer has.
type wallet struct {
	records   []*record
	preferred *record
}

func newVault() vault {
	return vault{byToken: map[instrumentToken]*record{}, wallets: map[int64]*wallet{}}
}

func (v *vault) size() int { return len(v.ordered) }

// add stores a record. A customer's first instrument becomes the default, and so does one that asks to be.
func (v *vault) add(rec *record, makeDefault bool) {
	v.last++
	rec.number = v.last
	v.ordered = append(v.ordered, rec)
	v.byToken[rec.token] = rec
	w := v.wallets[rec.customer]
	if w == nil {
		w = &wallet{}
		v.wallets[rec.customer] = w
	}
	w.records = append(w.records, rec)
	if makeDefault || len(w.records) == 1 {
		w.prefer(rec)
	}
}

func (w *wallet) prefer(rec *record) {
	if w.preferred != nil {
		w.preferred.isDefault = false
	}
	rec.isDefault = true
	w.preferred = rec
}

func (v *vault) has(token instrumentToken) bool { return v.byToken[token] != nil }

// holds tells whether a customer has an instrument with this vault token.
func (v *vault) holds(customer int64, vaultToken string) bool {
	w := v.wallets[customer]
	return w != nil && slices.ContainsFunc(w.records, func(rec *record) bool { return rec.vaultToken == vaultToken })
}

// update changes the record of a token, and returns a copy of it.
func (v *vault) update(token instrumentToken, billing *addressIn, makeDefault bool) (record, bool) {
	rec, ok := v.byToken[token]
	if !ok {
		return record{}, false
	}
	if billing != nil {
		rec.billing = billing
	}
	if makeDefault {
		v.wallets[rec.customer].prefer(rec)
	}
	return *rec, true
}

// remove takes out the records of these tokens, all of them stored and each named once. A default that goes leaves its
// customer without one: that the API picks another is documented nowhere.
func (v *vault) remove(tokens []instrumentToken) {
	positions := make([]int, len(tokens), len(tokens)+1)
	for i, token := range tokens {
		rec := v.byToken[token]
		delete(v.byToken, token)
		v.removeFromWallet(rec)
		positions[i] = v.before(rec.number)
	}
	slices.Sort(positions)
	positions = append(positions, len(v.ordered))
	kept := positions[0]
	for i := range tokens { // what stands between two gaps moves up as one
		kept += copy(v.ordered[kept:], v.ordered[positions[i]+1:positions[i+1]])
	}
	clear(v.ordered[kept:])
	v.ordered = v.ordered[:kept]
}

func (v *vault) removeFromWallet(rec *record) {
	w := v.wallets[rec.customer]
	w.records = slices.DeleteFunc(w.records, func(other *record) bool { return other == rec })
	if w.preferred == rec {
		w.preferred = nil
	}
	if len(w.records) == 0 {
		delete(v.wallets, rec.customer)
	}
}

// before returns how many records have a number below n, which is also the position of the first that has not.
func (v *vault) before(n int64) int {
	i, _ := slices.BinarySearchFunc(v.ordered, n, func(rec *record, n int64) int { return cmp.Compare(rec.number, n) })
	return i
}

// page returns copies of the records from one position up to another.
func (v *vault) page(from, to int) []record { return copies(v.ordered[from:to]) }

// ofCustomer returns copies of a customer's records.
func (v *vault) ofCustomer(id int64) []record {
	w := v.wallets[id]
	if w == nil {
		return nil
	}
	return copies(w.records)
}

func copies(recs []*record) []record {
	out := make([]record, len(recs))
	for i, rec := range recs {
		out[i] = *rec
	}
	return out
}
