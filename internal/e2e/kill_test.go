package e2e

import (
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/examples/vaultfile"
	"bigcommerce-payments-mcp/internal/sandbox"
)

var kills = flag.Int("kills", 30, "runs of the kill test")

// killRows are enough that an import takes some time.
const killRows = 1500

// TestKillsLoseNothing kills imports with SIGKILL at random moments within the
// import, goes on until they are done, and holds the store to the file: every
// row in once.
func TestKillsLoseNothing(t *testing.T) {
	for run := range *kills {
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(run), 1))
			k := newKillBench(t, sandbox.Options{Latency: 5 * time.Millisecond}, uint64(run))
			killed := 0
			for range 3 {
				if k.importAndKill(time.Duration(random.IntN(60)) * time.Millisecond) {
					killed++
				}
			}
			if killed == 0 {
				t.Error("no kill fell within the import")
			}
			k.importToEnd()
			k.eachOnce()
		})
	}
}

// killBench is a store, a file and a state directory.
type killBench struct {
	t        *testing.T
	store    *httptest.Server
	dir      string
	seed     uint64
	settings []string
}

func newKillBench(t *testing.T, options sandbox.Options, seed uint64) *killBench {
	t.Helper()
	k := &killBench{t: t, store: httptest.NewServer(sandbox.New(options)), dir: t.TempDir(), seed: seed}
	t.Cleanup(k.store.Close)
	k.settings = []string{
		"BIGCOMMERCE_API_URL=" + k.store.URL, "BIGCOMMERCE_STORE_HASH=" + sandbox.StoreHash, "BIGCOMMERCE_ACCESS_TOKEN=" + sandbox.Token,
		"BIGCOMMERCE_STATE_DIR=" + filepath.Join(k.dir, "state"), "BIGCOMMERCE_SETTLE=30ms",
	}
	file, err := os.Create(filepath.Join(k.dir, "vault.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := vaultfile.Write(file, vaultfile.Options{Rows: killRows, Seed: seed, Format: vaultfile.CSV}); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *killBench) command() *exec.Cmd {
	cmd := exec.Command(binary, "import", filepath.Join(k.dir, "vault.csv"), "--yes")
	cmd.Env = environment(k.t, k.settings...)
	return cmd
}

// stored is how many instruments the store holds.
func (k *killBench) stored() []struct {
	VaultToken string `json:"vault_token"`
	Token      string `json:"token"`
	CustomerID int64  `json:"customer_id"`
} {
	k.t.Helper()
	var all []struct {
		VaultToken string `json:"vault_token"`
		Token      string `json:"token"`
		CustomerID int64  `json:"customer_id"`
	}
	if err := json.Unmarshal([]byte(get(k.t, k.store.URL+"/_sandbox/instruments")), &all); err != nil {
		k.t.Fatal(err)
	}
	return all
}

// importAndKill begins to import, kills the process some time after the first
// row has arrived, and reports whether the import was under way then.
func (k *killBench) importAndKill(after time.Duration) bool {
	k.t.Helper()
	before := len(k.stored())
	cmd := k.command()
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	for len(k.stored()) == before {
		select {
		case <-ended:
			return false // it was done
		case <-time.After(time.Millisecond):
		}
	}
	select {
	case <-ended:
		return false
	case <-time.After(after):
	}
	_ = cmd.Process.Kill()
	<-ended
	return !cmd.ProcessState.Exited() // killed, and not ended by itself
}

// importToEnd goes on until every row is in.
func (k *killBench) importToEnd() {
	k.t.Helper()
	var out []byte
	for range 3 {
		var err error
		if out, err = k.command().CombinedOutput(); err == nil {
			return
		}
	}
	k.t.Fatalf("the import does not come to its end:\n%s", out)
}

// eachOnce holds the store and the last report to the file.
func (k *killBench) eachOnce() {
	k.t.Helper()
	tokens := make(map[string]string)
	for _, s := range k.stored() {
		if tokens[s.VaultToken] != "" {
			k.t.Errorf("%s is stored twice", s.VaultToken)
		}
		tokens[s.VaultToken] = s.Token
	}
	row := 0
	lines := k.report()
	for want := range vaultfile.Rows(vaultfile.Options{Rows: killRows, Seed: k.seed}) {
		row++
		token := tokens[want.Fields["instrument.vault_token"]]
		if token == "" {
			k.t.Errorf("row %d is lost", row)
		} else if line := lines[row]; line[3] != token || !strings.Contains(line[2], "imported") {
			k.t.Errorf("report line %q, want token %s", line, token)
		}
	}
	if len(tokens) != row || len(lines) != row+1 {
		k.t.Errorf("%d stored, %d lines of report, want %d rows", len(tokens), len(lines), row)
	}
}

// report reads the newest report.
func (k *killBench) report() [][]string {
	k.t.Helper()
	paths, err := filepath.Glob(filepath.Join(k.dir, "state", "*", "reports", "*.csv"))
	if err != nil || len(paths) == 0 {
		k.t.Fatalf("reports %v, %v", paths, err)
	}
	slices.SortFunc(paths, func(a, b string) int { return modified(k.t, b).Compare(modified(k.t, a)) })
	file, err := os.Open(paths[0])
	if err != nil {
		k.t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		k.t.Fatal(err)
	}
	return lines
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}
