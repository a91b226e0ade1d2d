package importfile_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/internal/importfile"
)

// vault is a CSV long enough to be read in several pieces.
func vault() string {
	head, record, _ := strings.Cut(cells(), "\n")
	return head + "\n" + strings.Repeat(record, 20_000)
}

func kindOf(err error) importfile.Kind {
	var e *importfile.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

func TestFingerprint(t *testing.T) {
	for name, content := range map[string]string{"a.csv": "\ufeff" + vault(), "a.json": "[{},{}] \n", "a.jsonl": "{}\n\n{}\n\n"} {
		file := open(t, name, content, importfile.Options{})
		for range file.Rows() {
			break
		}
		if got := file.Fingerprint(); got.SHA256 != "" || got.Size != int64(len(content)) || got.ModTime.IsZero() {
			t.Errorf("%s: before its end %+v", name, got)
		}
		rowsOf(t, file)
		sum := sha256.Sum256([]byte(content))
		if got := file.Fingerprint().SHA256; got != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: hash %s", name, got)
		}
		rowsOf(t, file) // a second reading has the same content
	}
}

func TestChanged(t *testing.T) {
	ctx := context.Background()
	later := time.Now().Add(time.Hour)
	write := func(t *testing.T, path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := strings.Replace(vault(), `"tok"`, `"tik"`, 1)
	for _, c := range []struct {
		what    string
		do      func(t *testing.T, path string)
		changed bool
		in      bool // in the open file, so that its offsets are void
		kind    importfile.Kind
	}{
		{"nothing", func(*testing.T, string) {}, false, false, ""},
		{"touched", func(t *testing.T, path string) {
			if err := os.Chtimes(path, later, later); err != nil {
				t.Fatal(err)
			}
		}, false, false, ""},
		{"same content put in its place", func(t *testing.T, path string) {
			write(t, path+".new", vault())
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
			_ = os.Chtimes(path, later, later)
		}, false, false, ""},
		{"other content put in its place", func(t *testing.T, path string) {
			write(t, path+".new", other)
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
			_ = os.Chtimes(path, later, later)
		}, true, false, ""},
		{"written over", func(t *testing.T, path string) {
			write(t, path, other)
			_ = os.Chtimes(path, later, later)
		}, true, true, ""},
		{"longer", func(t *testing.T, path string) { write(t, path, vault()+"x") }, true, true, ""},
		{"cut", func(t *testing.T, path string) { write(t, path, vault()[:500]) }, true, true, ""},
		{"gone", func(_ *testing.T, path string) { _ = os.Remove(path) }, true, false, importfile.KindMissing},
		{"a directory now", func(t *testing.T, path string) {
			_ = os.Remove(path)
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, true, false, importfile.KindNotRegular},
	} {
		t.Run(c.what, func(t *testing.T) {
			root := folder(t, "a.csv", vault())
			file, err := importfile.Open(root, "a.csv", importfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			rows := rowsOf(t, file)
			since := file.Fingerprint()
			c.do(t, filepath.Join(root.Name(), "a.csv"))
			for range 2 { // the second time from what the first has learnt
				if changed, err := file.Changed(ctx, since); changed != c.changed || kindOf(err) != c.kind {
					t.Errorf("changed: %t, %v", changed, err)
				}
			}
			last := rows[len(rows)-1]
			if _, err := file.ReadAt(last.Offset, last.Number); (kindOf(err) == importfile.KindChanged) != c.in {
				t.Errorf("ReadAt: %v", err)
			}
			var failure error
			for _, err := range file.Rows() {
				failure = err
			}
			if (kindOf(failure) == importfile.KindChanged) != c.in {
				t.Errorf("Rows: %v", failure)
			}
			if c.in || c.kind != "" {
				return
			}
			again, err := importfile.Open(root, "a.csv", importfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if changed, err := again.Changed(ctx, since); changed != c.changed || err != nil {
				t.Errorf("for another File: %t, %v", changed, err)
			}
		})
	}
}

// TestChangedWhileRead is of a file that is still being written when it is
// read for the first time.
func TestChangedWhileRead(t *testing.T) {
	root := folder(t, "a.csv", vault())
	file, err := importfile.Open(root, "a.csv", importfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	n := 0
	var failure error
	for _, err := range file.Rows() {
		if n++; n == 1 {
			if err := os.WriteFile(filepath.Join(root.Name(), "a.csv"), []byte(vault()+cells()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		failure = err
	}
	if kindOf(failure) != importfile.KindChanged {
		t.Errorf("after %d rows: %v", n, failure)
	}
	if changed, err := file.Changed(context.Background(), file.Fingerprint()); !changed || err != nil {
		t.Errorf("changed: %t, %v", changed, err)
	}
}

func TestReadAtNowhere(t *testing.T) {
	for name, content := range map[string]string{"a.csv": cells() + "\n\n", "a.jsonl": "{}\n\n"} {
		file := open(t, name, content, importfile.Options{})
		for _, offset := range []int64{-1, int64(len(content)) - 1, int64(len(content)), 1 << 40} {
			if _, err := file.ReadAt(offset, 1); kindOf(err) != importfile.KindChanged {
				t.Errorf("%s at %d: %v", name, offset, err)
			}
		}
	}
}

func TestChangedHonoursItsContext(t *testing.T) {
	root := folder(t, "a.csv", vault())
	file, err := importfile.Open(root, "a.csv", importfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rowsOf(t, file)
	since := file.Fingerprint()
	since.ModTime = since.ModTime.Add(-time.Hour)
	since.SHA256 = strings.Repeat("0", 64)
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(root.Name(), "a.csv"), later, later); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := file.Changed(ctx, since); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
