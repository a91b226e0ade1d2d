package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// shutdownGrace is how long requests under way may take when the server ends.
const shutdownGrace = time.Second

// Listen serves h at addr, a loopback address such as 127.0.0.1:8080, until ctx ends; port 0 picks a free one. It
// returns the server's URL, and a function that waits until the server has ended, in bounded time after ctx, and
// returns its error.
func Listen(ctx context.Context, addr string, h http.Handler, logger *slog.Logger) (url string, wait func() error, err error) {
	if err := checkLoopback(addr); err != nil {
		return "", nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", nil, fmt.Errorf("sandbox: %w", err)
	}
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	ended := make(chan error, 1)
	go func() { ended <- serveUntil(ctx, server, served) }()
	wait = sync.OnceValue(func() error { return <-ended })
	return "http://" + listener.Addr().String(), wait, nil
}

// serveUntil shuts the server down when ctx ends, and returns what ended it otherwise.
func serveUntil(ctx context.Context, server *http.Server, served <-chan error) error {
	select {
	case err := <-served:
		return fmt.Errorf("sandbox: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // a request that still waits out its delay is cut
	}
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		return serveErr
	}
	return err
}

// checkLoopback refuses every address that others could reach: whoever connects may read and reset the store.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("sandbox: %q is not an address of the form 127.0.0.1:PORT", addr)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("sandbox: %q is refused: the sandbox listens on loopback only, for example 127.0.0.1:8080", addr)
}
