package reconcile_test

import (
	"slices"
	"testing"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer/reconcile"
)

func TestDecideLookup(t *testing.T) {
	none := []string(nil)
	for name, c := range map[string]struct {
		facts  reconcile.Facts
		action reconcile.Action
		token  string
	}{
		"without a snapshot nothing is proven": {
			reconcile.Facts{Matching: []string{"t"}, Absences: 1, Attempts: 1}, reconcile.Review, "",
		},
		"one new instrument that matches is the row's own": {
			reconcile.Facts{Snapshot: true, Matching: []string{"t"}, Absences: 1, Attempts: 1}, reconcile.Adopt, "t",
		},
		"also beside a new one that does not match": {
			reconcile.Facts{Snapshot: true, Matching: []string{"t"}, Unexplained: true, Absences: 1, Attempts: 1}, reconcile.Adopt, "t",
		},
		"two new ones that match cannot be told apart": {
			reconcile.Facts{Snapshot: true, Matching: []string{"t", "u"}, Absences: 1, Attempts: 1}, reconcile.Review, "",
		},
		"a matching one may be that of a row that waits for a person": {
			reconcile.Facts{Snapshot: true, Matching: []string{"t"}, Blocked: true, Absences: 1, Attempts: 1}, reconcile.Review, "",
		},
		"a row that waits for a person does not hide an absence": {
			reconcile.Facts{Snapshot: true, Matching: none, Blocked: true, Absences: 2, Attempts: 1}, reconcile.Resend, "",
		},
		"a new instrument that nothing explains": {
			reconcile.Facts{Snapshot: true, Unexplained: true, Absences: 2, Attempts: 1}, reconcile.Review, "",
		},
		"missed once: look again": {
			reconcile.Facts{Snapshot: true, Absences: 1, Attempts: 1}, reconcile.LookAgain, "",
		},
		"missed twice: absent": {
			reconcile.Facts{Snapshot: true, Absences: 2, Attempts: 1}, reconcile.Resend, "",
		},
		"missed twice after the second attempt": {
			reconcile.Facts{Snapshot: true, Absences: 2, Attempts: 2}, reconcile.Resend, "",
		},
		"never a fourth attempt": {
			reconcile.Facts{Snapshot: true, Absences: 2, Attempts: 3}, reconcile.Review, "",
		},
		"found after the third attempt": {
			reconcile.Facts{Snapshot: true, Matching: []string{"t"}, Absences: 2, Attempts: 3}, reconcile.Adopt, "t",
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := reconcile.DecideLookup(c.facts)
			if v.Action != c.action || v.Token != c.token || (v.Reason != "") != (c.action == reconcile.Review) {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	card := func(token, last4 string) bcapi.StoredInstrument {
		return bcapi.StoredInstrument{Token: token, Type: bcapi.CreditCard, Last4: last4}
	}
	matches := func(in bcapi.StoredInstrument) bool { return in.Type == bcapi.CreditCard && in.Last4 == "1111" }
	for name, c := range map[string]struct {
		instruments []bcapi.StoredInstrument
		matching    []string
		unexplained bool
	}{
		"nothing":                    {},
		"known ones explain nothing": {[]bcapi.StoredInstrument{card("old", "1111")}, nil, false},
		"a new one that matches":     {[]bcapi.StoredInstrument{card("new", "1111")}, []string{"new"}, false},
		"a new one that does not":    {[]bcapi.StoredInstrument{card("new", "4242")}, nil, true},
		"a new one of another type":  {[]bcapi.StoredInstrument{{Token: "new", Type: bcapi.PayPalAccount}}, nil, false},
		"all of them":                {[]bcapi.StoredInstrument{card("old", "1111"), card("a", "1111"), card("b", "1111"), card("c", "2")}, []string{"a", "b"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			matching, unexplained := reconcile.Compare(c.instruments, bcapi.CreditCard, map[string]bool{"old": true}, matches)
			if !slices.Equal(matching, c.matching) || unexplained != c.unexplained {
				t.Errorf("%q, unexplained %v", matching, unexplained)
			}
		})
	}
}
