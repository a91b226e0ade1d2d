package bcapi

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Client makes calls for one store. It is safe for concurrent use; all its
// calls share one pace.
type Client struct {
	origin  string
	store   Store
	prefix  string // of every address: origin, base path, store
	maxWait time.Duration
	clean   cleaner
	pacer   *pacer
	handle  handler
}

// New makes a Client. It makes no request. A setting that cannot be used gives
// a *ConfigError.
func New(config Config) (*Client, error) {
	u, problems := config.check()
	if len(problems) > 0 {
		return nil, problems[0]
	}
	store := Store{Hash: config.StoreHash, Mode: ModeLive}
	if isLoopback(u.Hostname()) {
		store.Mode = ModeSandbox
	}
	if config.MaxWait == 0 {
		config.MaxWait = defaultMaxWait
	}
	pacer, clean := newPacer(), newCleaner(config.AccessToken)
	return &Client{
		store:   store,
		prefix:  u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/") + "/stores/" + config.StoreHash + "/v3",
		origin:  originOf(u),
		maxWait: config.MaxWait,
		clean:   clean,
		pacer:   pacer,
		handle:  newChain(config, pacer, clean),
	}, nil
}

func originOf(u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Host), map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
	return u.Scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/")
}

// newChain puts the handlers together, the outermost last. The token lives in
// the closures alone, so that no print of a Client shows it.
func newChain(config Config, pacer *pacer, clean cleaner) handler {
	logger := config.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	if config.AttemptTimeout == 0 {
		config.AttemptTimeout = defaultAttemptTimeout
	}
	if config.Transport == nil {
		config.Transport = newTransport()
	}
	chain := exchange(config.Transport, config.AttemptTimeout, clean, logger)
	chain = pace(pacer, chain)
	chain = judge(clean, chain)
	chain = retry(logger, chain)
	return headers(config.AccessToken, config.UserAgent, chain)
}

// Origin names the API in one way, however its URL was spelt.
func (c *Client) Origin() string { return c.origin }

// Store names the store that the client works on.
func (c *Client) Store() Store { return c.store }

// Quota tells how many requests the client may make per window of the store's
// quota, others' share taken off, and how long a window is, as the API's answers
// have told so far; 0 and 0 when they have told no quota.
func (c *Client) Quota() (requests int, window time.Duration) { return c.pacer.known() }

// do makes one logical call: however many attempts it takes, it has one
// correlation id and one limit on its waiting.
func (c *Client) do(ctx context.Context, call *call) (answer, error) {
	call.url = c.prefix + call.path
	call.waitUntil = time.Now().Add(c.maxWait)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(call.waitUntil) {
		call.waitUntil = deadline
	}
	return c.handle(ctx, call)
}
