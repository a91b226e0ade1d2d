package sandbox_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/internal/sandbox"
)

func TestListen(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "localhost:0"} {
		ctx, stop := context.WithCancel(context.Background())
		url, wait, err := sandbox.Listen(ctx, addr, sandbox.New(sandbox.Options{}), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.Get(url + "/_sandbox/instruments")
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("%s: %v %v", url, res, err)
		}
		_ = res.Body.Close()
		stop()
		if err := wait(); err != nil {
			t.Errorf("wait: %v", err)
		}
		if err := wait(); err != nil {
			t.Errorf("wait again: %v", err)
		}
		if _, err := http.Get(url + "/_sandbox/instruments"); err == nil {
			t.Error("it still listens")
		}
	}
}

// TestListenEndsInBoundedTime: a request that waits does not keep the server alive.
func TestListenEndsInBoundedTime(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	arrived := make(chan struct{})
	release := make(chan struct{})
	defer close(release)
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	})
	url, wait, err := sandbox.Listen(ctx, "127.0.0.1:0", h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	lost := make(chan error, 1)
	go func() {
		_, err := http.Get(url)
		lost <- err
	}()
	<-arrived
	stop()
	ended := make(chan error, 1)
	go func() { ended <- wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("wait: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	if err := <-lost; err == nil {
		t.Error("the request was answered")
	}
}

func TestListenRefusesOtherAddresses(t *testing.T) {
	for addr, want := range map[string]string{
		":8080":            "loopback only",
		"0.0.0.0:0":        "loopback only",
		"[::]:0":           "loopback only",
		"192.0.2.1:8080":   "loopback only",
		"example.com:8080": "loopback only",
		"127.0.0.1":        "127.0.0.1:PORT",
		"":                 "127.0.0.1:PORT",
		"127.0.0.1:99999":  "99999",
	} {
		_, _, err := sandbox.Listen(t.Context(), addr, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", addr, err)
		}
	}
}
