package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"bigcommerce-payments-mcp/internal/importfile"
)

// maxEntries bounds the look into the import folder, which may hold anything.
const maxEntries = 10_000

var errEnough = errors.New("enough entries")

// importDir counts what tools may import.
func (d *doctor) importDir(ctx context.Context) finding {
	const other = "Name the folder that holds the files, and nothing else, by BIGCOMMERCE_IMPORT_DIR (--import-dir)."
	if d.ImportDir == "" {
		return ok("none: no tool may read files. To import files, set --import-dir (BIGCOMMERCE_IMPORT_DIR)")
	}
	if d.ImportDirProblem != nil {
		return failed(d.ImportDirProblem.Error(), other)
	}
	files, err := importable(ctx, d.ImportDir)
	switch {
	case errors.Is(err, errEnough):
		return warning(fmt.Sprintf("%s holds more than %d files and folders", d.ImportDir, maxEntries), "Tools may read every one of them. "+other)
	case err != nil:
		return failed(fmt.Sprintf("%s cannot be read: %v", d.ImportDir, reason(err)), "Let this program's user read it and what is in it.")
	case files == 1:
		return ok("%s holds 1 file that can be imported", d.ImportDir)
	}
	return ok("%s holds %d files that can be imported", d.ImportDir, files)
}

// importable counts the files below a folder that tools may import, by their
// names.
func importable(ctx context.Context, dir string) (files int, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, err
	}
	defer func() { _ = root.Close() }()
	entries := 0
	err = fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		entries++
		switch {
		case err != nil && path == ".":
			return err
		case err != nil:
			return fs.SkipDir // what is in it no tool can read either
		case ctx.Err() != nil:
			return ctx.Err()
		case entries > maxEntries:
			return errEnough
		}
		if importfile.Importable(path) && isRegular(root, path) {
			files++
		}
		return nil
	})
	return files, err
}

// isRegular follows links that do not lead out, as the tools do.
func isRegular(root *os.Root, path string) bool {
	info, err := root.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
