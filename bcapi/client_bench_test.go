package bcapi

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// What the client costs is the difference of the two: BenchmarkBareRoundTrip
// makes the same request with net/http alone.

func benchServer(b *testing.B) string {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for name, value := range rateHeader(1_000_000, 999_999, "30000", "30000") {
			w.Header()[name] = value
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, created)
	}))
	b.Cleanup(server.Close)
	return server.URL
}

func BenchmarkBareRoundTrip(b *testing.B) {
	url := benchServer(b) + "/stores/abc123/v3/payments/access_tokens"
	transport := newTransport()
	b.ReportAllocs()
	for b.Loop() {
		request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader([]byte(`{"order":{"id":7,"is_recurring":false}}`)))
		if err != nil {
			b.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}

func BenchmarkCreatePaymentAccessToken(b *testing.B) {
	client := dial(b, benchServer(b))
	b.ReportAllocs()
	for b.Loop() {
		if err := mint(b.Context(), client); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadImport100Rows(b *testing.B) {
	var body bytes.Buffer
	body.WriteString(`{"data":[`)
	for i := range 100 {
		if i > 0 {
			body.WriteByte(',')
		}
		body.WriteString(`{"customer_id":1,"provider_vault_token":"5292sx35","instrument":{"token":"84596bea275fa254da820056bdc3e495bdf01fd11c51b0336347d447ee16200c","type":"credit_card","is_default":true,"brand":"visa","expiry_month":1,"expiry_year":1,"iin":"411111","last_4":"1111"}}`)
	}
	body.WriteString(`],"errors":[],"meta":{"total":100,"success":100,"failed":0}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := readImport(body.Bytes(), 100, newCleaner(testToken)); !ok {
			b.Fatal("not read")
		}
	}
}
