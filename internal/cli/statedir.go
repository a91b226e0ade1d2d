package cli

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
)

// openStateDir settles where the ledger is: for the embedded store, which is empty
// at each start, in a folder that goes with the process unless one is named.
func (c *storeSettings) openStateDir() (dir string, remove func(), err error) {
	if c.StateDir == "" && c.Sandbox {
		dir, err := os.MkdirTemp("", name+"-*")
		if err != nil {
			return "", nil, err
		}
		return dir, func() { _ = os.RemoveAll(dir) }, nil
	}
	return cmp.Or(c.StateDir, defaultStateDir()), func() {}, nil
}

// checkImportDir holds the folder that tools may read apart from the state.
func (c *storeSettings) checkImportDir(importDir string) error {
	if importDir == "" {
		return nil
	}
	if info, err := os.Stat(importDir); err != nil || !info.IsDir() {
		return usageError{"BIGCOMMERCE_IMPORT_DIR (--import-dir) is not a folder that can be read"}
	}
	if within(cmp.Or(c.StateDir, defaultStateDir()), importDir) {
		return usageError{"BIGCOMMERCE_STATE_DIR (--state-dir) may not lie inside the import folder, whose files a tool may read"}
	}
	return nil
}

// within reports whether a folder is another one or lies below it.
func within(dir, folder string) bool {
	if folder == "" {
		return false
	}
	return strings.HasPrefix(resolved(dir)+string(filepath.Separator), resolved(folder)+string(filepath.Separator))
}

// resolved is the real path of a folder, as far as it exists.
func resolved(path string) string {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if real, err := filepath.EvalSymlinks(absolute); err == nil {
		return real
	}
	parent := filepath.Dir(absolute)
	if parent == absolute {
		return absolute
	}
	return filepath.Join(resolved(parent), filepath.Base(absolute))
}

func defaultStateDir() string {
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, name)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = os.TempDir()
	}
	return filepath.Join(home, ".local", "state", name)
}
