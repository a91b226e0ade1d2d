//go:build unix

package importfile_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bigcommerce-payments-mcp/internal/importfile"
)

func TestPaths(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "a.csv"), []byte(cells()), 0o600); err != nil {
		t.Fatal(err)
	}
	root := folder(t, "a.csv", cells())
	in := func(name string) string { return filepath.Join(root.Name(), name) }
	for _, err := range []error{
		os.Mkdir(in("sub.csv"), 0o700),
		os.Mkdir(in("dir"), 0o700),
		os.WriteFile(in("dir/b.csv"), []byte(cells()), 0o600),
		os.Symlink("dir/b.csv", in("inside.csv")),
		os.Symlink(filepath.Join(outside, "a.csv"), in("out.csv")),
		os.Symlink(outside, in("outdir")),
		os.Symlink("loop.csv", in("loop.csv")),
		os.Symlink("/dev/zero", in("zero.csv")),
		syscall.Mkfifo(in("pipe.csv"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	socket, err := net.Listen("unix", in("s.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, c := range []struct {
		name  string
		kind  importfile.Kind // "" is taken
		words string
	}{
		{"a.csv", "", ""},
		{"./a.csv", "", ""},
		{"dir/b.csv", "", ""},
		{"inside.csv", "", ""},
		{"../a.csv", importfile.KindPath, "without .."},
		{"dir/../a.csv", importfile.KindPath, "without .."},
		{in("a.csv"), importfile.KindPath, "relative path"},
		{"", importfile.KindPath, "relative path"},
		{"a\x00.csv", importfile.KindPath, "relative path"},
		{"out.csv", importfile.KindPath, "a link that leads out"},
		{"outdir/a.csv", importfile.KindPath, "a link that leads out"},
		{"zero.csv", importfile.KindPath, "a link that leads out"},
		{"loop.csv", importfile.KindPath, "a link"},
		{"none.csv", importfile.KindMissing, "no such file"},
		{"a.csv/b.csv", importfile.KindMissing, "no such file"},
		{strings.Repeat("x", 300) + ".csv", importfile.KindPath, "too long"},
		{"sub.csv", importfile.KindNotRegular, "a directory"},
		{"pipe.csv", importfile.KindNotRegular, "a pipe"},
		{"s.csv", importfile.KindNotRegular, "a socket"},
		{"4111111111111111.csv", importfile.KindMissing, "[card number removed]"},
	} {
		file, err := importfile.Open(root, c.name, importfile.Options{})
		if c.kind == "" {
			if err != nil {
				t.Errorf("%q: %v", c.name, err)
			} else {
				_ = file.Close()
			}
			continue
		}
		var e *importfile.Error
		if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Error(), c.words) {
			t.Errorf("%q: %v, want %s", c.name, err, c.kind)
		}
		if err != nil && strings.Contains(err.Error(), outside) {
			t.Errorf("%q: it tells where the link leads: %v", c.name, err)
		}
	}
}

func TestNoDirectory(t *testing.T) {
	var e *importfile.Error
	if _, err := importfile.Open(nil, "a.csv", importfile.Options{}); !errors.As(err, &e) || !strings.Contains(err.Error(), "--import-dir") {
		t.Errorf("got %v", err)
	}
}

func TestMaxBytes(t *testing.T) {
	content := cells()
	size := int64(len(content))
	if e := refused(t, "a.csv", content, importfile.Options{MaxBytes: size - 1}); e.Kind != importfile.KindTooLarge {
		t.Errorf("got %v", e)
	}
	open(t, "a.csv", content, importfile.Options{MaxBytes: size})
}

func TestDefaultMaxBytes(t *testing.T) {
	root := folder(t, "a.csv", cells())
	if err := os.Truncate(filepath.Join(root.Name(), "a.csv"), 2<<30+1); err != nil {
		t.Fatal(err)
	}
	var e *importfile.Error
	if _, err := importfile.Open(root, "a.csv", importfile.Options{}); !errors.As(err, &e) || e.Kind != importfile.KindTooLarge {
		t.Errorf("got %v", err)
	}
}
