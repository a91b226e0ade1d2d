package tools_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/tools"
)

var update = flag.Bool("update", false, "write the golden files anew")

func allowDeletes(d *tools.Dependencies) { d.AllowDeletes = true }

// golden holds text against a file of testdata; go test ./tools -update writes
// it anew.
func golden(t *testing.T, name, now string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), now); diff != "" {
		t.Errorf("%s (-golden +now):\n%s", name, diff)
	}
}

// TestDefinitions holds every byte that a client is told, under every setting,
// against the golden files: a file per tool, and the list of each setting.
func TestDefinitions(t *testing.T) {
	var lists strings.Builder
	for _, setting := range []struct {
		name   string
		change func(*tools.Dependencies)
	}{
		{"--allow-deletes", allowDeletes},
		{"(default)", nil},
		{"--no-confirm", func(d *tools.Dependencies) { d.NoConfirm = true }},
		{"--read-only", func(d *tools.Dependencies) { d.ReadOnly = true }},
		{"--read-only --allow-deletes", func(d *tools.Dependencies) { d.ReadOnly, d.AllowDeletes = true, true }},
	} {
		fmt.Fprintf(&lists, "%s\n", setting.name)
		for _, d := range newFixture(t, setting.change).definitions(t) {
			var indented bytes.Buffer
			if err := json.Indent(&indented, d.raw, "", "  "); err != nil {
				t.Fatal(err)
			}
			golden(t, d.Name+".json", indented.String()+"\n")
			h := d.Annotations
			fmt.Fprintf(&lists, "  %-29s readOnly=%-5t destructive=%-5t idempotent=%-5t openWorld=%t\n", d.Name, *h.ReadOnly, *h.Destructive, *h.Idempotent, *h.OpenWorld)
		}
	}
	golden(t, "lists.txt", lists.String())
}

// TestNothingDeletesByDefault: what may destroy something is offered only where
// the operator has said so. The one exception changes addresses.
func TestNothingDeletesByDefault(t *testing.T) {
	for _, d := range newFixture(t, nil).definitions(t) {
		if *d.Annotations.Destructive && d.Name != "update_stored_instrument" {
			t.Errorf("%s is offered without --allow-deletes", d.Name)
		}
	}
	for _, d := range newFixture(t, func(d *tools.Dependencies) { d.ReadOnly, d.AllowDeletes = true, true }).definitions(t) {
		if !*d.Annotations.ReadOnly {
			t.Errorf("%s is offered with --read-only", d.Name)
		}
	}
}

// maxToolList is the most that tools/list may take without the deletes, in
// bytes: a model pays for it on every request.
const maxToolList = 16_000

// TestToolListBudget fails when the list grows by more than 5 % over the figure
// recorded in testdata/bytes.txt, so that growth is decided and not drifted into.
func TestToolListBudget(t *testing.T) {
	f := newFixture(t, nil)
	for _, d := range f.definitions(t) {
		t.Logf("%6d bytes %s", len(d.raw), d.Name)
	}
	total := len(f.request(t, "tools/list", `{}`))
	t.Logf("%6d bytes in all", total)
	path := filepath.Join("testdata", "bytes.txt")
	if *update {
		if err := os.WriteFile(path, fmt.Appendln(nil, total), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if total >= maxToolList || total*100 > recorded*105 {
		t.Errorf("tools/list takes %d bytes; %d are recorded, %d the limit", total, recorded, maxToolList)
	}
}
