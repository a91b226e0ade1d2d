package bcapi

import (
	"cmp"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// DefaultAPIURL is the management host.
const DefaultAPIURL = "https://api.bigcommerce.com"

// Together these stay under the minute after which MCP clients give a call up.
const (
	defaultAttemptTimeout = 30 * time.Second
	defaultMaxWait        = 25 * time.Second
)

// Config is what a Client is made from.
type Config struct {
	// APIURL is where the API is; empty means DefaultAPIURL. A base path is
	// kept. Plain http is taken only for a loopback address.
	APIURL      string
	StoreHash   string
	AccessToken Secret
	UserAgent   string
	Logger      *slog.Logger // nil: no log

	// Transport carries the requests; nil means a transport of the client's own.
	// It must report connections to httptrace, as net/http's does: what never had
	// one counts as not sent.
	Transport http.RoundTripper

	// AttemptTimeout bounds one attempt, from dialling to the last byte of the
	// answer; zero means 30 s.
	AttemptTimeout time.Duration
	// MaxWait bounds how long after its start a call may still be waiting, for
	// the quota or between attempts; zero means 25 s.
	MaxWait time.Duration
}

// ConfigError is a setting that cannot be used.
type ConfigError struct {
	Setting string // store-hash, access-token or api-url
	Problem string // reads on after the setting's name; never holds the token
}

func (e *ConfigError) Error() string { return e.Setting + " " + e.Problem }

// Mode tells a real store from a local one.
type Mode string

// ModeSandbox is a store behind a loopback address; any other is live.
const (
	ModeLive    Mode = "live"
	ModeSandbox Mode = "sandbox"
)

// Store names the store that a client works on.
type Store struct {
	Hash string `json:"hash"`
	Mode Mode   `json:"mode" jsonschema:"enum=live,enum=sandbox"`
}

// Problems lists every setting that cannot be used; there are none when New
// takes the Config.
func (c Config) Problems() []*ConfigError {
	_, problems := c.check()
	return problems
}

func (c Config) check() (*url.URL, []*ConfigError) {
	u, badURL := parseAPIURL(cmp.Or(c.APIURL, DefaultAPIURL))
	all := []*ConfigError{checkStoreHash(c.StoreHash), checkAccessToken(c.AccessToken), badURL}
	return u, slices.DeleteFunc(all, func(e *ConfigError) bool { return e == nil })
}

func checkStoreHash(hash string) *ConfigError {
	problem := ""
	switch {
	case strings.TrimSpace(hash) == "":
		problem = "is not set"
	case strings.ContainsAny(hash, `/\:`):
		problem = "must be the hash alone, without slashes or colons: what stands between /stores/ and /v3 in the API path"
	case strings.ToLower(hash) != hash:
		problem = "must be in lower case"
	case strings.ContainsFunc(hash, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }):
		problem = "must be made of the letters a to z and digits only"
	default:
		return nil
	}
	return &ConfigError{Setting: "store-hash", Problem: problem}
}

func checkAccessToken(token Secret) *ConfigError {
	text := token.Reveal()
	switch {
	case strings.TrimSpace(text) == "":
		return &ConfigError{Setting: "access-token", Problem: "is not set"}
	case !isVisibleASCII(text):
		return &ConfigError{Setting: "access-token", Problem: "holds white space, a control character or a character that no access token has"}
	}
	return nil
}

func isVisibleASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// parseAPIURL checks where the token is about to go.
func parseAPIURL(text string) (*url.URL, *ConfigError) {
	u, err := url.Parse(text)
	if err != nil { // its text may hold a password
		return nil, &ConfigError{Setting: "api-url", Problem: "is not a URL, such as " + DefaultAPIURL}
	}
	if problem := apiURLProblem(u, text); problem != "" {
		return nil, &ConfigError{Setting: "api-url", Problem: problem}
	}
	return u, nil
}

func apiURLProblem(u *url.URL, text string) string {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return "must begin with https://"
	case u.User != nil:
		return "must not hold a user name or password"
	case u.Hostname() == "":
		return "names no host"
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#"):
		return "must not have a query or a fragment"
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return "must begin with https://; plain http is taken only for a loopback address"
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return "must not have . or .. in its path"
		}
	}
	return ""
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
