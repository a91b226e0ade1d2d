package bcapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeVault answers to deletes as a store that holds some tokens.
type fakeVault struct {
	holds   map[string]bool
	refuses map[string]bool // with 422, and all that is asked for with it
	names   bool            // the tokens that are not there
	atomic  bool            // one that is not there keeps the others from being deleted
	asked   [][]string
}

func (f *fakeVault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := strings.Split(r.URL.Query().Get("token:in"), ",")
	f.asked = append(f.asked, asked)
	var unknown []string
	for _, token := range asked {
		if f.refuses[token] {
			answerWith(422, "application/json", `{"status":422,"title":"Pays for a subscription","type":"t"}`)(w, r)
			return
		}
		if !f.holds[token] {
			unknown = append(unknown, token)
		}
	}
	if len(unknown) == 0 || !f.atomic {
		for _, token := range asked {
			delete(f.holds, token)
		}
	}
	if len(unknown) == 0 {
		w.WriteHeader(204)
		return
	}
	entry := `{"status":404,"title":"Not found"}`
	if f.names {
		entry = `{"status":404,"title":"Not found","errors":{` + manyKeys(unknown) + `}}`
	}
	answerWith(404, "application/json", fmt.Sprintf(`{"errors":[%s],"meta":{"total":%d,"success":%d,"failed":%d}}`,
		entry, len(asked), len(asked)-len(unknown), len(unknown)))(w, r)
}

// someTokens gives so many, each of so many characters.
func someTokens(n, length int) []string {
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = fmt.Sprintf("%0*x", length, i+1)
	}
	return tokens
}

func setOf(tokens ...string) map[string]bool {
	set := make(map[string]bool)
	for _, token := range tokens {
		set[token] = true
	}
	return set
}

func TestDeleteStoredInstruments(t *testing.T) {
	eight := someTokens(8, 64)
	tests := map[string]struct {
		vault    fakeVault
		tokens   []string
		refused  []string
		requests []int // how many tokens each has
	}{
		"none":                  {fakeVault{}, nil, nil, nil},
		"one":                   {fakeVault{holds: setOf("a")}, []string{"a"}, nil, []int{1}},
		"one, twice":            {fakeVault{holds: setOf("a")}, []string{"a", "a"}, nil, []int{1}},
		"one that is not there": {fakeVault{}, []string{"a"}, nil, []int{1}},
		"a request's fill":      {fakeVault{holds: setOf(someTokens(50, 64)...)}, someTokens(50, 64), nil, []int{50}},
		"more than one takes":   {fakeVault{holds: setOf(someTokens(101, 64)...)}, someTokens(101, 64), nil, []int{50, 50, 1}},
		"long tokens":           {fakeVault{holds: setOf(someTokens(20, 200)...)}, someTokens(20, 200), nil, []int{17, 3}},
		"one missing, named":    {fakeVault{holds: setOf(eight[1:]...), names: true}, eight, nil, []int{8, 7}},
		"all missing, named":    {fakeVault{names: true}, eight, nil, []int{8}},
		"named, atomic":         {fakeVault{holds: setOf(eight[2:]...), names: true, atomic: true}, eight, nil, []int{8, 6}},
		"not named":             {fakeVault{holds: setOf(eight[1:4]...)}, eight[:4], nil, []int{4, 2, 1, 1, 2, 1, 1}},
		"not named, atomic":     {fakeVault{holds: setOf(eight[1:]...), atomic: true}, eight, nil, []int{8, 4, 2, 1, 1, 2, 4}},
		"one refused":           {fakeVault{holds: setOf(eight...), refuses: setOf(eight[2])}, eight[:4], eight[2:3], []int{4, 2, 2, 1, 1}},
		"refused and missing":   {fakeVault{holds: setOf(eight[1:]...), refuses: setOf(eight[2]), names: true}, eight[:4], eight[2:3], []int{4, 2, 1, 2, 1, 1}},
	}
	for name, tt := range tests {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != "DELETE" || r.URL.Path != basePath+"/stores/abc123/v3/payments/stored-instruments" || len(r.URL.String()) > 3800 || len(r.URL.Query()) != 1 {
				t.Errorf("%s: %s %s", name, r.Method, r.URL)
			}
			tt.vault.ServeHTTP(w, r)
		})
		got, err := client.DeleteStoredInstruments(t.Context(), tt.tokens)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var refused []string
		for _, r := range got.Refused {
			if refused = append(refused, r.Token); r.API.Status != 422 || r.API.Title != "Pays for a subscription" || r.API.CorrelationID == "" {
				t.Errorf("%s: %+v", name, r.API)
			}
		}
		slices.Sort(got.Gone)
		var gone []string
		for _, token := range slices.Compact(slices.Sorted(slices.Values(tt.tokens))) {
			if !slices.Contains(tt.refused, token) {
				gone = append(gone, token)
			}
		}
		if diff := cmp.Diff(gone, got.Gone) + cmp.Diff(tt.refused, refused); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for token := range tt.vault.holds {
			if slices.Contains(gone, token) {
				t.Errorf("%s: %s is told gone and is still there", name, token)
			}
		}
		var sizes []int
		for _, asked := range tt.vault.asked {
			sizes = append(sizes, len(asked))
		}
		if diff := cmp.Diff(tt.requests, sizes); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What does not prove that the one token is gone must not be taken for it.
