package bcapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFateOfEveryStatus(t *testing.T) {
	tests := map[string][]int{
		string(RefusedTooLarge): {413, 414},
		string(RefusedSystemic): {300, 301, 302, 303, 304, 307, 308, 401, 402, 403, 404, 405, 406, 410, 411, 412, 415, 417, 418, 424, 428, 431, 451, 507},
		string(RefusedRow):      {400, 409, 422},
		"not sent":              {423, 429, 509},
		"unknown":               {408, 499, 500, 501, 502, 503, 504, 505, 508, 511, 520, 524, 599},
	}
	for want, statuses := range tests {
		for _, status := range statuses {
			synctest.Test(t, func(t *testing.T) {
				client := dial(t, "http://127.0.0.1", withoutWaiting, withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
					readBody(r)
					return respond(status, nil, `{"title":"no","type":"t","status":1}`), nil
				})))
				for _, call := range []func() error{
					func() error { return mint(t.Context(), client) },
					func() error { return importOne(t, client) },
					func() error { return updateOne(t, client) },
				} {
					err := call()
					time.Sleep(time.Minute) // a block by the first call is over
					if got := fateOf(t, err); got != want {
						t.Errorf("status %d: %s, want %s (%v)", status, got, want, err)
					}
					var api *Error
					if !errors.As(err, &api) || api.Status != status || api.CorrelationID == "" {
						t.Errorf("status %d: the API's error is missing or wrong: %+v", status, api)
					}
				}
			})
		}
	}
}

func importOne(t *testing.T, client *Client) error {
	t.Helper()
	_, err := client.ImportInstruments(t.Context(), []ImportRow{seedRow()})
	return err
}

func updateOne(t *testing.T, client *Client) error {
	t.Helper()
	_, err := client.UpdateStoredInstrument(t.Context(), StoredInstrumentUpdate{Token: "a", Default: MakeDefault})
	return err
}

func fateOf(t *testing.T, err error) string {
	t.Helper()
	var refused *RefusedError
	var notSent *NotSentError
	var unknown *UnknownError
	switch {
	case errors.As(err, &refused):
		return string(refused.Kind)
	case errors.As(err, &notSent):
		return "not sent"
	case errors.As(err, &unknown):
		if unknown.LateCommit <= 0 || unknown.CorrelationID == "" {
			t.Errorf("LateCommit %v, correlation id %q", unknown.LateCommit, unknown.CorrelationID)
		}
		return "unknown"
	}
	return "none"
}

func TestALateCommitIsLikelierAfterAFailureThanAfterACut(t *testing.T) {
	cut, timeout, failed := unknownFor(UnknownCut, nil), unknownFor(UnknownTimeout, nil), unknownFor(UnknownFailed, nil)
	if cut.LateCommit >= timeout.LateCommit || cut.LateCommit >= failed.LateCommit {
		t.Errorf("cut %v, timeout %v, failed %v", cut.LateCommit, timeout.LateCommit, failed.LateCommit)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	followed := false
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { followed = true })
	target := strings.TrimSuffix(elsewhere.prefix, "/stores/abc123/v3")
	for _, location := range []string{target + "/stores/abc123/v3/x", "https://evil.example.com/stores", "/base/path/stores/abc123/v3/again", "http://user:pw@evil.example.com/"} {
		for _, status := range []int{301, 302, 307, 308} {
			requests := 0
			client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				requests++
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			err := mint(t.Context(), client)
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.Kind != RefusedSystemic {
				t.Fatalf("%d to %s: got %v", status, location, err)
			}
			if requests != 1 || followed {
				t.Errorf("%d to %s was followed", status, location)
			}
			if strings.HasPrefix(location, "h") && !strings.Contains(err.Error(), "evil.example.com") && !strings.Contains(err.Error(), "127.0.0.1") {
				t.Errorf("the error does not name the host: %v", err)
			}
			if strings.Contains(err.Error(), "pw") {
				t.Errorf("the error holds the address's password: %v", err)
			}
		}
	}
}
