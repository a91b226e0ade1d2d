package e2e

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"

	_ "bigcommerce-payments-mcp/internal/doctor" // as in process_test.go
)

func TestDoctorOnTheSandbox(t *testing.T) {
	stdout, stderr, code := run(t, nil, "doctor", "--sandbox")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	last := len(lines) - 1
	for _, line := range lines[:last] {
		if !strings.HasPrefix(line, "ok ") {
			t.Errorf("line %q", line)
		}
	}
	if !strings.HasPrefix(lines[last], `The sandbox store "sandbox": `) || !strings.Contains(stdout, `accepted by the store "sandbox"`) {
		t.Errorf("stdout:\n%s", stdout)
	}
}

// TestDoctorTellsEverySettingAtOnce, and what to set, but no secret.
func TestDoctorTellsEverySettingAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name     string
		settings []string
		words    []string
	}{
		{"nothing set", nil, []string{
			"FAILED  store-hash            BIGCOMMERCE_STORE_HASH is not set", "FAILED  access-token          BIGCOMMERCE_ACCESS_TOKEN or BIGCOMMERCE_ACCESS_TOKEN_FILE is not set",
			"skip    connection            needs store-hash", "No store is set", " 2 failed"}},
		{"all wrong", []string{
			"BIGCOMMERCE_STORE_HASH=S3CRET", "BIGCOMMERCE_ACCESS_TOKEN=s3cret token", "BIGCOMMERCE_API_URL=https://me:s3cret@api.example.com",
			"BIGCOMMERCE_STATE_DIR=/dev/null/state", "BIGCOMMERCE_IMPORT_DIR=/nonexistent"}, []string{
			"BIGCOMMERCE_STORE_HASH must be in lower case", "BIGCOMMERCE_ACCESS_TOKEN holds white space", "BIGCOMMERCE_API_URL must not hold a user name",
			"FAILED  state-dir", "BIGCOMMERCE_STATE_DIR", "BIGCOMMERCE_IMPORT_DIR (--import-dir) is not a folder", " 5 failed"}},
		{"token twice, state in the import folder", []string{
			"BIGCOMMERCE_STORE_HASH=abc123", "BIGCOMMERCE_ACCESS_TOKEN=s3cret", "BIGCOMMERCE_ACCESS_TOKEN_FILE=/nonexistent",
			"BIGCOMMERCE_IMPORT_DIR=/tmp", "BIGCOMMERCE_STATE_DIR=/tmp/state"}, []string{
			"not both", "BIGCOMMERCE_STATE_DIR (--state-dir) may not lie inside", " 2 failed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := run(t, tt.settings, "doctor")
			if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "checks failed") {
				t.Errorf("exit code %d, stderr %q", code, stderr)
			}
			for _, word := range tt.words {
				if !strings.Contains(stdout, word) {
					t.Errorf("%q is not in:\n%s", word, stdout)
				}
			}
			if strings.Contains(strings.ToLower(stdout+stderr), "s3cret") {
				t.Errorf("a secret is in:\n%s%s", stdout, stderr)
			}
		})
	}
}

// TestDoctorOnAStore goes through the tokens of a store: of each it tells what it
// may not do, on a line that says what to do.
func TestDoctorOnAStore(t *testing.T) {
	store := httptest.NewServer(sandbox.New(sandbox.Options{}))
	defer store.Close()
	tokenFile := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokenFile, []byte(sandbox.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	where := []string{"BIGCOMMERCE_API_URL=" + store.URL, "BIGCOMMERCE_STORE_HASH=" + sandbox.StoreHash}
	for _, tt := range []struct {
		name    string
		setting string
		args    []string
		failed  string // names of checks
		skipped int
		words   []string
	}{
		{"every scope", "BIGCOMMERCE_ACCESS_TOKEN_FILE=" + tokenFile, nil, "", 0, nil},
		{"only reads", "BIGCOMMERCE_ACCESS_TOKEN=" + sandbox.ReadOnlyToken, nil, "import-instruments payment-tokens", 0,
			[]string{"store_stored_payment_instruments", "store_payments_access_token_create", "--read-only"}},
		{"only reads, and that is all that is wanted", "BIGCOMMERCE_ACCESS_TOKEN=" + sandbox.ReadOnlyToken, []string{"--read-only"}, "", 2, nil},
		{"wrong token", "BIGCOMMERCE_ACCESS_TOKEN=wrong-t0ken", nil, "token", 10, []string{"401", "BIGCOMMERCE_ACCESS_TOKEN"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := run(t, append(where, tt.setting), append([]string{"doctor", "--json"}, tt.args...)...)
			var report struct {
				Store  struct{ Hash, Mode string }
				OK     bool
				Checks []struct{ Name, Status, Message, Advice string }
			}
			if err := json.Unmarshal([]byte(stdout), &report); err != nil {
				t.Fatalf("%v in:\n%s%s", err, stdout, stderr)
			}
			var failed []string
			skipped, said := 0, ""
			for _, check := range report.Checks {
				switch check.Status {
				case "failed":
					failed = append(failed, check.Name)
					said += check.Message + check.Advice
				case "skipped":
					skipped++
				}
			}
			if got := strings.Join(failed, " "); got != tt.failed || skipped != tt.skipped {
				t.Errorf("failed: %q, %d skipped:\n%s", got, skipped, stdout)
			}
			if well := tt.failed == ""; report.OK != well || (code == 0) != well || !well && code != 1 {
				t.Errorf("ok %v, exit code %d, stderr %q", report.OK, code, stderr)
			}
			if report.Store.Hash != "sandbox" || report.Store.Mode != "sandbox" {
				t.Errorf("the store: %+v", report.Store)
			}
			for _, word := range tt.words {
				if !strings.Contains(said, word) {
					t.Errorf("%q is not in: %s", word, said)
				}
			}
			if strings.Contains(stdout+stderr, "wrong-t0ken") || strings.Contains(stdout+stderr, sandbox.ReadOnlyToken) {
				t.Errorf("a token is in:\n%s%s", stdout, stderr)
			}
		})
	}
}

func TestDoctorUsage(t *testing.T) {
	for _, args := range [][]string{{"doctor", "--sandbx"}, {"doctor", "more"}, {"doctor", "--sandbox=perhaps"}} {
		if stdout, stderr, code := run(t, nil, args...); code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
	stdout, _, code := run(t, nil, "doctor", "--help")
	for _, flag := range []string{"--store-hash", "--api-url", "--sandbox", "--import-dir", "--state-dir", "--read-only", "--json"} {
		if code != 0 || !strings.Contains(stdout, flag) {
			t.Errorf("exit code %d, %s is not in:\n%s", code, flag, stdout)
		}
	}
}