func TestAnswersToADelete(t *testing.T) {
	const jsonType = "application/json"
	for name, tt := range map[string]struct {
		status            int
		contentType, body string
		want              string // gone, refused alone, or the fate of the call
	}{
		"204":                       {204, "", "", "gone"},
		"200, empty":                {200, jsonType, "", "gone"},
		"200 and data":              {200, jsonType, `{"data":[],"meta":{}}`, "gone"},
		"200 and counts":            {200, jsonType, `{"errors":[],"meta":{"total":1,"success":1,"failed":0}}`, "gone"},
		"207, failed":               {207, jsonType, `{"errors":[],"meta":{"total":1,"success":0,"failed":1}}`, "refused alone"},
		"200 and errors":            {200, jsonType, `{"errors":[{"status":422,"title":"No"}]}`, "refused alone"},
		"202":                       {202, jsonType, "", "unknown"},
		"200, a page":               {200, "text/html", "<html>Sign in</html>", "unknown"},
		"200, an error":             {200, jsonType, `{"code":500,"message":"no"}`, "unknown"},
		"200, text":                 {200, jsonType, `"deleted"`, "unknown"},
		"404, counts":               {404, jsonType, `{"errors":[],"meta":{"total":1,"success":0,"failed":1}}`, "gone"},
		"404, no counts":            {404, jsonType, `{"errors":[{"status":404,"title":"Not found","errors":{"a":"is unknown"}}]}`, "gone"},
		"404, for another reason":   {404, jsonType, `{"errors":[{"status":409,"title":"In use"}],"meta":{"total":1,"success":0,"failed":1}}`, "refused alone"},
		"404, the store is unknown": {404, jsonType, `{"status":404,"title":"Not Found","type":"t","errors":{}}`, "systemic"},
		"404, a page":               {404, "text/html", "<html>no</html>", "systemic"},
		"404, empty":                {404, "", "", "systemic"},
		"400":                       {400, jsonType, `{"status":400,"title":"No"}`, "refused alone"},
		"413":                       {413, jsonType, `{"status":413,"title":"No"}`, "refused alone"},
		"414":                       {414, "text/html", "<html>no</html>", "refused alone"},
		"401":                       {401, jsonType, `{"status":401,"title":"No"}`, "systemic"},
		"403":                       {403, jsonType, `{"status":403,"title":"No"}`, "systemic"},
		"429":                       {429, jsonType, `{"status":429,"title":"No"}`, "not sent"},
		"501":                       {501, jsonType, `{"status":501,"title":"No"}`, "unknown"},
	} {
		client := serve(t, answerWith(tt.status, tt.contentType, tt.body), withoutWaiting)
		result, err := client.DeleteStoredInstruments(t.Context(), []string{"a"})
		got := fateOf(t, err)
		switch {
		case err == nil && cmp.Equal(result.Gone, []string{"a"}) && result.Refused == nil:
			got = "gone"
		case err == nil && len(result.Refused) == 1 && result.Refused[0].API.Status == tt.status && result.Gone == nil:
			got = "refused alone"
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s (%+v %v)", name, got, tt.want, result, err)
		}
	}
}

