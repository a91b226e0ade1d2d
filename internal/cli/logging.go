package cli

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/lmittmann/tint"
	"golang.org/x/term"
)

// Logging are the settings that every command with a log has.
type Logging struct {
	LogLevel  slog.Level `env:"BIGCOMMERCE_LOG_LEVEL" default:"info" help:"debug, info, warn or error (${default})." placeholder:"LEVEL"`
	LogFormat string     `env:"BIGCOMMERCE_LOG_FORMAT" default:"text" enum:"text,json" help:"text or json (${default}), on stderr." placeholder:"FORMAT"`
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
