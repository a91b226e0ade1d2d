package doctor

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestEverySettingAtOnce: one that is wrong hides no other, and none is shown.
func TestEverySettingAtOnce(t *testing.T) {
	c := newClinic(t)
	c.API = bcapi.Config{APIURL: "https://me:s3cret@api.example.com", StoreHash: "S3CRET", AccessToken: "s3cret token"}
	checks := c.run()
	wants := skips(map[string]want{
		"store-hash":   {Failed, []string{"VARIABLE: store-hash must be in lower case", "BIGCOMMERCE_STORE_HASH"}},
		"access-token": {Failed, []string{"VARIABLE: access-token holds white space", "BIGCOMMERCE_ACCESS_TOKEN_FILE"}},
		"api-url":      {Failed, []string{"VARIABLE: api-url must not hold a user name", "https://api.bigcommerce.com"}},
	}, "store-hash", append(afterConnection(), "ledger", "connection")...)
	expect(t, checks, wants)
	for _, check := range checks {
		if strings.Contains(strings.ToLower(check.Message+check.Advice), "s3cret") {
			t.Errorf("%s says %s", check.Name, check.Message)
		}
	}
	if len(c.requests()) != 0 {
		t.Error("a call was made")
	}
}

// TestTokenInThePlaceOfTheHash: it would be shown all over, and sent in every
// address.
func TestTokenInThePlaceOfTheHash(t *testing.T) {
	const token = "abcdefghijklmnopqrstuvwxyz01234"
	c := newClinic(t)
	c.API.StoreHash, c.API.AccessToken = token, "abc123"
	checks := c.run()
	expect(t, checks, skips(map[string]want{
		"store-hash": {Failed, []string{"far longer", "each other's"}},
	}, "store-hash", append(afterConnection(), "ledger", "connection")...))
	if report := Run(t.Context(), c.Config); report.Store != nil {
		t.Errorf("the report names %v", report.Store)
	}
	for _, check := range checks {
		if strings.Contains(check.Message+check.Advice, token) {
			t.Errorf("%s says %s", check.Name, check.Message)
		}
	}
	if len(c.requests()) != 0 {
		t.Error("a call was made")
	}
}

func TestTokenFile(t *testing.T) {
	c := newClinic(t)
	c.TokenFile = filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(c.TokenFile, []byte("x"), 0o600))
	expect(t, c.run(), map[string]want{"access-token": {OK, []string{"BIGCOMMERCE_ACCESS_TOKEN_FILE"}}})
	c.TokenProblem = errors.New("TOKEN FILE is empty")
	c.API.AccessToken = ""
	expect(t, c.run(), skips(map[string]want{"access-token": {Failed, []string{"TOKEN FILE is empty"}}}, "access-token", append(afterConnection(), "ledger", "connection")...))
	c.TokenProblem, c.API.AccessToken = nil, sandbox.Token
	must(t, os.Chmod(c.TokenFile, 0o640))
	expect(t, c.run(), map[string]want{"access-token": {Warning, []string{"others", "chmod 600"}}})
}

func TestStateDir(t *testing.T) {
	for name, tt := range map[string]struct {
		dir    func(parent string) string
		status Status
		words  []string
	}{
		"none yet": {func(parent string) string { return filepath.Join(parent, "a", "b") }, OK, []string{"will be made", "free"}},
		"private": {func(parent string) string {
			must(t, os.Mkdir(filepath.Join(parent, "a"), 0o700))
			return filepath.Join(parent, "a")
		}, OK, []string{"is private", "free"}},
		"open to others": {func(parent string) string {
			must(t, os.Mkdir(filepath.Join(parent, "a"), 0o755))
			return filepath.Join(parent, "a")
		}, Warning, []string{"others", "chmod 700"}},
		"a file": {func(parent string) string {
			must(t, os.WriteFile(filepath.Join(parent, "a"), nil, 0o600))
			return filepath.Join(parent, "a")
		}, Failed, []string{"not a folder", "BIGCOMMERCE_STATE_DIR"}},
		"below a file": {func(parent string) string {
			must(t, os.WriteFile(filepath.Join(parent, "a"), nil, 0o600))
			return filepath.Join(parent, "a", "b")
		}, Failed, []string{"not a directory", "BIGCOMMERCE_STATE_DIR"}},
		"no right to write": {func(string) string { return "/proc/doctor/state" }, Failed, []string{"BIGCOMMERCE_STATE_DIR"}},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			d := &doctor{Config: Config{StateDir: tt.dir(parent)}}
			found := d.stateDir(t.Context())
			check := Check{Name: "state-dir", Status: found.status, Message: found.message, Advice: found.advice}
			expect(t, map[string]Check{"state-dir": check}, map[string]want{"state-dir": {tt.status, tt.words}})
			left, err := filepath.Glob(filepath.Join(parent, ".doctor-*"))
			if more, _ := filepath.Glob(filepath.Join(parent, "a", ".doctor-*")); err != nil || len(left)+len(more) > 0 {
				t.Errorf("left behind: %v", append(left, more...))
			}
		})
	}
}

func TestRoom(t *testing.T) {
	d := &doctor{Config: Config{StateDir: "/state"}}
	for free, want := range map[uint64]string{
		200 << 10: "/state has 200 KiB left", 1<<30 - 1<<20: "/state has 1023.0 MiB left",
		1 << 30: "/state is private; 1.0 GiB free", 3 << 40: "/state is private; 3.0 TiB free",
	} {
		if found := d.room("/state", free); found.message != want || (found.status == Warning) != (free < lowSpace) {
			t.Errorf("%d bytes: %s %s, want %s", free, found.status, found.message, want)
		}
	}
}