// A token is gone when an entry of 404 names it, and no other way; no other
// token than those asked for ever is.
func TestWhatIsNamedInVain(t *testing.T) {
	for name, entry := range map[string]string{
		"no status":       `{"errors":{"a":"no"}}`,
		"another status":  `{"status":409,"errors":{"a":"no"}}`,
		"another's token": `{"status":404,"errors":{"c":"no"}}`,
		"a part of it":    `{"status":404,"errors":{"a.b":"no","a[0]":"no"}}`,
		"in a text":       `{"status":404,"title":"a","errors":{"0":"a"}}`,
	} {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Query().Get("token:in") {
			case "a,b":
				answerWith(404, "application/json", `{"errors":[`+entry+`],"meta":{"total":2,"success":1,"failed":1}}`)(w, r)
			case "a":
				answerWith(422, "application/json", `{"status":422,"title":"No"}`)(w, r)
			case "b":
				w.WriteHeader(204)
			default:
				t.Errorf("%s: %s", name, r.URL)
			}
		})
		got, err := client.DeleteStoredInstruments(t.Context(), []string{"a", "b"})
		if err != nil || !slices.Equal(got.Gone, []string{"b"}) || len(got.Refused) != 1 || got.Refused[0].Token != "a" {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

// An empty list would be a DELETE of the whole collection, and a comma would
// name another instrument.
func TestWhatIsNoTokenIsNotSent(t *testing.T) {
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("sent: %s %s", r.Method, r.URL) })
	for _, tokens := range [][]string{nil, {}} {
		if got, err := client.DeleteStoredInstruments(t.Context(), tokens); err != nil || got.Gone != nil || got.Refused != nil {
			t.Errorf("%q: %+v %v", tokens, got, err)
		}
	}
	for _, token := range []string{"", " ", ",", "a,b", "a b", "a\n", "a/b", "a?b", "a&b", "a#b", "a%2Cb", "a:b", "é", "4111111111111111", strings.Repeat("a", 201)} {
		got, err := client.DeleteStoredInstruments(t.Context(), []string{"good", token})
		var notSent *NotSentError
		if !errors.As(err, &notSent) || notSent.Kind != NotSentInvalid || !strings.Contains(err.Error(), "token 2 of 2") || got.Gone != nil {
			t.Errorf("%q: %+v %v", token, got, err)
		}
		if token != "" && strings.Contains(err.Error(), "2 "+token) {
			t.Errorf("%q is in the error: %v", token, err)
		}
	}
}

// deleteWith deletes 60 tokens; the first request is answered with 204, the
// others as answer says. Each attempt's number of tokens is counted.
func deleteWith(ctx context.Context, t *testing.T, answer roundTripper) (got DeleteResult, attempts int, err error) {
	t.Helper()
	tokens := someTokens(60, 64)
	client := dial(t, "http://127.0.0.1", withTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
		connected(r)
		if strings.Count(r.URL.RawQuery, "%2C") == maxDelete-1 {
			return respond(204, nil, ""), nil
		}
		attempts++
		return answer(r)
	})))
	got, err = client.DeleteStoredInstruments(ctx, tokens)
	if !slices.Equal(got.Gone[:min(50, len(got.Gone))], tokens[:50]) {
		t.Errorf("what was proved is lost: %+v", got)
	}
	return got, attempts, err
}

