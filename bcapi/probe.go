package bcapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// ProbeKind names a call that is made for what its answer tells of the store and
// the API account, not for its data. No probe changes anything.
type ProbeKind string

// The probes. Those of operations that write ask for what cannot be done,
// whatever the server checks first.
const (
	// ProbeCustomers looks one customer up, which every store can.
	ProbeCustomers ProbeKind = "customers"
	// ProbeStoredInstruments reads one entry of the store's list.
	ProbeStoredInstruments ProbeKind = "stored_instruments"
	// ProbeCustomerInstruments reads what the first customer has, who need not exist.
	ProbeCustomerInstruments ProbeKind = "customer_instruments"
	// ProbePaymentMethods reads how an order can be paid, which need not exist.
	ProbePaymentMethods ProbeKind = "payment_methods"
	// ProbePaymentAccessToken asks for the token of order 0: ids begin at 1
	// (docs/api-facts.md 2.1), so there is nothing to mint a token for.
	ProbePaymentAccessToken ProbeKind = "payment_access_token"
	// ProbeImport imports no rows.
	ProbeImport ProbeKind = "import"
)

// Probe is what an answer tells besides its data.
type Probe struct {
	// NotAPI reports that something else than the API has answered: the answer is
	// an HTML page, or holds no JSON where the data should be.
	NotAPI bool
	// Ahead is how far, at least, this machine's clock is ahead of the API's; less
	// than zero when it is behind; nil when the answer does not tell.
	Ahead *time.Duration
	// Quota is how many requests the store's apps may make per Window together, and
	// Left how many of these are left; all zero when the answer does not tell.
	Quota, Left int
	Window      time.Duration
}

// Probe makes a harmless call. A nil error says that it was done, a
// *RefusedError what the API says against it. A probe changes nothing, so other
// failures are those of a read. The Probe is filled in whatever the answer says.
func (c *Client) Probe(ctx context.Context, kind ProbeKind) (Probe, error) {
	route, query, body := kind.request()
	if route.method == "" {
		return Probe{}, notSentFor(NotSentInvalid, fmt.Errorf("there is no probe %q", string(kind)))
	}
	route.carriesData = tells
	segments := []string{"1"} // of the one route that has any
	call, err := newCall(route, segments, query, body)
	if err != nil {
		return Probe{}, err
	}
	sent := time.Now()
	got, err := c.do(ctx, call)
	if err != nil {
		return Probe{}, ofRead(err)
	}
	probe := readProbe(got, sent, time.Now())
	switch {
	case got.status/100 != 2:
		return probe, failure(call, got, c.clean)
	case got.broken != nil:
		return probe, ofRead(unreadable(call, got.broken))
	case probe.NotAPI:
		return probe, ofRead(unreadable(call, whyNotRead(got)))
	}
	return probe, nil
}

// Scopes are those of which the API account needs one for the operation
// (docs/api-facts.md 1.4).
func (k ProbeKind) Scopes() []string {
	route, _, _ := k.request()
	return route.scopes
}

func (k ProbeKind) request() (r route, query url.Values, body any) {
	switch k {
	case ProbeCustomers:
		return customers, url.Values{"id:in": {"1"}, "limit": {"1"}}, nil
	case ProbeStoredInstruments:
		return listStoredInstruments, url.Values{"limit": {"1"}}, nil
	case ProbeCustomerInstruments:
		return customerInstruments, nil, nil
	case ProbePaymentMethods:
		return paymentMethods, url.Values{"order_id": {"1"}}, nil
	case ProbePaymentAccessToken:
		return createPaymentAccessToken, nil, PaymentAccessTokenRequest{}
	case ProbeImport:
		return importInstruments, nil, []ImportRow{}
	}
	return route{}, nil, nil
}

// tells reports whether an answer says what the API thinks of the request, and
// not only that it has failed or has no time.
func tells(got answer) bool {
	switch got.status {
	case http.StatusRequestTimeout, statusClientClosed:
		return false
	}
	return got.status < 500 && !isBusy(got.status)
}

func readProbe(got answer, sent, answered time.Time) Probe {
	limits := readLimits(got.header)
	return Probe{
		NotAPI: looksHTML(got) || got.status/100 == 2 && got.broken == nil && parseJSON(got.body) == nil,
		Ahead:  ahead(got.header, sent, answered),
		Quota:  limits.quota, Left: limits.left, Window: limits.length,
	}
}

// ahead compares the clocks. A Date is cut to a second, and was written some
// time between request and answer: what that leaves open counts for the clocks.
func ahead(header http.Header, sent, answered time.Time) *time.Duration {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return nil
	}
	var by time.Duration
	least, most := sent.Sub(date.Add(time.Second)), answered.Sub(date)
	switch {
	case least > 0:
		by = least
	case most < 0:
		by = most
	}
	return &by
}