// TestLedger: it is opened, and read, only when it is there, and left as it is.
func TestLedger(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(c *clinic, l *ledger.Ledger, path string)
		status Status
		words  []string
	}{
		"whole": {func(*clinic, *ledger.Ledger, string) {}, OK, []string{"is whole", "no import is running"}},
		"an import is running": {func(c *clinic, l *ledger.Ledger, _ string) {
			lock, err := l.TryLock("imp_other")
			must(c.t, err)
			c.t.Cleanup(func() { must(c.t, lock.Unlock()) })
		}, OK, []string{"imp_other is running now"}},
		"no ledger": {func(c *clinic, _ *ledger.Ledger, path string) { must(c.t, os.RemoveAll(filepath.Dir(path))) },
			OK, []string{"none yet"}},
		"damaged": {func(c *clinic, l *ledger.Ledger, path string) {
			must(c.t, l.Close())
			must(c.t, os.WriteFile(path, []byte(strings.Repeat("not a database", 1000)), 0o600))
		}, Failed, []string{"is damaged", "backup", "Do not delete it"}},
		"damaged inside": {func(c *clinic, l *ledger.Ledger, path string) {
			must(c.t, l.Close())
			content, err := os.ReadFile(path)
			must(c.t, err)
			for i := len(content) - 4096; i < len(content); i++ {
				content[i] = 0x55
			}
			must(c.t, os.WriteFile(path, content, 0o600))
		}, Failed, []string{"is damaged", "backup"}},
		"newer": {func(c *clinic, _ *ledger.Ledger, path string) {
			db, err := sql.Open("sqlite", path)
			must(c.t, err)
			defer db.Close()
			_, err = db.ExecContext(c.t.Context(), "PRAGMA user_version = 99")
			must(c.t, err)
		}, Failed, []string{"later version", "the version of this program that wrote it"}},
		"key gone": {func(c *clinic, _ *ledger.Ledger, _ string) { must(c.t, os.Remove(filepath.Join(c.StateDir, "key"))) },
			Failed, []string{"key is missing", "backup"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClinic(t)
			l, err := ledger.Open(t.Context(), c.StateDir, ledger.Scope{Origin: c.API.APIURL, StoreHash: sandbox.StoreHash})
			must(t, err)
			defer l.Close()
			paths, err := filepath.Glob(filepath.Join(c.StateDir, "*", "ledger.db"))
			if err != nil || len(paths) != 1 {
				t.Fatalf("ledgers: %v %v", paths, err)
			}
			tt.change(c, l, paths[0])
			before, _ := os.ReadFile(paths[0])
			expect(t, c.run(), map[string]want{"ledger": {tt.status, tt.words}})
			if after, _ := os.ReadFile(paths[0]); string(after) != string(before) {
				t.Error("the ledger was changed")
			}
		})
	}
}

// TestTheStatesFolderIsNeeded: a ledger is not looked for where none can be.
func TestTheStatesFolderIsNeeded(t *testing.T) {
	c := newClinic(t)
	must(t, os.WriteFile(c.StateDir, nil, 0o600))
	expect(t, c.run(), skips(map[string]want{"state-dir": {Failed, nil}}, "state-dir", "ledger"))
}

func TestImportDir(t *testing.T) {
	outside := t.TempDir()
	must(t, os.WriteFile(filepath.Join(outside, "x.csv"), nil, 0o600))
	dir := t.TempDir()
	for _, name := range []string{"a.csv", "B.JSON", "c.jsonl", "d.ndjson", "notes.txt", "sub/e.csv"} {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, nil, 0o600))
	}
	must(t, os.Mkdir(filepath.Join(dir, "folder.csv"), 0o700))
	must(t, os.Symlink(filepath.Join(outside, "x.csv"), filepath.Join(dir, "out.csv")))
	must(t, os.Symlink("a.csv", filepath.Join(dir, "in.csv")))
	c := newClinic(t)
	c.ImportDir = dir
	expect(t, c.run(), map[string]want{"import-dir": {OK, []string{dir, " 6 files"}}})

	c.ImportDir = outside
	expect(t, c.run(), map[string]want{"import-dir": {OK, []string{" 1 file that"}}})

	c.ImportDirProblem = errors.New("VARIABLE is wrong")
	expect(t, c.run(), map[string]want{"import-dir": {Failed, []string{"VARIABLE is wrong", "--import-dir"}}})
	c.ImportDirProblem = nil

	for i := range maxEntries {
		must(t, os.WriteFile(filepath.Join(outside, "f"+strconv.Itoa(i)), nil, 0o600))
	}
	expect(t, c.run(), map[string]want{"import-dir": {Warning, []string{"more than 10000", "nothing else"}}})

	must(t, os.RemoveAll(outside))
	expect(t, c.run(), map[string]want{"import-dir": {Failed, []string{"cannot be read"}}})
}

// TestNoCardNumberIsShown: a path may hold one.
func TestNoCardNumberIsShown(t *testing.T) {
	c := newClinic(t)
	c.StateDir = filepath.Join(t.TempDir(), "4111111111111111")
	if said := c.run()["state-dir"].Message; strings.Contains(said, "4111111111111111") {
		t.Errorf("it says %s", said)
	}
}

func TestStopsWithItsContext(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	if report := Run(ended, newClinic(t).Config); report.OK || len(report.Checks) > 0 {
		t.Errorf("%+v", report)
	}
}