func TestDeletesAreRepeated(t *testing.T) {
	lost := func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "read", Err: errors.New("reset")}
	}
	cut := func(*http.Request) (*http.Response, error) {
		response := respond(404, nil, "")
		response.Body = cutBody{}
		return response, nil
	}
	status := func(status int) roundTripper {
		return func(*http.Request) (*http.Response, error) { return respond(status, nil, "<html>"), nil }
	}
	for name, tt := range map[string]struct {
		answer roundTripper
		kind   UnknownKind
		want   int
	}{
		"lost": {lost, UnknownCut, 4}, "cut": {cut, UnknownCut, 4}, "500": {status(500), UnknownFailed, 4}, "502": {status(502), UnknownFailed, 4},
		"503": {status(503), UnknownFailed, 4}, "504": {status(504), UnknownFailed, 4}, "501": {status(501), UnknownFailed, 1},
		"408": {status(408), UnknownFailed, 1}, "a page": {status(200), UnknownUnreadable, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			got, attempts, err := deleteWith(t.Context(), t, tt.answer)
			var unknown *UnknownError
			if !errors.As(err, &unknown) || unknown.Kind != tt.kind || unknown.LateCommit == 0 || len(got.Gone) != 50 || got.Refused != nil || attempts != tt.want {
				t.Errorf("%s: %d attempts, %d gone, %v", name, attempts, len(got.Gone), err)
			}
			mended := false
			got, attempts, err = deleteWith(t.Context(), t, func(r *http.Request) (*http.Response, error) {
				if mended = !mended; mended {
					return tt.answer(r)
				}
				return respond(404, nil, `{"errors":[{"status":404,"errors":{`+manyKeys(someTokens(60, 64)[50:])+`}}],"meta":{"total":10,"success":0,"failed":10}}`), nil
			})
			if tt.want > 1 && (err != nil || len(got.Gone) != 60 || attempts != 2) {
				t.Errorf("%s: not mended: %d attempts, %d gone, %v", name, attempts, len(got.Gone), err)
			}
		})
	}
}

func manyKeys(tokens []string) string { return `"` + strings.Join(tokens, `":"x","`) + `":"x"` }

type cutBody struct{ cutReader }

func (cutBody) Close() error { return nil }

func TestADeleteThatIsRefusedPutsAnEndToIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, attempts, err := deleteWith(t.Context(), t, func(*http.Request) (*http.Response, error) {
			return respond(403, nil, `{"status":403,"title":"No"}`), nil
		})
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Kind != RefusedSystemic || len(got.Gone) != 50 || attempts != 1 {
			t.Errorf("%d attempts, %d gone, %v", attempts, len(got.Gone), err)
		} else if diff := cmp.Diff(writeInstrumentScopes(), refused.API.Scopes); diff != "" {
			t.Error(diff)
		}
	})
}

// A delete that has begun is waited for, and none begins after.
func TestCancelledDelete(t *testing.T) {
	for name, status := range map[string]int{"done": 204, "halved": 400} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			got, attempts, err := deleteWith(ctx, t, func(r *http.Request) (*http.Response, error) {
				cancel()
				select {
				case <-r.Context().Done():
					return nil, r.Context().Err()
				case <-time.After(time.Second):
					return respond(status, nil, ""), nil
				}
			})
			var notSent *NotSentError
			switch {
			case attempts != 1:
				t.Errorf("%s: %d attempts", name, attempts)
			case status == 204 && (err != nil || len(got.Gone) != 60):
				t.Errorf("%s: %d gone, %v", name, len(got.Gone), err)
			case status != 204 && (!errors.As(err, &notSent) || notSent.Kind != NotSentCancelled || len(got.Gone) != 50):
				t.Errorf("%s: %d gone, %v", name, len(got.Gone), err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		got, attempts, err := deleteWith(ctx, t, func(*http.Request) (*http.Response, error) {
			cancel()
			return respond(500, nil, ""), nil
		})
		var unknown *UnknownError
		if !errors.As(err, &unknown) || attempts != 1 || len(got.Gone) != 50 {
			t.Errorf("failed: %d attempts, %d gone, %v", attempts, len(got.Gone), err)
		}
	})
}

func TestRetryableSaysWhetherARepeatDoesHarm(t *testing.T) {
	_, err := serve(t, answerWith(501, "", "")).DeleteStoredInstruments(t.Context(), []string{"a"})
	var api *Error
	if !errors.As(err, &api) || api.Retryable {
		t.Errorf("501: %v", err)
	}
	_, err = serve(t, answerWith(503, "", ""), withoutWaiting).DeleteStoredInstruments(t.Context(), []string{"a"})
	if !errors.As(err, &api) || !api.Retryable || !strings.Contains(api.Advice(), "try again in a minute") {
		t.Errorf("503: %v", err)
	}
}
