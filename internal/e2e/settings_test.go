package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// run runs a command to its end, with nothing on stdin.
func run(t *testing.T, settings []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = environment(t, settings...)
	var out, err strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &err
	if runErr := cmd.Run(); runErr != nil && cmd.ProcessState == nil {
		t.Fatal(runErr)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// TestWrongSettingsAreOneLine: a setting that is missing or wrong is told on
// stderr by the name of its variable, before anything else happens.
func TestWrongSettingsAreOneLine(t *testing.T) {
	const secret = "very-secret-token"
	hash, token := "BIGCOMMERCE_STORE_HASH=abc123", "BIGCOMMERCE_ACCESS_TOKEN="+secret
	for _, tt := range []struct {
		name     string
		settings []string
		args     []string
		says     string
	}{
		{"nothing set", nil, nil, "BIGCOMMERCE_STORE_HASH"},
		{"blank hash", []string{"BIGCOMMERCE_STORE_HASH= ", token}, nil, "BIGCOMMERCE_STORE_HASH"},
		{"no token", []string{hash}, nil, "BIGCOMMERCE_ACCESS_TOKEN"},
		{"blank token", []string{hash, "BIGCOMMERCE_ACCESS_TOKEN= "}, nil, "BIGCOMMERCE_ACCESS_TOKEN"},
		{"token of two lines", []string{hash, "BIGCOMMERCE_ACCESS_TOKEN=" + secret + "\nx"}, nil, "BIGCOMMERCE_ACCESS_TOKEN"},
		{"missing token file", []string{hash, "BIGCOMMERCE_ACCESS_TOKEN_FILE=/nonexistent/token"}, nil, "BIGCOMMERCE_ACCESS_TOKEN_FILE"},
		{"token twice", []string{hash, token, "BIGCOMMERCE_ACCESS_TOKEN_FILE=/nonexistent/token"}, nil, "not both"},
		{"hash with a slash", []string{"BIGCOMMERCE_STORE_HASH=abc/../def", token}, nil, "BIGCOMMERCE_STORE_HASH"},
		{"plain http", []string{hash, token, "BIGCOMMERCE_API_URL=http://api.example.com"}, nil, "BIGCOMMERCE_API_URL"},
		{"plain http by flag", []string{hash, token}, []string{"--api-url", "http://api.example.com"}, "BIGCOMMERCE_API_URL"},
		{"no URL at all", []string{hash, token, "BIGCOMMERCE_API_URL=store"}, nil, "BIGCOMMERCE_API_URL"},
		{"credentials in the URL", []string{hash, token, "BIGCOMMERCE_API_URL=https://me:" + secret + "@api.example.com"}, nil, "BIGCOMMERCE_API_URL"},
		{"missing import folder", []string{"BIGCOMMERCE_SANDBOX=true", "BIGCOMMERCE_IMPORT_DIR=/nonexistent"}, nil, "BIGCOMMERCE_IMPORT_DIR"},
		{"state inside the import folder", []string{"BIGCOMMERCE_SANDBOX=true", "BIGCOMMERCE_IMPORT_DIR=/tmp", "BIGCOMMERCE_STATE_DIR=/tmp/state"}, nil, "BIGCOMMERCE_STATE_DIR"},
		{"log level", []string{"BIGCOMMERCE_SANDBOX=true", "BIGCOMMERCE_LOG_LEVEL=loud"}, nil, "log-level"},
		{"log format", []string{"BIGCOMMERCE_SANDBOX=true"}, []string{"--log-format", "xml"}, "log-format"},
		{"boolean", []string{"BIGCOMMERCE_SANDBOX=perhaps"}, nil, "BIGCOMMERCE_SANDBOX"},
		{"unknown flag", nil, []string{"--sandbx"}, "--sandbox"},
		{"unknown command", nil, []string{"sreve"}, "sreve"},
		{"sandbox beyond loopback", nil, []string{"sandbox", "--addr", "0.0.0.0:0"}, "loopback"},
		{"sandbox quota", nil, []string{"sandbox", "--quota", "many"}, "quota"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := run(t, tt.settings, tt.args...)
			if code != 2 || stdout != "" {
				t.Errorf("exit code %d, stdout %q", code, stdout)
			}
			if !strings.Contains(stderr, tt.says) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("stderr %q, want one line that names %s", stderr, tt.says)
			}
			if strings.Contains(stderr, secret) {
				t.Errorf("stderr %q holds the secret", stderr)
			}
		})
	}
}

// TestBlankSettingsAreUnset: clients pass variables that are set to nothing.
func TestBlankSettingsAreUnset(t *testing.T) {
	_, stderr, code := run(t, []string{"BIGCOMMERCE_SANDBOX=true", "BIGCOMMERCE_API_URL=", "BIGCOMMERCE_READ_ONLY=",
		"BIGCOMMERCE_LOG_LEVEL=", "BIGCOMMERCE_LOG_FORMAT=", "BIGCOMMERCE_ALLOW_PAN_LIKE_TOKENS="})
	if code != 0 {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestTokenFromFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := run(t, []string{"BIGCOMMERCE_STORE_HASH=abc123", "BIGCOMMERCE_ACCESS_TOKEN_FILE=" + file})
	if code != 0 || strings.Contains(stderr, "from-a-file") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestVersion(t *testing.T) {
	stdout, _, code := run(t, nil, "version")
	if code != 0 || !strings.HasPrefix(stdout, "bigcommerce-payments-mcp ") {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
}

func TestHelpNamesEverySetting(t *testing.T) {
	stdout, _, code := run(t, nil, "serve", "--help")
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, flag := range []string{"--store-hash", "--api-url", "--sandbox", "--import-dir", "--state-dir", "--read-only", "--no-confirm", "--allow-pan-like-tokens", "--settle", "--log-level", "--log-format"} {
		if !strings.Contains(stdout, flag) {
			t.Errorf("--help does not mention %s", flag)
		}
	}
}
