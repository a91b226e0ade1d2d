package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"bigcommerce-payments-mcp/internal/sandbox"
)

type sandboxCommand struct {
	Addr       string                  `default:"127.0.0.1:8025" help:"Loopback address to listen on (${default})." placeholder:"HOST:PORT"`
	Latency    time.Duration           `default:"0s" help:"Delay of every answer, such as 100ms."`
	Quota      sandbox.Quota           `help:"Requests per window, such as 450/30s; none by default." placeholder:"N/WINDOW"`
	MaxBatch   int                     `help:"Most rows per import request; no limit by default." placeholder:"N"`
	Duplicates sandbox.DuplicatePolicy `default:"create" help:"What the same instrument twice does: create or reject (${default})." placeholder:"POLICY"`
	Atomic     bool                    `help:"One bad row refuses its whole request."`
	Results    sandbox.ResultForm      `default:"nested" help:"Form of import results: nested or flat (${default})." placeholder:"FORM"`
	ErrorKeys  sandbox.ErrorKeyStyle   `default:"dotted" help:"Form of error keys: dotted, index, bracket or field (${default})." placeholder:"STYLE"`
	Logging    `embed:""`
}

// Run serves the embedded store until a signal comes.
func (c *sandboxCommand) Run(ctx context.Context) error {
	logger := c.logger(os.Stderr)
	store := sandbox.New(sandbox.Options{
		Latency: c.Latency, Quota: c.Quota, MaxBatch: c.MaxBatch, Duplicates: c.Duplicates,
		Atomic: c.Atomic, Results: c.Results, ErrorKeys: c.ErrorKeys,
	})
	url, wait, err := sandbox.Listen(ctx, c.Addr, store, logger)
	if err != nil {
		return usageError{"--addr: " + err.Error()}
	}
	fmt.Printf("The sandbox store listens on %s\n", url)
	fmt.Printf("Use it with: BIGCOMMERCE_API_URL=%s BIGCOMMERCE_STORE_HASH=%s BIGCOMMERCE_ACCESS_TOKEN=%s %s\n", url, sandbox.StoreHash, sandbox.Token, name)
	return wait()
}
