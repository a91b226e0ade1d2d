package terminal

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"bigcommerce-payments-mcp/examples/vaultfile"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importertest"
	"bigcommerce-payments-mcp/internal/importfile"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

const importPath = "/stores/sandbox/v3/payments/stored-instruments"

// desk is a store, and a person with a file to import into it.
type desk struct {
	t        *testing.T
	store    *importertest.Store
	onImport atomic.Pointer[func()] // runs before each import request is answered
	out, err bytes.Buffer
	config   importer.Config
	Import
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t}
	store := sandbox.New(sandbox.Options{})
	d.store = importertest.NewStore(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := d.onImport.Load(); f != nil && r.Method == http.MethodPost && r.URL.Path == importPath {
			(*f)()
		}
		store.ServeHTTP(w, r)
	}))
	client := d.store.Client()
	d.config = d.store.ImporterConfig(client)
	d.config.Explain = func(err error) string { return "explained: " + err.Error() }
	d.Import = Import{Store: client.Store(), Out: &d.out, Err: &d.err, Request: importer.FileRequest{Name: "vault.csv"}, Yes: true}
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// vault writes a file of made-up rows, some of which are bad, and tells how many.
func (d *desk) vault(rows int, percentBad float64) (bad int) {
	d.t.Helper()
	options := vaultfile.Options{Rows: rows, Seed: 3, Bad: percentBad}
	var file bytes.Buffer
	d.must(vaultfile.Write(&file, options))
	d.write(file.String())
	for row := range vaultfile.Rows(options) {
		if row.Bad != "" {
			bad++
		}
	}
	return bad
}

func (d *desk) write(file string) {
	d.t.Helper()
	d.must(os.WriteFile(filepath.Join(d.config.ImportDir, d.Request.Name), []byte(file), 0o600))
}

// run runs the command once, as a process of its own would.
func (d *desk) run(ctx context.Context) error {
	d.t.Helper()
	d.out.Reset()
	d.err.Reset()
	d.Importer = importer.New(d.config)
	defer d.Importer.Close()
	return d.Run(ctx)
}

// stored tells how many instruments the store holds, each of them once.
func (d *desk) stored() int {
	d.t.Helper()
	return d.store.Distinct()
}

// says holds a text to words that it must have; runs of spaces count as one.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	text = strings.Join(strings.Fields(text), " ")
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not said in:\n%s", w, text)
		}
	}
}

func (d *desk) reportLines() int {
	d.t.Helper()
	_, rest, found := strings.Cut(d.out.String(), "What became of every row: ")
	if !found {
		d.t.Fatalf("no report is named in:\n%s", &d.out)
	}
	path, _, _ := strings.Cut(rest, "\n")
	file, err := os.Open(path)
	d.must(err)
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	d.must(err)
	return len(lines) - 1
}

func TestEveryRow(t *testing.T) {
	d := newDesk(t)
	d.vault(300, 0)
	d.must(d.run(t.Context()))
	says(t, d.err.String(), `Plan: "vault.csv" into the sandbox store "sandbox"`, "rows 300 ", "to import 300 of ", "requests 6 about ")
	says(t, d.out.String(), "imported 300 failed 0 already imported 0 unconfirmed 0 remaining 0 total 300 ", "Every row is in the store.")
	if n := d.stored(); n != 300 || d.reportLines() != 300 {
		t.Errorf("%d are stored, %d reported", n, d.reportLines())
	}

	d.Yes = false // nobody has to be asked: nothing is left to send
	d.must(d.run(t.Context()))
	says(t, d.err.String(), "to import 0 already imported 300 ", "There is nothing to send.")
	says(t, d.out.String(), "imported 0 failed 0 already imported 300 ", "Every row is in the store.")
	if n := d.stored(); n != 300 {
		t.Errorf("%d are stored after the second import", n)
	}
}

