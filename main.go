// Command bigcommerce-payments-mcp gives an AI assistant a BigCommerce store's
// payment set-up, over the Model Context Protocol on stdin and stdout.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/lmittmann/tint"
	"golang.org/x/term"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/doctor"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/jobs"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
	"bigcommerce-payments-mcp/internal/stdio"
	"bigcommerce-payments-mcp/internal/terminal"
	"bigcommerce-payments-mcp/tools"
)

const (
	name    = "bigcommerce-payments-mcp"
	version = "0.1.0"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

type cli struct {
	Serve   serveCommand   `cmd:"" default:"withargs" help:"Speak MCP on stdin and stdout (the default)."`
	Import  importCommand  `cmd:"" help:"Import a file of stored instruments from the terminal."`
	Sandbox sandboxCommand `cmd:"" help:"Run the embedded store on a port, for tests and other programs."`
	Doctor  doctorCommand  `cmd:"" help:"Check settings, folders, the way to the API and the account's scopes; one line each."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

type serveCommand struct {
	storeSettings
	ImportDir    string `env:"BIGCOMMERCE_IMPORT_DIR" help:"The one folder whose files a tool may read." placeholder:"DIR"`
	ReadOnly     bool   `env:"BIGCOMMERCE_READ_ONLY" help:"Offer only tools that change nothing."`
	AllowDeletes bool   `env:"BIGCOMMERCE_ALLOW_DELETES" help:"Offer the tools that delete stored instruments."`
	NoConfirm    bool   `env:"BIGCOMMERCE_NO_CONFIRM" help:"Import a file without showing a plan first; ask nothing before a delete."`
}

type importCommand struct {
	storeSettings
	File        string            `arg:"" help:"A .csv, .json or .jsonl file." placeholder:"FILE"`
	Columns     map[string]string `help:"The file's own header and the field it holds; may be repeated." placeholder:"HEADER=FIELD"`
	Defaults    map[string]string `help:"A field and its value for rows that lack it; may be repeated." placeholder:"FIELD=VALUE"`
	Limit       int               `help:"Import only the first N good rows that are not yet in, as a pilot." placeholder:"N"`
	SharedPayer bool              `name:"shared-provider-customers" help:"Several customers may share one provider_customer_id."`
	Verify      bool              `name:"verify-customers" help:"Refuse rows whose customer is unknown or has another e-mail address."`
	Unconfirmed importer.UnconfirmedPolicy   `enum:",resend,skip" default:"" help:"What you found of unconfirmed rows: resend (not in the store) or skip." placeholder:"ANSWER"`
	DryRun      bool              `help:"Check the file and send nothing."`
	Yes         bool              `help:"Do not ask before sending."`
}

type doctorCommand struct {
	storeSettings
	ImportDir string `env:"BIGCOMMERCE_IMPORT_DIR" help:"The one folder whose files a tool may read." placeholder:"DIR"`
	ReadOnly  bool   `env:"BIGCOMMERCE_READ_ONLY" help:"Leave out the scopes that write."`
	JSON      bool   `help:"Write one JSON document instead of lines."`
}

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

// Logging are the settings that every command with a log has.
type Logging struct {
	LogLevel  slog.Level `env:"BIGCOMMERCE_LOG_LEVEL" default:"info" help:"debug, info, warn or error (${default})." placeholder:"LEVEL"`
	LogFormat string     `env:"BIGCOMMERCE_LOG_FORMAT" default:"text" enum:"text,json" help:"text or json (${default}), on stderr." placeholder:"FORMAT"`
}

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

type versionCommand struct{}

// usageError is a wrong setting: one line for the operator, naming what to set.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	// A client that closes our stdout or stderr must not kill the process: the
	// failing write says so instead.
	signal.Ignore(syscall.SIGPIPE)
	ctx, interrupted := signalContext()

	unsetBlank()
	parser, err := kong.New(&cli{},
		kong.Name(name),
		kong.Description("An MCP server for a BigCommerce store's payment set-up. Try it without an account: "+name+" --sandbox"),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Vars{"state_dir": defaultStateDir()},
	)
	if err != nil {
		return fail(err)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return fail(usageError{err.Error() + " (see " + name + " --help)"})
	}
	exit := exitDone
	if err := command.Run(); err != nil {
		exit = fail(err)
	}
	if interrupted() {
		return exitInterrupted
	}
	return exit
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, name+": "+err.Error())
	var usage usageError
	if errors.As(err, &usage) || errors.Is(err, terminal.ErrNeedsYes) {
		return exitUsage
	}
	return exitFailed
}

// unsetBlank takes settings that are set to nothing for unset, as clients pass
// them whose configuration was left empty.
func unsetBlank() {
	for _, setting := range os.Environ() {
		variable, value, _ := strings.Cut(setting, "=")
		if strings.HasPrefix(variable, "BIGCOMMERCE_") && strings.TrimSpace(value) == "" {
			_ = os.Unsetenv(variable)
		}
	}
}

// signalContext ends with the first SIGINT, SIGTERM or SIGHUP; the second ends
// the process. The function tells whether the first was SIGINT.
func signalContext() (context.Context, func() bool) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	errInterrupted := errors.New("interrupted")
	go func() {
		if <-signals == syscall.SIGINT {
			cancel(errInterrupted)
		} else {
			cancel(nil)
		}
		<-signals
		os.Exit(exitInterrupted)
	}()
	return ctx, func() bool { return errors.Is(context.Cause(ctx), errInterrupted) }
}

// shutdownGrace is how long a running import gets to end its requests when the
// server ends. What is cut then is looked up by the next run.
const shutdownGrace = 10 * time.Second

// Run serves MCP until stdin ends or a signal comes.
func (c *serveCommand) Run(ctx context.Context) error {
	stderr := stdio.NewLogWriter(os.Stderr)
	defer stderr.Close(time.Second)
	logger := c.logger(stderr)
	if err := c.checkImportDir(c.ImportDir); err != nil {
		return err
	}
	client, im, err := c.connect(ctx, logger, c.ImportDir)
	if err != nil {
		return err
	}
	defer im.cleanUp()
	manager := jobs.New(im.Importer)
	server, addTools := tools.Prepare(tools.Dependencies{
		Client: client, Importer: im.Importer, Jobs: manager, Confirmer: tools.NewConfirmer(),
		Logger: logger, Version: version, ReadOnly: c.ReadOnly, AllowDeletes: c.AllowDeletes, NoConfirm: c.NoConfirm,
		Progress: stdio.ReportProgress,
	})
	greet(stderr, client.Store())
	err = stdio.Serve(ctx, server, stdio.Options{In: os.Stdin, Out: os.Stdout, Logger: logger, Prepare: addTools})
	manager.Shutdown(shutdownGrace)
	return err
}

// Run imports a file, with a person at the terminal.
func (c *importCommand) Run(ctx context.Context) error {
	folder, name := filepath.Split(c.File)
	if folder == "" {
		folder = "."
	}
	c.LogLevel = max(c.LogLevel, slog.LevelWarn) // progress is shown in its own way
	client, im, err := c.connect(ctx, c.logger(os.Stderr), folder)
	if err != nil {
		return err
	}
	defer im.cleanUp()
	return terminal.Import{
		Importer: im.Importer, Store: client.Store(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Request:     importer.FileRequest{Name: name, Columns: c.Columns, Defaults: c.Defaults, Limit: c.Limit, Shared: c.SharedPayer, Verify: c.Verify},
		Unconfirmed: c.Unconfirmed, Yes: c.Yes, DryRun: c.DryRun,
	}.Run(ctx)
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

// openStateDir settles where the ledger is: for the embedded store, which is empty
// at each start, in a folder that goes with the process unless one is named.
func (c *storeSettings) openStateDir() (dir string, remove func(), err error) {
	if c.StateDir == "" && c.Sandbox {
		dir, err := os.MkdirTemp("", name+"-*")
		if err != nil {
			return "", nil, err
		}
		return dir, func() { _ = os.RemoveAll(dir) }, nil
	}
	return cmp.Or(c.StateDir, defaultStateDir()), func() {}, nil
}

// checkImportDir holds the folder that tools may read apart from the state.
func (c *storeSettings) checkImportDir(importDir string) error {
	if importDir == "" {
		return nil
	}
	if info, err := os.Stat(importDir); err != nil || !info.IsDir() {
		return usageError{"BIGCOMMERCE_IMPORT_DIR (--import-dir) is not a folder that can be read"}
	}
	if within(cmp.Or(c.StateDir, defaultStateDir()), importDir) {
		return usageError{"BIGCOMMERCE_STATE_DIR (--state-dir) may not lie inside the import folder, whose files a tool may read"}
	}
	return nil
}

// within reports whether a folder is another one or lies below it.
func within(dir, folder string) bool {
	if folder == "" {
		return false
	}
	return strings.HasPrefix(resolved(dir)+string(filepath.Separator), resolved(folder)+string(filepath.Separator))
}

// resolved is the real path of a folder, as far as it exists.
func resolved(path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if real, err := filepath.EvalSymlinks(absolute); err == nil {
		return real
	}
	parent := filepath.Dir(absolute)
	if parent == absolute {
		return absolute
	}
	return filepath.Join(resolved(parent), filepath.Base(absolute))
}

func defaultStateDir() string {
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, name)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, ".local", "state", name)
}

// greet tells a person who started the server by hand what it waits for.
func greet(w io.Writer, store bcapi.Store) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return
	}
	fmt.Fprintf(w, "%s %s: an MCP server for the %s store %q; it waits for an MCP client on stdin (Ctrl-D ends it).\n", name, version, store.Mode, store.Hash)
	executable, err := os.Executable()
	if err != nil || strings.Contains(executable, "go-build") { // what go run leaves is gone afterwards
		executable = "/path/to/" + name
	}
	fmt.Fprintf(w, "To attach it, give your assistant the command `%s`, as the README shows.\n", strings.Join(append([]string{executable}, os.Args[1:]...), " "))
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

func (l Logging) logger(w io.Writer) *slog.Logger {
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l.LogLevel}))
	}
	return slog.New(tint.NewTextHandler(w, &tint.Options{
		Level:      l.LogLevel,
		TimeFormat: time.TimeOnly,
		NoColor:    !colours(os.Stderr),
	}))
}

// colours reports whether what is written to a file may have colours.
func colours(file *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(file.Fd()))
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

// Run prints the version.
func (versionCommand) Run() error {
	_, err := fmt.Printf("%s %s (%s, %s/%s)\n", name, version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
