package bcapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnvaultStoredInstrument(t *testing.T) {
	const jsonType = "application/json"
	token := strings.Repeat("ab", 32)
	for name, tt := range map[string]struct {
		status            int
		contentType, body string
		want              string // the fate of the call; none: done
	}{
		"204":            {204, "", "", "none"},
		"200, empty":     {200, "", "", "none"},
		"200 and data":   {200, jsonType, `{"data":{},"meta":{}}`, "none"},
		"200, failed":    {200, jsonType, `{"errors":[{"status":422,"title":"No"}]}`, "row"},
		"200, a page":    {200, "text/html", "<html>Sign in</html>", "unknown"},
		"200, an error":  {200, jsonType, `{"status":500,"title":"No"}`, "unknown"},
		"202":            {202, "", "", "unknown"},
		"401":            {401, jsonType, `{"status":401,"title":"No"}`, "systemic"},
		"404":            {404, jsonType, `{"status":404,"title":"No"}`, "systemic"},
		"404, several's": {404, jsonType, `{"errors":[],"meta":{"total":1,"success":0,"failed":1}}`, "systemic"},
		"422":            {422, jsonType, `{"status":422,"title":"No"}`, "row"},
		"429":            {429, jsonType, `{"status":429,"title":"No"}`, "not sent"},
	} {
		var line string
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			line = r.Method + " " + r.URL.String()
			answerWith(tt.status, tt.contentType, tt.body)(w, r)
		}, withoutWaiting)
		err := client.UnvaultStoredInstrument(t.Context(), token)
		if got := fateOf(t, err); got != tt.want || line != "DELETE "+basePath+"/stores/abc123/v3/payments/stored-instruments/"+token {
			t.Errorf("%s: %s, want %s (%s, %v)", name, got, tt.want, line, err)
		}
	}
}

// Another segment, or none, would be another resource.
func TestUnvaultsThatAreNotSent(t *testing.T) {
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("sent: %s %s", r.Method, r.URL) })
	for _, token := range []string{"", ".", "..", "a/b", "../x", "a,b", "a b", "a%2Fb", "a?b", "4111111111111111"} {
		err := client.UnvaultStoredInstrument(t.Context(), token)
		var notSent *NotSentError
		if !errors.As(err, &notSent) || notSent.Kind != NotSentInvalid || len(token) > 3 && strings.Contains(err.Error(), token) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestAnUnvaultOfUnknownOutcomeIsNotRepeated(t *testing.T) {
	for name, tt := range map[string]struct {
		answer roundTripper
		kind   UnknownKind
	}{
		"lost": {func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "read", Err: errors.New("reset")}
		}, UnknownCut},
		"half an answer": {func(*http.Request) (*http.Response, error) {
			response := respond(200, nil, "")
			response.Body = cutBody{}
			return response, nil
		}, UnknownCut},
		"500": {func(*http.Request) (*http.Response, error) { return respond(500, nil, ""), nil }, UnknownFailed},
		"503": {func(*http.Request) (*http.Response, error) { return respond(503, nil, "<html>"), nil }, UnknownFailed},
		"slow": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, UnknownTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
				connected(r)
				attempts++
				return tt.answer(r)
			})))
			err := client.UnvaultStoredInstrument(t.Context(), "a")
			var unknown *UnknownError
			if !errors.As(err, &unknown) || unknown.Kind != tt.kind || unknown.LateCommit == 0 || attempts != 1 {
				t.Errorf("%s: %d attempts, %v", name, attempts, err)
			}
			if unknown == nil {
				return
			}
			if api := unknown.API; api != nil && (api.Retryable || !strings.Contains(api.Advice(), "look whether")) {
				t.Errorf("%s: %+v", name, api)
			}
		})
	}
}

// An unvault that has begun is waited for although its caller has gone.
func TestCancelledUnvault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			connected(r)
			cancel()
			select {
			case <-r.Context().Done():
				return nil, r.Context().Err()
			case <-time.After(time.Second):
				return respond(204, nil, ""), nil
			}
		})))
		if err := client.UnvaultStoredInstrument(ctx, "a"); err != nil {
			t.Error(err)
		}
		var notSent *NotSentError
		if err := client.UnvaultStoredInstrument(ctx, "a"); !errors.As(err, &notSent) || notSent.Kind != NotSentCancelled {
			t.Error(err)
		}
	})
}
