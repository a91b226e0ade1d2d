package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/tools"
)

// storeSettings are the settings of every command that works on a store.
type storeSettings struct {
	StoreHash          string        `env:"BIGCOMMERCE_STORE_HASH" help:"The store: what stands between /stores/ and /v3 in the API path of its API account." placeholder:"HASH"`
	APIURL             string        `name:"api-url" env:"BIGCOMMERCE_API_URL" default:"https://api.bigcommerce.com" help:"Where the API is (${default}). Plain http only for a loopback address." placeholder:"URL"`
	Sandbox            bool          `env:"BIGCOMMERCE_SANDBOX" help:"Work on the embedded store: no account needed, nothing leaves this machine."`
	StateDir           string        `env:"BIGCOMMERCE_STATE_DIR" help:"Where the ledger and the reports are (${state_dir})." placeholder:"DIR"`
	AllowPANLikeTokens bool          `name:"allow-pan-like-tokens" env:"BIGCOMMERCE_ALLOW_PAN_LIKE_TOKENS" help:"Let vault_token and provider_customer_id look like card numbers, for gateways whose tokens do."`
	Settle             time.Duration `env:"BIGCOMMERCE_SETTLE" default:"10s" help:"How long a write with unknown outcome is given to show up (${default})." placeholder:"DURATION"`
	Logging            `embed:""`
}

// openImporter is an importer, and what has to be done when it is no longer
// needed.
type openImporter struct {
	*importer.Importer
	cleanUp func()
}

// connect makes the client of the store and its importer. It makes no request.
func (c *storeSettings) connect(ctx context.Context, logger *slog.Logger, importDir string) (*bcapi.Client, openImporter, error) {
	config, err := c.clientConfig(ctx, logger)
	if err != nil {
		return nil, openImporter{}, err
	}
	client, err := bcapi.New(config)
	if err != nil {
		return nil, openImporter{}, settingError(err)
	}
	stateDir, removeState, err := c.openStateDir()
	if err != nil {
		return nil, openImporter{}, err
	}
	im := importer.New(importer.Config{
		Client:  client,
		Checker: check.New(check.Options{AllowPANLikeTokens: c.AllowPANLikeTokens}),
		Logger:  logger, StateDir: stateDir, ImportDir: importDir,
		Scope:  ledger.Scope{Origin: client.Origin(), StoreHash: config.StoreHash},
		Settle: c.Settle, Explain: tools.Explain,
	})
	return client, openImporter{im, func() {
		if err := im.Close(); err != nil {
			logger.Error("the ledger could not be closed", "error", err)
		}
		removeState()
	}}, nil
}

func (c *storeSettings) clientConfig(ctx context.Context, logger *slog.Logger) (bcapi.Config, error) {
	config := bcapi.Config{UserAgent: name + "/" + version, Logger: logger}
	if c.Sandbox {
		// The store outlives the signal that ends the server, whose last calls
		// still need it; it ends with the process.
		url, _, err := sandbox.Listen(context.WithoutCancel(ctx), "127.0.0.1:0", sandbox.New(sandbox.Options{}), logger)
		if err != nil {
			return config, err
		}
		config.APIURL, config.StoreHash, config.AccessToken = url, sandbox.StoreHash, sandbox.Token
		return config, nil
	}
	config.APIURL, config.StoreHash = c.APIURL, c.StoreHash
	var err error
	config.AccessToken, err = accessToken()
	return config, err
}

// accessToken reads the API token from the environment, or from the file that
// the environment names. A secret never goes on a command line.
func accessToken() (bcapi.Secret, error) {
	token, file := os.Getenv("BIGCOMMERCE_ACCESS_TOKEN"), os.Getenv("BIGCOMMERCE_ACCESS_TOKEN_FILE")
	switch {
	case token != "" && file != "":
		return "", usageError{"set BIGCOMMERCE_ACCESS_TOKEN or BIGCOMMERCE_ACCESS_TOKEN_FILE, not both"}
	case file == "":
		return bcapi.Secret(token), nil
	}
	info, err := os.Stat(file) //nolint:gosec // the operator names the file
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxTokenFile) {
		return "", usageError{"BIGCOMMERCE_ACCESS_TOKEN_FILE does not name a small regular file"}
	}
	content, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return "", usageError{"BIGCOMMERCE_ACCESS_TOKEN_FILE: " + err.Error()}
	}
	token = strings.TrimSpace(string(content))
	if token == "" {
		return "", usageError{"BIGCOMMERCE_ACCESS_TOKEN_FILE names an empty file"}
	}
	return bcapi.Secret(token), nil
}

// maxTokenFile is far more than an access token takes.
const maxTokenFile = 16 << 10

// settingError names the variable behind a setting that the client refuses.
func settingError(err error) error {
	var bad *bcapi.ConfigError
	if !errors.As(err, &bad) {
		return err
	}
	variable := "BIGCOMMERCE_" + strings.ReplaceAll(strings.ToUpper(bad.Setting), "-", "_")
	if bad.Setting == "access-token" && bad.Problem == "is not set" {
		variable += " or BIGCOMMERCE_ACCESS_TOKEN_FILE"
	}
	return usageError{variable + " " + bad.Problem + "; --sandbox needs no account"}
}
