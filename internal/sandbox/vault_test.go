package sandbox

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// check reports what of the vault's invariant does not hold.
func (v *vault) check(t *testing.T) {
	t.Helper()
	if len(v.ordered) != len(v.byToken) {
		t.Errorf("%d ordered, %d by token", len(v.ordered), len(v.byToken))
	}
	inWallets := 0
	for id, w := range v.wallets {
		inWallets += len(w.records)
		if len(w.records) == 0 {
			t.Errorf("customer %d has an empty wallet", id)
		}
		if w.preferred != nil && !slices.Contains(w.records, w.preferred) {
			t.Errorf("customer %d prefers what is gone", id)
		}
		for i, rec := range w.records {
			if rec.customer != id || i > 0 && rec.number <= w.records[i-1].number {
				t.Errorf("customer %d: record %+v", id, rec)
			}
			if rec.isDefault != (rec == w.preferred) {
				t.Errorf("customer %d: record %d is default: %v", id, rec.number, rec.isDefault)
			}
		}
	}
	if inWallets != len(v.ordered) {
		t.Errorf("%d ordered, %d in wallets", len(v.ordered), inWallets)
	}
	if spare := v.ordered[len(v.ordered):cap(v.ordered)]; slices.ContainsFunc(spare, func(rec *record) bool { return rec != nil }) {
		t.Error("removed records are held on to")
	}
	for i, rec := range v.ordered {
		if v.byToken[rec.token] != rec || rec.number > v.last || i > 0 && rec.number <= v.ordered[i-1].number {
			t.Errorf("position %d: record %+v", i, rec)
		}
	}
}

// TestVaultInvariant: adds, updates and removes in random order, held against a plain list.
func TestVaultInvariant(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	v := newVault()
	var model []instrumentToken
	for range 2000 {
		switch random.IntN(4) {
		case 0, 1:
			rec := &record{token: newInstrumentToken(), customer: random.Int64N(20)}
			v.add(rec, random.IntN(3) == 0)
			model = append(model, rec.token)
		case 2:
			if len(model) > 0 {
				v.update(model[random.IntN(len(model))], nil, true)
			}
		default:
			var gone []instrumentToken
			for range min(random.IntN(4), len(model)) {
				i := random.IntN(len(model))
				gone = append(gone, model[i])
				model = slices.Delete(model, i, i+1)
			}
			v.remove(gone)
		}
		v.check(t)
		if t.Failed() {
			return
		}
	}
	got := make([]instrumentToken, 0, v.size())
	for _, rec := range v.page(0, v.size()) {
		got = append(got, rec.token)
	}
	if !slices.Equal(got, model) {
		t.Error("the order differs from the model's")
	}
}