func TestBadRows(t *testing.T) {
	d := newDesk(t)
	bad := d.vault(300, 10)
	if bad == 0 {
		t.Fatal("the file has no bad rows")
	}
	if err := d.run(t.Context()); !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), itoa(bad)+" of 300 rows are not in the store") {
		t.Errorf("it ends with: %v", err)
	}
	says(t, d.err.String(), "refused "+itoa(bad)+" ", "Refused: rows first row field message ", "customer_id")
	says(t, d.out.String(), "imported "+itoa(300-bad)+" failed "+itoa(bad)+" ", "Failed: rows first row", "Correct the failed rows")
	if n := d.stored(); n != 300-bad || d.reportLines() != 300 {
		t.Errorf("%d are stored, %d reported, %d are bad", n, d.reportLines(), bad)
	}
}

func TestNothingIsSent(t *testing.T) {
	for name, tt := range map[string]struct {
		bad    float64
		change func(*desk)
		want   error // nil: none
		out    []string
	}{
		"dry run":     {change: func(d *desk) { d.DryRun = true }, out: []string{"to import 50 ", "requests 3 "}},
		"no terminal": {change: func(d *desk) { d.Yes, d.In = false, openNull(d.t) }, want: ErrNeedsYes},
		"no input":    {change: func(d *desk) { d.Yes = false }, want: ErrNeedsYes},
		"only bad rows": {bad: 100, change: func(d *desk) { d.Yes = false }, want: ErrIncomplete,
			out: []string{"imported 0 failed 50 ", "What became of every row: "}},
		"no folder": {change: func(d *desk) { d.config.ImportDir = "" }, want: importer.ErrNoImportDir},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.vault(50, tt.bad)
			tt.change(d)
			if err := d.run(t.Context()); !errors.Is(err, tt.want) {
				t.Errorf("it ends with %v, want %v", err, tt.want)
			}
			says(t, d.out.String(), tt.out...)
			for _, r := range d.store.Requests() {
				if r.Method != http.MethodGet {
					t.Errorf("the store was sent a %s", r.Method)
				}
			}
		})
	}
}

func TestGoesOnAfterLostAnswers(t *testing.T) {
	d := newDesk(t)
	d.vault(300, 0)
	d.store.Fault(`[{"method":"POST","path":"/payments/stored-instruments","times":8,"action":{"drop":"after"}}]`) // more than are under way at once
	if err := d.run(t.Context()); !errors.Is(err, ErrIncomplete) {
		t.Fatalf("it ends with: %v", err)
	}
	says(t, d.out.String(), "Stopped early: explained: "+importer.ErrUnknowns.Error(), "run the same command again to go on", "--unconfirmed resend", "total 300")
	if d.reportLines() != 300 {
		t.Error("the report is not complete")
	}
	err := d.run(t.Context())
	for tries := 1; errors.Is(err, ErrIncomplete) && tries < 5; tries++ { // some of them may be left
		err = d.run(t.Context())
	}
	d.must(err)
	says(t, d.err.String(), "It goes on with what was stopped earlier: explained: ", "imported so far ", "unconfirmed ")
	says(t, d.out.String(), "imported 300 ", "of them found by looking", "Every row is in the store.")
	if n := d.stored(); n != 300 {
		t.Errorf("%d are stored", n)
	}
}

// A report that could not be written is said to be missing.
func TestNoReport(t *testing.T) {
	d := newDesk(t)
	d.vault(20, 0)
	meddle := sync.OnceFunc(func() {
		reports, err := filepath.Glob(filepath.Join(d.config.StateDir, "*", "reports"))
		if err != nil || len(reports) != 1 || os.RemoveAll(reports[0]) != nil {
			t.Errorf("reports %v, %v", reports, err)
		}
	})
	d.onImport.Store(&meddle)
	d.must(d.run(t.Context()))
	says(t, d.out.String(), "imported 20 ", "Warnings:", "the report of these rows is not up to date: run this import again", "Every row is in the store.")
}

