// Package cli holds the program's commands and flags, one file for each command:
// it reads settings, connects the packages that do the work, and turns an error
// into a line on stderr and an exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"bigcommerce-payments-mcp/internal/terminal"
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

// commands are the commands of the program, with their flags.
type commands struct {
	Serve   serveCommand   `cmd:"" default:"withargs" help:"Speak MCP on stdin and stdout (the default)."`
	Import  importCommand  `cmd:"" help:"Import a file of stored instruments from the terminal."`
	Sandbox sandboxCommand `cmd:"" help:"Run the embedded store on a port, for tests and other programs."`
	Doctor  doctorCommand  `cmd:"" help:"Check settings, folders, the way to the API and the account's scopes; one line each."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// usageError is a wrong setting: one line for the operator, naming what to set.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

// Run carries out the command that args name (without the program) and returns
// its exit code: 0 done, 1 failed, 2 wrong usage or setting, 130 interrupted.
func Run(args []string) int {
	// A client that closes our stdout or stderr must not kill the process: the
	// failing write says so instead.
	signal.Ignore(syscall.SIGPIPE)
	ctx, interrupted := signalContext()

	unsetBlank()
	parser, err := kong.New(&commands{},
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
