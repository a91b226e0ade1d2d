package importfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"bigcommerce-payments-mcp/examples/vaultfile"
	"bigcommerce-payments-mcp/internal/importfile"
)

func generated(b *testing.B, format vaultfile.Format, rows int) *importfile.File {
	b.Helper()
	dir := b.TempDir()
	name := "vault." + string(format)
	out, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		b.Fatal(err)
	}
	if err := vaultfile.Write(out, vaultfile.Options{Rows: rows, Seed: 1, Format: format, Bad: 0.5}); err != nil {
		b.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = root.Close() })
	file, err := importfile.Open(root, name, importfile.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = file.Close() })
	return file
}

func BenchmarkRows(b *testing.B) {
	for _, format := range []vaultfile.Format{vaultfile.CSV, vaultfile.JSON, vaultfile.JSONL} {
		b.Run(string(format), func(b *testing.B) {
			const rows = 50_000
			file := generated(b, format, rows)
			b.SetBytes(file.Fingerprint().Size)
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range file.Rows() {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkReadAt(b *testing.B) {
	for _, format := range []vaultfile.Format{vaultfile.CSV, vaultfile.JSON} {
		b.Run(string(format), func(b *testing.B) {
			file := generated(b, format, 1000)
			var offsets []int64
			for row, err := range file.Rows() {
				if err != nil {
					b.Fatal(err)
				}
				offsets = append(offsets, row.Offset)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := file.ReadAt(offsets[i%len(offsets)], 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
