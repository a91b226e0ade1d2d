package importer_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// disk is a small disk of a test's own: a file system in memory where one can
// be mounted. Elsewhere a limit on the size of all files stands in for it: what
// is written beyond it fails as well.
type disk struct {
	t   *testing.T
	dir string
	// free leaves so many kilobytes to write; none at all when it is 0.
	free func(kB int64)
}

// newDisk makes a disk. The test must not be parallel, for the sake of limits.
func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{t: t, dir: t.TempDir()}
	if err := d.mount("size=1m"); err != nil {
		t.Logf("files are limited instead: %v", err)
		d.limitFiles()
		return d
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", d.dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	d.free = func(kB int64) {
		t.Helper()
		_, used := d.used()
		options := fmt.Sprintf("remount,rw,size=%dk", used+kB)
		if kB == 0 {
			options = "remount,ro"
		}
		if err := d.mount(options); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (d *disk) mount(options string) error {
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", d.dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mount -o %s: %w: %s", options, err, out)
	}
	return nil
}

func (d *disk) limitFiles() {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		d.t.Fatal(err)
	}
	set := func(limit syscall.Rlimit) {
		d.t.Helper()
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			d.t.Fatal(err)
		}
	}
	d.t.Cleanup(func() { set(before) })
	d.free = func(kB int64) {
		d.t.Helper()
		limit := before
		largest, _ := d.used()
		if limit.Cur = uint64(largest+kB) << 10; kB == 0 {
			limit.Cur = 0
		}
		set(limit)
	}
}

// used is how large the largest file is, and all of them, in kilobytes.
func (d *disk) used() (largest, all int64) {
	d.t.Helper()
	err := filepath.WalkDir(d.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		pages := (info.Size() + 4095) / 4096 * 4 // as a file system has them
		largest, all = max(largest, pages), all+pages
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return largest, all
}

// newDiskBench is a bench whose state directory lies on a disk.
func newDiskBench(t *testing.T) (*bench, *disk) {
	t.Helper()
	d, b := newDisk(t), newBench(t, sandbox.Options{})
	b.must(b.importer.Close())
	b.importer.StateDir = filepath.Join(d.dir, "state")
	return b, d
}

// saysFull reports whether an error or a reason tells a person that the disk is
// full; a limit on files is told in other words.
func saysFull(text string) bool {
	for _, words := range []string{"full", "no space", "disk I/O error", "file too large"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// TestAFullDisk fills the disk of the ledger up again and again while an import
// runs: it stops, says why, and goes on when there is room. Each row is in once.
func TestAFullDisk(t *testing.T) {
	b, d := newDiskBench(t)
	rows := cards(400)
	request := b.write("rows.jsonl", rows)

	d.free(100)
	if s, err := b.importer.PlanFile(t.Context(), request, quiet); err == nil || !saysFull(err.Error()) || !strings.Contains(err.Error(), d.dir) {
		t.Fatalf("a plan larger than the disk: %+v, %v", s, err)
	}
	if all := b.jobs(b.importer); len(all) != 0 {
		t.Errorf("a plan that failed is listed: %+v", all[0])
	}
	d.free(4000)
	var err error
	b.last, err = b.importer.PlanFile(t.Context(), request, quiet)
	b.must(err)
	id, stops, lastWhy := b.last.ID, 0, ""
	for b.last.Status != importer.Completed {
		if stops > 100 {
			t.Fatalf("it does not come to its end: %+v", b.last)
		}
		d.free(int64(100 + 50*stops))
		why := ""
		if b.last, err = b.importer.Apply(t.Context(), id, importer.Leave, quiet); err != nil {
			why = err.Error()
			b.last, err = b.importer.Job(t.Context(), id)
			b.must(err)
		} else if b.last.Status == importer.Interrupted {
			why = b.last.Reason
		}
		s := b.last
		if s.Imported+s.Failed+s.Unconfirmed+s.Remaining != len(rows) || s.Failed > 0 {
			t.Fatalf("%+v", s)
		}
		if n := b.distinct(); n > s.Imported+s.Unconfirmed || n < s.Imported {
			t.Fatalf("%d stored, %+v", n, s)
		}
		if s.Status == importer.Completed {
			break
		}
		lastWhy = why
		if stops++; !saysFull(why) || !strings.Contains(why, d.dir) || s.Status == importer.Running || s.Status == importer.Planned && s.Imported+s.Unconfirmed > 0 {
			t.Fatalf("stopped by %q: %+v", why, s)
		}
	}
	if stops < 3 {
		t.Errorf("the disk was full %d times", stops)
	}
	t.Logf("the disk was full %d times, the last time: %s", stops, lastWhy)
	d.free(4000)
	if s := b.run(1); s.ID != id || s.Report == "" { // which there was no room for, perhaps
		t.Errorf("%+v", s)
	}
	b.eachOnce(rows)
}

// A state directory that nothing can be written to, new or of before: nothing
// is sent, and the error says where it lies.
func TestAReadOnlyStateDirectory(t *testing.T) {
	b, d := newDiskBench(t)
	rows := cards(40)
	request := b.write("rows.jsonl", rows)
	refused := func(when string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), d.dir) {
			t.Errorf("%s: error %v, which should name %s", when, err, d.dir)
		}
		if n := len(b.stored()); n > 0 {
			t.Fatalf("%s: %d rows were sent", when, n)
		}
	}

	d.free(0)
	_, err := b.importer.PlanFile(t.Context(), request, quiet)
	refused("a new directory, a file", err)
	_, err = b.importer.Inline(t.Context(), rows, importer.Options{}, quiet)
	refused("a new directory, inline", err)
	if unusable := new(ledger.UnusableError); !errors.As(err, &unusable) {
		t.Errorf("error %v", err)
	}

	d.free(4000)
	b.last, err = b.importer.PlanFile(t.Context(), request, quiet)
	b.must(err)
	b.must(b.importer.Close())
	d.free(0)
	_, err = b.importer.Apply(t.Context(), b.last.ID, importer.Leave, quiet)
	refused("a directory of before, a file", err)
	_, err = b.importer.Inline(t.Context(), rows, importer.Options{}, quiet)
	refused("a directory of before, inline", err)

	b.must(b.importer.Close())
	d.free(4000)
	if s := b.run(1); s.Status != importer.Completed || s.Imported != len(rows) {
		t.Fatalf("%+v", s)
	}
	b.eachOnce(rows)
}
