package bcapi

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func allProbes() []ProbeKind {
	return []ProbeKind{
		ProbeCustomers, ProbeStoredInstruments, ProbeCustomerInstruments, ProbePaymentMethods, ProbePaymentAccessToken, ProbeImport,
	}
}

// TestProbesAskForNothing holds every probe to the request that was judged to be
// harmless.
func TestProbesAskForNothing(t *testing.T) {
	want := []string{
		"GET /customers?id%3Ain=1&limit=1 ",
		"GET /payments/stored-instruments?limit=1 ",
		"GET /customers/1/stored-instruments ",
		"GET /payments/methods?order_id=1 ",
		`POST /payments/access_tokens {"order":{"id":0,"is_recurring":false}}`,
		"POST /payments/stored-instruments []",
	}
	var got []string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.URL.RequestURI()[len(basePath+"/stores/abc123/v3"):]+" "+string(body))
		_, _ = io.WriteString(w, `{"data":[]}`)
	})
	for _, kind := range allProbes() {
		if _, err := client.Probe(t.Context(), kind); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if len(kind.Scopes()) == 0 {
			t.Errorf("%s: no scope", kind)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("asked for\n%q, want\n%q", got, want)
	}
	if _, err := client.Probe(t.Context(), "other"); fateOf(t, err) != "not sent" {
		t.Errorf("an unknown probe gives %v", err)
	}
}

// TestProbeTellsWhatWasAnswered goes through the answers for a probe that reads
// and one that writes: their outcomes are told alike.
func TestProbeTellsWhatWasAnswered(t *testing.T) {
	tests := map[string]struct {
		status      int
		contentType string
		body        string
		refused     int // the status of a *RefusedError; 0 for none
		fails       bool
		notAPI      bool
	}{
		"data":               {status: 200, body: `{"data":[]}`},
		"created":            {status: 201, body: `{"data":{"id":"x"}}`},
		"scope missing":      {status: 403, body: `{"status":403,"title":"Forbidden"}`, refused: 403},
		"not found":          {status: 404, body: `{"status":404}`, refused: 404},
		"rows refused":       {status: 422, body: `{"data":[],"errors":[],"meta":{}}`, refused: 422},
		"no body":            {status: 401, refused: 401},
		"redirect":           {status: 302, refused: 302},
		"login page":         {status: 200, contentType: "text/html", body: "<html>", fails: true, notAPI: true},
		"proxy's own":        {status: 403, contentType: "text/html", body: "<html>", refused: 403, notAPI: true},
		"something else":     {status: 200, body: "It works!", fails: true, notAPI: true},
		"broken, not listed": {status: 500, body: `{"status":500}`, fails: true},
		"busy":               {status: 429, fails: true},
	}
	for name, tt := range tests {
		for _, kind := range []ProbeKind{ProbeStoredInstruments, ProbeImport} {
			t.Run(name+" to "+string(kind), func(t *testing.T) {
				client := serve(t, answerWith(tt.status, cmp.Or(tt.contentType, "application/json"), tt.body), withoutWaiting)
				probe, err := client.Probe(t.Context(), kind)
				var refused *RefusedError
				status := 0
				if errors.As(err, &refused) {
					status = refused.API.Status
				}
				if status != tt.refused || (err != nil) != (tt.fails || tt.refused != 0) {
					t.Errorf("got %v", err)
				}
				if probe.NotAPI != tt.notAPI {
					t.Errorf("not the API: %v", probe.NotAPI)
				}
				var unknown *UnknownError
				if errors.As(err, &unknown) {
					t.Errorf("the outcome of a probe is unknown: %v", err)
				}
			})
		}
	}
}

func TestProbeReadsTheHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		header := rateHeader(450, 449, "29000", "30000", "Date", time.Now().Add(-90*time.Second).UTC().Format(http.TimeFormat))
		client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(*http.Request) (*http.Response, error) {
			return respond(403, header, `{"code":403,"message":"Missing scope"}`), nil
		})))
		probe, err := client.Probe(t.Context(), ProbeCustomers)
		if err == nil {
			t.Fatal("not refused")
		}
		if probe.Ahead == nil || *probe.Ahead != 89*time.Second {
			t.Errorf("ahead by %v", probe.Ahead)
		}
		if probe.Quota != 450 || probe.Left != 449 || probe.Window != 30*time.Second {
			t.Errorf("quota %d, left %d, window %s", probe.Quota, probe.Left, probe.Window)
		}
	})
}

// TestClocksAreComparedInTheirFavour: what the second that a Date is cut to, and
// the time under way, leave open is no difference.
func TestClocksAreComparedInTheirFavour(t *testing.T) {
	date := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tt := range map[string]struct {
		sent, answered time.Duration // of this machine's clock, after date
		want           time.Duration
	}{
		"together":          {0, 0, 0},
		"within the second": {900 * time.Millisecond, 950 * time.Millisecond, 0},
		"under way":         {-5 * time.Second, 5 * time.Second, 0},
		"ahead":             {61 * time.Second, 62 * time.Second, time.Minute},
		"behind":            {-62 * time.Second, -time.Minute, -time.Minute},
	} {
		got := ahead(http.Header{"Date": {date.Format(http.TimeFormat)}}, date.Add(tt.sent), date.Add(tt.answered))
		if got == nil || *got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	if got := ahead(http.Header{"Date": {"soon"}}, date, date); got != nil {
		t.Errorf("a date that is none gives %v", *got)
	}
}