func TestCtrlC(t *testing.T) {
	d := newDesk(t)
	d.vault(300, 0)
	ctx, interrupt := context.WithCancel(t.Context())
	press := func() { interrupt() }
	d.onImport.Store(&press)
	if err := d.run(ctx); !errors.Is(err, ErrIncomplete) {
		t.Fatalf("it ends with: %v", err)
	}
	says(t, d.out.String(), "Stopped; run the same command again to go on.")

	d.onImport.Store(nil)
	if err := d.run(ctx); !errors.Is(err, context.Canceled) || err.Error() != "stopped\nNothing was sent." {
		t.Errorf("stopped while planning, it ends with: %v", err)
	}
	d.must(d.run(t.Context()))
	if n := d.stored(); n != 300 {
		t.Errorf("%d are stored", n)
	}
}

func TestAnotherImportIsRunning(t *testing.T) {
	d := newDesk(t)
	d.vault(20, 0)
	other, err := ledger.Open(t.Context(), d.config.StateDir, d.config.Scope)
	d.must(err)
	defer other.Close()
	lock, err := other.TryLock("imp_other")
	d.must(err)
	var locked *ledger.LockedError
	if err := d.run(t.Context()); !errors.As(err, &locked) || !strings.Contains(err.Error(), "imp_other") || !strings.Contains(err.Error(), "wait until") {
		t.Errorf("it ends with: %v", err)
	}
	d.must(lock.Unlock())
	d.must(d.run(t.Context()))
}

// TestRunningAlready: nobody is asked about an import that another process is
// carrying out.
func TestRunningAlready(t *testing.T) {
	d := newDesk(t)
	d.vault(20, 0)
	second := d.Import
	second.Yes, second.Out, second.Err = false, &bytes.Buffer{}, &bytes.Buffer{}
	second.Importer = importer.New(d.config)
	defer second.Importer.Close()
	var ended error
	meanwhile := sync.OnceFunc(func() { ended = second.Run(context.WithoutCancel(t.Context())) })
	d.onImport.Store(&meanwhile)
	d.must(d.run(t.Context()))
	var locked *ledger.LockedError
	if !errors.As(ended, &locked) {
		t.Errorf("the second ends with: %v", ended)
	}
}

func TestRefusedFile(t *testing.T) {
	d := newDesk(t)
	d.write("customer_id,Token,frobnicate\n1,abc,2\n")
	err := d.run(t.Context())
	var refused *importfile.Error
	if !errors.As(err, &refused) {
		t.Fatalf("it ends with: %v", err)
	}
	says(t, err.Error(), `"vault.csv", line 1: `, `--columns "Token=instrument.vault_token"`)
	for _, start := range []string{`  - "Token" is no field`, `  - "frobnicate" is no field`, "  - no column is payment_method_id"} {
		if !strings.Contains(err.Error(), "\n"+start) {
			t.Errorf("no line begins with %q:\n%s", start, err)
		}
	}

	d.Request.Name = "4111111111111111.csv"
	d.vault(20, 0)
	d.must(d.run(t.Context()))
	if all := d.err.String() + d.out.String(); strings.Contains(all, "411111111111") {
		t.Errorf("a card number is shown:\n%s", all)
	}
}

func TestFailuresInWords(t *testing.T) {
	i := Import{Importer: importer.New(importer.Config{Explain: func(err error) string { return "explained: " + err.Error() }})}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errors.Join(nil, importer.ErrStale), "the file has changed since it was checked\nNothing was sent. Run the same command again to check the file anew."},
		{&ledger.LockedError{JobID: "imp_x"}, "the import imp_x into this store is running\nNothing was sent by this command: wait until that import has ended, then run the command again."},
		{importer.ErrNoImportDir, "no folder is set to read files from: pass --import-dir (BIGCOMMERCE_IMPORT_DIR) naming the one that holds the file"},
		{io.ErrUnexpectedEOF, "explained: unexpected EOF\nNothing was sent."},
		{&importfile.Error{Kind: importfile.KindSyntax, File: `"a.csv"`, What: "its quotes are not balanced", Advice: "Mend them"}, "\"a.csv\": its quotes are not balanced\nMend them."},
	} {
		err := i.failure(t.Context(), tt.err, nothingSent)
		if err.Error() != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%v gives:\n%s", tt.err, err)
		}
	}
}
