package sandbox_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
)

const batchRows = 100

// serve lets h answer without a network in between, so that it is the store that is measured.
func serve(b *testing.B, h http.Handler, method, path string, body []byte, status int) *httptest.ResponseRecorder {
	b.Helper()
	req := httptest.NewRequest(method, "/stores/sandbox/v3"+path, bytes.NewReader(body))
	req.Header.Set("X-Auth-Token", sandbox.Token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if w.Code != status {
		b.Fatalf("%s %s: status %d: %s", method, path, w.Code, w.Body)
	}
	return w
}

func importBody(number int) []byte {
	rows := make([]string, batchRows)
	for i := range rows {
		id := number*batchRows + i + 1
		rows[i] = card(id, fmt.Sprintf("vault-token-%d", id))
	}
	return []byte(batch(rows...))
}

// fullStore holds so many batches.
func fullStore(b *testing.B, batches int) *sandbox.Server {
	b.Helper()
	s := sandbox.New(sandbox.Options{})
	for i := range batches {
		serve(b, s, "POST", instrumentsPath, importBody(i), 200)
	}
	return s
}

// BenchmarkImport imports batches of 100 rows, and tells what a stored row costs in memory, its logged request included.
func BenchmarkImport(b *testing.B) {
	for _, duplicates := range []sandbox.DuplicatePolicy{sandbox.DuplicatesCreate, sandbox.DuplicatesReject} {
		b.Run(string(duplicates), func(b *testing.B) {
			bodies := make([][]byte, b.N)
			for i := range bodies {
				bodies[i] = importBody(i)
			}
			s := sandbox.New(sandbox.Options{Duplicates: duplicates})
			before := heap()
			b.ResetTimer()
			for _, body := range bodies {
				serve(b, s, "POST", instrumentsPath, body, 200)
			}
			b.StopTimer()
			rows := float64(b.N) * batchRows
			b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(heap()-before)/rows, "B/row")
			b.ReportMetric(float64(len(bodies[0]))/batchRows, "sent-B/row")
			runtime.KeepAlive(s)
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkImportOverHTTP has a client and a connection in it.
func BenchmarkImportOverHTTP(b *testing.B) {
	server := httptest.NewServer(sandbox.New(sandbox.Options{}))
	defer server.Close()
	for b.Loop() {
		req, err := http.NewRequest("POST", server.URL+"/stores/sandbox/v3"+instrumentsPath, bytes.NewReader(importBody(0)))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", sandbox.Token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != 200 {
			b.Fatal(res, err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	b.ReportMetric(float64(b.N)*batchRows/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkListPage reads a page of 250 from the middle of a small and of a large store.
func BenchmarkListPage(b *testing.B) {
	for _, batches := range []int{10, 1000} {
		b.Run(fmt.Sprintf("of%d", batches*batchRows), func(b *testing.B) {
			s := fullStore(b, batches)
			path := instrumentsPath + "?limit=250&after=" + url.QueryEscape(base64Number(batches*batchRows/2))
			for b.Loop() {
				serve(b, s, "GET", path, nil, 200)
			}
		})
	}
}

// BenchmarkListCustomer looks one customer up among 100,000.
func BenchmarkListCustomer(b *testing.B) {
	s := fullStore(b, 1000)
	for b.Loop() {
		serve(b, s, "GET", "/customers/50000/stored-instruments", nil, 200)
	}
}

// BenchmarkBulkDelete removes 50 instruments at a time from 100,000, oldest first, until few are left.
func BenchmarkBulkDelete(b *testing.B) {
	var s *sandbox.Server
	var tokens []string
	for b.Loop() {
		if len(tokens) == 0 {
			b.StopTimer()
			s = fullStore(b, 1000)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest("GET", "/_sandbox/instruments", nil))
			for _, row := range into[[]storedRow](reply{t: b, body: w.Body.Bytes()}) {
				tokens = append(tokens, row.Token)
			}
			b.StartTimer()
		}
		serve(b, s, "DELETE", instrumentsPath+"?token:in="+strings.Join(tokens[:50], ","), nil, 204)
		tokens = tokens[50:]
	}
}
