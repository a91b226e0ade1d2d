package doctor

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"bigcommerce-payments-mcp/bcapi"
)

// calls are the replies to the calls that show what the account may do.
type calls struct {
	list, customer, importing, minting, paying reply
	methodsOf                                  reply
	methods                                    []bcapi.ImportMethod
}

// currency is the one whose import methods are asked for: no call tells the
// store's own.
const currency = "USD"

// ask makes the calls side by side: one that is never answered holds up no other.
func (d *doctor) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var all sync.WaitGroup
	probe := func(to *reply, kind bcapi.ProbeKind) {
		all.Go(func() { *to = d.probe(ctx, kind) })
	}
	probe(&d.calls.list, bcapi.ProbeStoredInstruments)
	probe(&d.calls.customer, bcapi.ProbeCustomerInstruments)
	probe(&d.calls.paying, bcapi.ProbePaymentMethods)
	if !d.ReadOnly {
		probe(&d.calls.importing, bcapi.ProbeImport)
		probe(&d.calls.minting, bcapi.ProbePaymentAccessToken)
	}
	all.Go(func() {
		d.calls.methods, d.calls.methodsOf.err = d.client.ImportMethods(ctx, currency)
	})
	all.Wait()
}

// isAbsent reports whether a status says that the store has no such call.
func isAbsent(status int) bool {
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented
}

// isAbout reports whether a status is about what was sent: whoever says so has
// let the account pass.
func isAbout(status int) bool {
	switch status {
	case http.StatusOK, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// beta asks, and tells whether the store has the calls that BigCommerce has not
// opened to every store.
func (d *doctor) beta(ctx context.Context) finding {
	d.ask(ctx)
	there := []reply{d.calls.list, d.calls.methodsOf}
	if !d.ReadOnly {
		there = append(there, d.calls.importing)
	}
	status := d.calls.list.status()
	switch {
	case slices.ContainsFunc(there, func(r reply) bool { return isAbout(r.status()) }):
		return ok("the store has stored instruments, a beta of BigCommerce that may change without notice")
	case isAbsent(status):
		return failed(fmt.Sprintf("the store has no stored instruments (status %d), which are a beta of BigCommerce", status),
			"Ask BigCommerce's support to enable the stored instruments API for this store. It needs the Plus plan or higher, the Optimized One-Page Checkout, and stored cards enabled in the store's payment settings.")
	}
	return skipped("list-instruments")
}

// scope is one thing that an account may do, and the call that shows it.
type scope struct {
	kind   bcapi.ProbeKind
	may    string
	proof  string // how it was told; "" by the data
	beta   bool   // one of the calls that beta tells of
	writes bool
	// passing are statuses of refusals that are about what was asked for, besides
	// those of isAbout.
	passing []int
}

// judge tells from a reply whether the account has a scope.
func (d *doctor) judge(s scope, r reply) finding {
	if s.writes && d.ReadOnly {
		return finding{status: Skipped, message: "not tried: nothing is written with --read-only (BIGCOMMERCE_READ_ONLY)"}
	}
	status := r.status()
	switch {
	case s.kind == bcapi.ProbePaymentAccessToken && status == http.StatusOK:
		return untold(s, "the API answered as if there were an order 0")
	case isAbout(status) || slices.Contains(s.passing, status):
		return ok("may %s (%s)%s", s.may, s.kind.Scopes()[0], s.proof)
	case status == http.StatusForbidden:
		return s.missing(r.api())
	case isAbsent(status) && s.beta && d.blocked["beta"] != "":
		return skipped(d.blocked["beta"])
	case s.writes && status != 0 && status != http.StatusUnauthorized:
		return untold(s, answered(r.api()))
	}
	message, advice := d.unanswered(r)
	return failed(fmt.Sprintf("whether the account may %s is not known: %s", s.may, message), advice)
}

// untold is a scope whose call was answered in a way that tells nothing of it.
func untold(s scope, why string) finding {
	return warning(fmt.Sprintf("whether the account may %s could not be told: %s", s.may, why),
		"Look in the API account that it has the scope "+strings.Join(s.kind.Scopes(), " or ")+".")
}

// missing is a scope that the account lacks. A 403 can mean more than that
// (docs/api-facts.md 5).
func (s scope) missing(api *bcapi.Error) finding {
	advice := "Make a new API account with it, as the scopes of an account cannot be edited, and set its token. If the account has it, its owner has changed or the store's plan does not include this."
	if s.beta { // docs/api-facts.md 1.4
		advice += " BigCommerce's pages disagree about this scope: those of the calls name store_payments_access_token_create and store_payments_methods_read. To be safe, grant these too."
	}
	if s.writes {
		advice += " An account that may only read needs --read-only (BIGCOMMERCE_READ_ONLY)."
	}
	return failed(fmt.Sprintf("may not %s: the account lacks the scope %s (%s)", s.may, strings.Join(s.kind.Scopes(), " or "), answered(api)), advice)
}

func (d *doctor) listInstruments(context.Context) finding {
	return d.judge(scope{kind: bcapi.ProbeStoredInstruments, may: "list stored instruments", beta: true}, d.calls.list)
}

func (d *doctor) customerInstruments(context.Context) finding {
	return d.judge(scope{kind: bcapi.ProbeCustomerInstruments, may: "list a customer's instruments", beta: true,
		passing: []int{http.StatusNotFound}}, d.calls.customer)
}

func (d *doctor) importInstruments(context.Context) finding {
	return d.judge(scope{kind: bcapi.ProbeImport, may: "import instruments", beta: true, writes: true,
		proof: ": told by an import of no rows"}, d.calls.importing)
}

func (d *doctor) paymentTokens(context.Context) finding {
	return d.judge(scope{kind: bcapi.ProbePaymentAccessToken, may: "mint payment access tokens", writes: true,
		proof: ": told by asking for order 0, which cannot be", passing: []int{http.StatusNotFound}}, d.calls.minting)
}

func (d *doctor) paymentMethods(context.Context) finding {
	return d.judge(scope{kind: bcapi.ProbePaymentMethods, may: "list an order's payment methods",
		passing: []int{http.StatusNotFound}}, d.calls.paying)
}

// importMethods tells which payment method ids an import may use.
func (d *doctor) importMethods(context.Context) finding {
	found := d.judge(scope{kind: bcapi.ProbeStoredInstruments, may: "list the methods that take imports", beta: true}, d.calls.methodsOf)
	if found.status != OK || d.calls.methodsOf.err != nil {
		return found
	}
	names := make([]string, 0, len(d.calls.methods))
	for _, m := range d.calls.methods {
		names = append(names, m.ID)
	}
	if len(names) == 0 {
		return warning("no payment method of the store takes imports in "+currency,
			"Enable stored instruments for the gateway in the store's payment settings. If the store sells in other currencies only, ask list_import_payment_methods for those.")
	}
	return ok("in %s: %s", currency, strings.Join(names, ", "))
}

// verifyCustomers is judged by the first call.
func (d *doctor) verifyCustomers(context.Context) finding {
	s := scope{kind: bcapi.ProbeCustomers, may: "look customers up"}
	found := d.judge(s, d.hello)
	if found.status == Failed {
		found.status = Warning
		found.advice = "Only verify_customers needs it. " + found.advice
	}
	return found
}
