package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"bigcommerce-payments-mcp/internal/ledger"
)

const otherStateDir = "name another folder by BIGCOMMERCE_STATE_DIR (--state-dir)"

// lowSpace is less than the ledger and the report of a million rows take.
const lowSpace = 1 << 30 // bytes

// stateDir tries what the ledger needs of its folder: files that are private, and
// locks. Nothing is left behind.
func (d *doctor) stateDir(context.Context) finding {
	place, err := existing(d.StateDir)
	if err == nil {
		err = tryFolder(place)
	}
	var public *publicError
	switch {
	case errors.As(err, &public):
		return warning(fmt.Sprintf("%s: %v", d.StateDir, err), "Everybody on this machine could read the ledger and the reports: "+otherStateDir+", on a file system that knows owners.")
	case err != nil:
		return failed(fmt.Sprintf("%s cannot be used: %v", d.StateDir, err), "Let this program's user write there, or "+otherStateDir+".")
	case place == d.StateDir && openToOthers(place):
		return warning("others on this machine may look into "+place, "Take their rights to it away: chmod 700.")
	}
	free, err := freeSpace(place)
	if err != nil {
		return failed(fmt.Sprintf("%s cannot be used: %v", d.StateDir, err), "Let this program's user read it, or "+otherStateDir+".")
	}
	return d.room(place, free)
}

// room judges the space that is left where the state directory is, or will be.
func (d *doctor) room(place string, free uint64) finding {
	switch {
	case free < lowSpace:
		return warning(fmt.Sprintf("%s has %s left", d.StateDir, inUnits(free)), "Make room before a large import, or "+otherStateDir+": an import stops when its ledger cannot grow.")
	case place != d.StateDir:
		return ok("%s will be made; %s free", d.StateDir, inUnits(free))
	}
	return ok("%s is private; %s free", d.StateDir, inUnits(free))
}

// existing gives a folder itself, or the nearest above it that there is.
func existing(dir string) (string, error) {
	info, err := os.Stat(dir)
	switch parent := filepath.Dir(dir); {
	case errors.Is(err, fs.ErrNotExist) && parent != dir:
		return existing(parent)
	case err != nil:
		return "", reason(err)
	case !info.IsDir():
		return "", fmt.Errorf("%s is not a folder", dir)
	}
	return dir, nil
}

// publicError is a file system that does not keep files to their owner.
type publicError struct{}

func (*publicError) Error() string {
	return "its files are not private, whatever this program asks for"
}

// tryFolder makes a folder with a locked file in it, as the ledger will, and
// takes them away again.
func tryFolder(place string) error {
	dir, err := os.MkdirTemp(place, ".doctor-*") // mode 0700
	if err != nil {
		return reason(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // in the operator's state directory
	if err != nil {
		return reason(err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.WriteString("doctor"); err != nil {
		return reason(err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("its file system has no locks: %w", err)
	}
	if openToOthers(dir) || openToOthers(file.Name()) {
		return &publicError{}
	}
	return nil
}

// reason is an error without the path that os puts before it, which may be that
// of a temporary file.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// freeSpace is what a user may still write, in bytes.
func freeSpace(place string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(place, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil //nolint:gosec // a block's size is above zero
}

func inUnits(bytes uint64) string {
	for _, unit := range []struct {
		size uint64
		name string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}} {
		if bytes >= unit.size {
			return fmt.Sprintf("%.1f %s", float64(bytes)/float64(unit.size), unit.name)
		}
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}

// ledgerPatience bounds the look at the ledger, whose size has no bound.
const ledgerPatience = 5 * time.Second

// ledger opens the store's ledger if there is one, and reads it through.
func (d *doctor) ledger(ctx context.Context) finding {
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	l, err := ledger.OpenExisting(ctx, d.StateDir, ledger.Scope{Origin: d.client.Origin(), StoreHash: d.API.StoreHash})
	if errors.Is(err, ledger.ErrNone) {
		return ok("none yet for this store; the first import makes it")
	}
	if err != nil {
		return unusable(ctx, err)
	}
	defer func() { _ = l.Close() }()
	running, err := l.RunningJob()
	if err != nil {
		return unusable(ctx, err)
	}
	state := "no import is running"
	if running != "" {
		state = "the import " + running + " is running now"
	}
	switch err := l.Examine(ctx); {
	case ctx.Err() != nil:
		return ok("opens; it is too large to be read through here; %s", state)
	case err != nil:
		return unusable(ctx, err)
	}
	return ok("opens and is whole; %s", state)
}

func unusable(ctx context.Context, err error) finding {
	if ctx.Err() != nil {
		return warning("the ledger could not be opened in time: another process writes to it", "Run doctor again when no import is running.")
	}
	return failed(err.Error(), "Nothing is imported before it opens. Restore it from a backup, or run the version of this program that wrote it. Do not delete it: it is what keeps cards from being imported twice.")
}
