package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"bigcommerce-payments-mcp/bcapi"
)

// reply is what a call has told: err is nil for data.
type reply struct {
	bcapi.Probe
	err error
}

func (d *doctor) probe(ctx context.Context, kind bcapi.ProbeKind) reply {
	probe, err := d.client.Probe(ctx, kind)
	return reply{probe, err}
}

// api is what the API said against the call; nil when it said nothing.
func (r reply) api() *bcapi.Error {
	var api *bcapi.Error
	_ = errors.As(r.err, &api)
	return api
}

// status is the answer's; 200 for any success, and 0 when no answer came, or none
// of the API's.
func (r reply) status() int {
	api := r.api()
	switch {
	case r.err == nil:
		return http.StatusOK
	case api == nil || r.NotAPI:
		return 0
	}
	return api.Status
}

// connection makes the first call: the one that every store can answer, so that
// what is said against it is about the address, the store, the token or the scope.
func (d *doctor) connection(ctx context.Context) finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := time.Now()
	d.hello = d.probe(ctx, bcapi.ProbeCustomers)
	origin := d.client.Origin()
	switch d.hello.status() {
	case http.StatusOK, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return ok("%s answers%s (%d ms)", origin, overTLS(origin), time.Since(start).Milliseconds())
	}
	message, advice := d.unanswered(d.hello)
	return failed(origin+": "+message, advice)
}

func overTLS(origin string) string {
	if strings.HasPrefix(origin, "https:") {
		return " over TLS, with a trusted certificate"
	}
	return " on this machine, without TLS"
}

const (
	checkURL   = "Check BIGCOMMERCE_API_URL (--api-url)"
	checkProxy = "behind a proxy, set HTTPS_PROXY"
)

// unanswered says why a call brought nothing to go by, and what to do.
func (d *doctor) unanswered(r reply) (message, advice string) {
	api := r.api()
	var notSent *bcapi.NotSentError
	var unread *bcapi.ReadError
	switch {
	case r.NotAPI && api != nil:
		return fmt.Sprintf("something else than the API answered, with status %d", api.Status), notTheAPI
	case r.NotAPI:
		return "something else than the API answered, with a page of its own", notTheAPI
	case errors.As(r.err, &notSent):
		return notSentWords(notSent)
	case api != nil:
		return answered(api), api.Advice()
	case errors.As(r.err, &unread):
		return unread.Reason(), "Check this machine's network, and try again in a minute; " + checkProxy + "."
	}
	return "the call failed", "Run doctor again with --log-level debug."
}

const notTheAPI = checkURL + " and, when the status is 404, BIGCOMMERCE_STORE_HASH. If they are right, a proxy or a log-in page stands before the API: have this machine let through to it; " + checkProxy + "."

func answered(api *bcapi.Error) string {
	text := fmt.Sprintf("the answer has status %d", api.Status)
	for _, words := range []string{api.Title, api.Detail} {
		if words != "" {
			text += ", " + words
		}
	}
	return text
}

func notSentWords(e *bcapi.NotSentError) (message, advice string) {
	message = e.Reason()
	switch e.Kind {
	case bcapi.NotSentDNS:
		advice = checkURL + " for a slip, and this machine's network and DNS; " + checkProxy + "."
	case bcapi.NotSentTLS:
		advice = checkURL + ": what answers there speaks no TLS that this program takes; " + checkProxy + "."
	case bcapi.NotSentCertificate:
		advice = "Check this machine's clock. If your network opens encrypted connections, have this machine trust its authority (SSL_CERT_FILE names a file of authorities)."
	case bcapi.NotSentBusy, bcapi.NotSentQuota:
		advice = fmt.Sprintf("Run doctor again in %d seconds.", int(max(e.RetryAfter, time.Second).Round(time.Second).Seconds()))
	case bcapi.NotSentCancelled:
		message, advice = "no answer came in time", "Try again in a minute."
	default:
		advice = "Check this machine's network and firewall; " + checkProxy + "."
		if errors.Is(e, context.DeadlineExceeded) {
			message += " in time"
		}
	}
	if detail := safeDetail(e.Cause); detail != "" {
		message += " (" + detail + ")"
	}
	return message, advice
}

// safeDetail gives the text of errors that hold nothing but names and addresses.
// Others may quote a setting: that of a bad proxy address holds its password.
func safeDetail(err error) string {
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	var network *net.OpError
	switch {
	case errors.As(err, &certificate):
		return certificate.Err.Error()
	case errors.As(err, &dns):
		return dns.Error()
	case errors.As(err, &network):
		return network.Error()
	}
	return ""
}

func (d *doctor) store(context.Context) finding {
	switch store := d.client.Store(); d.hello.status() {
	case http.StatusUnauthorized:
		return skipped("token")
	case http.StatusNotFound:
		return failed(fmt.Sprintf("there is no store %q at %s (status 404)", store.Hash, d.client.Origin()),
			"Check BIGCOMMERCE_STORE_HASH (--store-hash): it stands between /stores/ and /v3 in the API path of the store's API account. Check BIGCOMMERCE_API_URL, if it is set.")
	default:
		return ok("the %s store %q", store.Mode, store.Hash)
	}
}

func (d *doctor) token(context.Context) finding {
	switch d.hello.status() {
	case http.StatusUnauthorized:
		return failed(fmt.Sprintf("the store %q does not accept it (status 401)", d.client.Store().Hash),
			"Check BIGCOMMERCE_ACCESS_TOKEN (or the file that BIGCOMMERCE_ACCESS_TOKEN_FILE names): it must be the access token of an API account of this very store, and the account must still be there.")
	case http.StatusNotFound:
		return skipped("store")
	}
	return ok("accepted by the store %q", d.client.Store().Hash)
}

// maxSkew is how far the clocks may be apart: payment access tokens live an hour
// by the API's clock (docs/api-facts.md 2.1).
const maxSkew = time.Minute

func (d *doctor) clock(context.Context) finding {
	if d.hello.Ahead == nil {
		return ok("the answer tells no time to compare this machine's with")
	}
	direction, by := "ahead of", d.hello.Ahead.Round(time.Second)
	if by < 0 {
		direction, by = "behind", -by
	}
	if by <= maxSkew {
		return ok("this machine's clock agrees with the API's")
	}
	return warning(fmt.Sprintf("this machine's clock is %s %s the API's", by, direction),
		"Set it, best by NTP: when tokens expire, and when imports began and ended, would be told wrongly.")
}
