package vaultfile_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/examples/vaultfile"
	"bigcommerce-payments-mcp/internal/cardguard"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importfile"
)

func checker() *check.Checker {
	return check.New(check.Options{Now: func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }})
}

// readAll reads a file of dir and judges its rows.
func readAll(t *testing.T, dir, name string, o importfile.Options) (rows []bcapi.ImportRow, verdicts []check.Verdict) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	file, err := importfile.Open(root, name, o)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c := checker()
	for row, err := range file.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row.Row)
		verdicts = append(verdicts, row.Judge(c))
	}
	return rows, verdicts
}

func TestGeneratedRows(t *testing.T) {
	const rows, percent = 20_000, 5.0
	for _, format := range []vaultfile.Format{vaultfile.CSV, vaultfile.JSON, vaultfile.JSONL} {
		t.Run(string(format), func(t *testing.T) {
			o := vaultfile.Options{Rows: rows, Seed: 7, Format: format, Bad: percent}
			var out bytes.Buffer
			if err := vaultfile.Write(&out, o); err != nil {
				t.Fatal(err)
			}
			if cardguard.ContainsCardNumber(out.String()) {
				t.Error("the file holds a card number")
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "vault."+string(format)), out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			got, verdicts := readAll(t, dir, "vault."+string(format), importfile.Options{})
			if len(got) != rows {
				t.Fatalf("%d rows read, want %d", len(got), rows)
			}
			bad := compareWithPlan(t, o, verdicts)
			if share := float64(bad) / rows * 100; share < percent-1 || share > percent+1 {
				t.Errorf("%.1f %% of the rows are bad, want about %.1f", share, percent)
			}
			checkOwners(t, got)
		})
	}
}

// checkOwners holds that vault tokens are unique and gateway customers belong
// to one customer each.
func checkOwners(t *testing.T, rows []bcapi.ImportRow) {
	t.Helper()
	type key struct{ provider, kind, value string }
	owners := make(map[key]int64)
	for i, row := range rows {
		provider := check.Provider(row.PaymentMethodID)
		vault, payer := key{provider, "vault", row.Instrument.VaultToken}, key{provider, "payer", row.Instrument.ProviderCustomerID}
		if _, taken := owners[vault]; taken && vault.value != "" {
			t.Errorf("row %d repeats a vault token", i+1)
		}
		owners[vault] = row.CustomerID
		if owner, known := owners[payer]; known && payer.value != "" && owner != row.CustomerID && row.CustomerID > 0 && owner > 0 {
			t.Errorf("row %d shares a gateway customer", i+1)
		}
		owners[payer] = row.CustomerID
	}
}

// compareWithPlan holds that the rows meant to be bad, and they alone, are
// refused, and counts them.
func compareWithPlan(t *testing.T, o vaultfile.Options, verdicts []check.Verdict) (bad int) {
	t.Helper()
	i := 0
	for row := range vaultfile.Rows(o) {
		if row.Bad != "" {
			bad++
		}
		if ok := verdicts[i].OK(); ok != (row.Bad == "") {
			t.Errorf("row %d (%q) passes: %t, problems %v", i+1, row.Bad, ok, verdicts[i].Problems)
		}
		i++
	}
	return bad
}

func TestVariety(t *testing.T) {
	type look struct{ customer, last4, month, year, iin string }
	kinds, brands := make(map[string]int), make(map[string]int)
	customers, defaults := make(map[string]int), make(map[string]int)
	looks, spoiled := make(map[look]int), make(map[string]int)
	for row := range vaultfile.Rows(vaultfile.Options{Rows: 50_000, Seed: 1, Bad: 2}) {
		f := row.Fields
		if row.Bad != "" {
			spoiled[row.Bad]++
			continue
		}
		kinds[f["instrument.type"]]++
		brands[f["instrument.brand"]]++
		customers[f["customer_id"]]++
		if f["default_instrument"] == "true" {
			defaults[f["customer_id"]]++
		}
		if f["instrument.last_4"] != "" {
			looks[look{f["customer_id"], f["instrument.last_4"], f["instrument.expiry_month"], f["instrument.expiry_year"], f["instrument.iin"]}]++
		}
	}
	if len(kinds) != 3 || len(brands) < 6 || len(spoiled) < 10 {
		t.Errorf("%d types, %d brands, %d kinds of bad rows", len(kinds), len(brands), len(spoiled))
	}
	for what, counts := range map[string]int{
		"customers with several rows":     twice(customers),
		"customers with several defaults": twice(defaults),
		"look-alike cards":                twice(looks),
	} {
		if counts < 100 {
			t.Errorf("%d %s, want more", counts, what)
		}
	}
}

func twice[K comparable](counts map[K]int) (n int) {
	for _, count := range counts {
		if count > 1 {
			n++
		}
	}
	return n
}

func TestSeed(t *testing.T) {
	write := func(seed uint64) string {
		var out bytes.Buffer
		if err := vaultfile.Write(&out, vaultfile.Options{Rows: 500, Seed: seed, Format: vaultfile.JSONL, Bad: 10}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	first := write(3)
	if again := write(3); first != again {
		t.Error("one seed made two files")
	}
	if first == write(4) {
		t.Error("two seeds made one file")
	}
	for line := range strings.Lines(first) {
		if !json.Valid([]byte(line)) {
			t.Fatal("a line is no JSON")
		}
	}
}

// TestExamples holds that the example files are as good as their page says,
// with the very columns and defaults that it gives.
func TestExamples(t *testing.T) {
	for _, c := range []struct {
		name    string
		rows    int
		options importfile.Options
	}{
		{"cards.csv", 5, importfile.Options{}},
		{"wallets.json", 3, importfile.Options{}},
		{"instruments.jsonl", 3, importfile.Options{}},
		{"legacy-export.csv", 3, optionsOfPage(t)},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, verdicts := readAll(t, "..", c.name, c.options)
			if len(rows) != c.rows {
				t.Errorf("%d rows, want %d", len(rows), c.rows)
			}
			for i, v := range verdicts {
				if len(v.Problems)+len(v.Warnings) > 0 {
					t.Errorf("row %d: %v %v", i+1, v.Problems, v.Warnings)
				}
			}
			checkOwners(t, rows)
			text, err := os.ReadFile(filepath.Join("..", c.name))
			if err != nil || cardguard.ContainsCardNumber(string(text)) {
				t.Errorf("it holds a card number, or cannot be read: %v", err)
			}
		})
	}
}

func optionsOfPage(t *testing.T) importfile.Options {
	t.Helper()
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```json")
	block, _, _ = strings.Cut(block, "```")
	var call struct{ Columns, Defaults map[string]string }
	if err := json.Unmarshal([]byte(block), &call); err != nil {
		t.Fatal(err)
	}
	return importfile.Options{Columns: call.Columns, Defaults: call.Defaults}
}
