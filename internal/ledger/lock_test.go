package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Between taking the lock and naming its job the holder has no name, and the
// one that a killed process has left is not taken for its own.
func TestALockIsNeverToldWithoutItsName(t *testing.T) {
	for _, left := range []string{"", "imp_of_a_killed_process"} {
		dir := t.TempDir()
		holder, second := openLedger(t, dir), openLedger(t, dir)
		must(t, os.WriteFile(filepath.Join(holder.dir, "lock"), []byte(left), 0o600))
		if running, err := second.RunningJob(); running != "" || err != nil {
			t.Errorf("running %q, %v", running, err)
		}

		lock, err := holder.lockFile("lock", syscall.LOCK_EX|syscall.LOCK_NB)
		must(t, err)
		defer lock.Close()
		if _, err := second.tryLock("imp_second"); !errors.Is(err, syscall.EWOULDBLOCK) {
			t.Fatalf("error %v: there are two holders", err)
		}
		if running, err := second.RunningJob(); running != "" || err != nil {
			t.Errorf("running %q, %v", running, err)
		}
		refused := make(chan error, 1)
		go func() {
			_, err := second.TryLock("imp_second")
			refused <- err
		}()
		must(t, lock.Truncate(0))
		_, err = lock.WriteAt([]byte("imp_holder"), 0)
		must(t, err)
		running, err := holder.lockFile("running", syscall.LOCK_EX)
		must(t, err)
		defer running.Close()
		var locked *LockedError
		if err := <-refused; !errors.As(err, &locked) || locked.JobID != "imp_holder" {
			t.Errorf("error %v, want imp_holder's LockedError", err)
		}
	}
}
