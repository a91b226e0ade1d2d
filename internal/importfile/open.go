package importfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// openRegular opens a plain file below root, and nothing else. It never blocks,
// not even on a pipe that takes a file's place after the first look.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	if _, err := statRegular(root, name); err != nil {
		return nil, nil, err
	}
	file, err := root.OpenFile(filepath.Clean(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, named(name, pathError(err))
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = notRegular(info.Mode())
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, named(name, err)
	}
	return file, info, nil
}

func statRegular(root *os.Root, name string) (fs.FileInfo, error) {
	if root == nil {
		return nil, named(name, &Error{Kind: KindDirectory, What: "no directory is set to import files from",
			Advice: "Start the server with --import-dir, or set BIGCOMMERCE_IMPORT_DIR"})
	}
	if !filepath.IsLocal(name) || strings.ContainsRune(name, 0) || hasParent(name) {
		return nil, named(name, &Error{Kind: KindPath, What: "it is not a path below the import directory",
			Advice: "Give a relative path without .., such as vault.csv"})
	}
	info, err := root.Stat(filepath.Clean(name))
	if err != nil {
		return nil, named(name, pathError(err))
	}
	if !info.Mode().IsRegular() {
		return nil, named(name, notRegular(info.Mode()))
	}
	return info, nil
}

func hasParent(name string) bool {
	for _, part := range strings.Split(filepath.ToSlash(name), "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

// pathError puts what os.Root found into words. The error of a link that leads
// out has no exported value, hence the look at its text.
func pathError(err error) *Error {
	e := &Error{Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Kind, e.What, e.Advice = KindMissing, "there is no such file in the import directory", "Check its name"
	case errors.Is(err, fs.ErrPermission):
		e.Kind, e.What, e.Advice = KindUnreadable, "it may not be read", "Let this program's user read it"
	case strings.Contains(err.Error(), "escapes"), errors.Is(err, syscall.ELOOP):
		e.Kind, e.What, e.Advice = KindPath, "it is, or lies behind, a link that leads out of the import directory",
			"Put the file itself into the import directory"
	case errors.Is(err, syscall.ENOTDIR):
		e.Kind, e.What, e.Advice = KindMissing, "there is no such file in the import directory", "Check its name"
	case errors.Is(err, syscall.ENAMETOOLONG):
		e.Kind, e.What, e.Advice = KindPath, "its name is too long", "Check its name"
	default:
		return unreadable(err)
	}
	return e
}

func notRegular(mode fs.FileMode) *Error {
	what := "a special file"
	switch {
	case mode.IsDir():
		what = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		what = "a pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	}
	return &Error{Kind: KindNotRegular, What: "it is " + what + ", not a file", Advice: "Give a plain file: it is read more than once"}
}

func checkSize(size, limit int64) error {
	if limit == 0 {
		limit = defaultMaxBytes
	}
	if size == 0 {
		return &Error{Kind: KindEmpty, What: "it is empty", Advice: "Check the export"}
	}
	if size > limit {
		return &Error{Kind: KindTooLarge, What: fmt.Sprintf("it has %d bytes; the limit is %d", size, limit),
			Advice: "Split it into several files"}
	}
	return nil
}

const exportCSV = "Export it as CSV (UTF-8)"

// checkText refuses what is not text in UTF-8, by how the file begins, and
// returns the length of its byte order mark.
func checkText(head []byte) (bom int, err error) {
	for _, m := range []struct{ magic, what string }{
		{"\x1f\x8b", "it is compressed (gzip)"},
		{"PK\x03\x04", "it is an Excel workbook or a zip archive"},
		{"\xd0\xcf\x11\xe0", "it is an Excel workbook of the old kind"},
		{"%PDF", "it is a PDF"},
		{"\x28\xb5\x2f\xfd", "it is compressed (zstd)"},
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return 0, &Error{Kind: KindFormat, What: m.what, Advice: exportCSV}
		}
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return 0, &Error{Kind: KindEncoding, What: "it is in UTF-16, not UTF-8", Advice: exportCSV}
	}
	if i := bytes.IndexByte(head, 0); i >= 0 {
		return 0, &Error{Kind: KindEncoding, Line: 1 + lines(head[:i]),
			What: "it holds NUL bytes: it is in UTF-16, or no text at all", Advice: exportCSV}
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		bom = 3
	}
	if len(bytes.TrimSpace(head[bom:])) == 0 {
		return 0, &Error{Kind: KindEmpty, What: "it is empty, or begins with nothing but white space", Advice: "Check the export"}
	}
	return bom, nil
}

func notUTF8(line int) *Error {
	return &Error{Kind: KindEncoding, Line: line, What: "it holds text that is not UTF-8", Advice: exportCSV}
}

// Importable reports whether a file is of a kind that is taken, by its name. What
// is in it is for Open to judge.
func Importable(name string) bool { return maker(name) != nil }

// formatMaker makes a format of a file by how its text begins.
type formatMaker func(head []byte, bom int, size int64, o Options) (format, error)

// maker goes by the name's extension; nil when no format has it.
func maker(name string) formatMaker {
	json := func(lines bool) formatMaker {
		return func(head []byte, bom int, _ int64, o Options) (format, error) { return newJSON(head, bom, lines, o) }
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return newCSV
	case ".json":
		return json(false)
	case ".jsonl", ".ndjson":
		return json(true)
	}
	return nil
}

// newFormat goes by the name's extension, and by how the text begins where
// that contradicts it.
func newFormat(name string, head []byte, bom int, size int64, o Options) (format, error) {
	if newOf := maker(name); newOf != nil {
		return newOf(head, bom, size, o)
	}
	return nil, &Error{Kind: KindFormat, What: "its name ends in none of .csv, .json, .jsonl, .ndjson",
		Advice: "Export it as CSV (UTF-8), a JSON array or JSON Lines, and name it so"}
}
