package cli

import (
	"context"
	"log/slog"
	"os"

	"bigcommerce-payments-mcp/internal/doctor"
)

type doctorCommand struct {
	storeSettings
	ImportDir string `env:"BIGCOMMERCE_IMPORT_DIR" help:"The one folder whose files a tool may read." placeholder:"DIR"`
	ReadOnly  bool   `env:"BIGCOMMERCE_READ_ONLY" help:"Leave out the scopes that write."`
	JSON      bool   `help:"Write one JSON document instead of lines."`
}

// Run checks all that the server needs, and changes nothing.
func (c *doctorCommand) Run(ctx context.Context) error {
	if c.LogLevel == slog.LevelInfo {
		c.LogLevel = slog.LevelError // what failed is told by the checks
	}
	api, tokenProblem := c.clientConfig(ctx, c.logger(os.Stderr))
	if tokenProblem != nil && c.Sandbox {
		return tokenProblem // not of the token: the embedded store does not start
	}
	stateDir, removeState, err := c.openStateDir()
	if err != nil {
		return err
	}
	defer removeState()
	config := doctor.Config{
		API: api, Explain: settingError, Sandbox: c.Sandbox, ReadOnly: c.ReadOnly,
		TokenFile: os.Getenv("BIGCOMMERCE_ACCESS_TOKEN_FILE"), TokenProblem: tokenProblem,
		StateDir: stateDir, ImportDir: c.ImportDir, ImportDirProblem: c.checkImportDir(c.ImportDir),
	}
	if c.JSON {
		return doctor.JSON(ctx, config, os.Stdout)
	}
	return doctor.Text(ctx, config, os.Stdout, colours(os.Stdout))
}
