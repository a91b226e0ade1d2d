package ledger

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Lock is held by the process that runs an import of the scope. The system
// gives it up when the process ends, however it ends.
type Lock struct{ file *os.File }

// LockedError is returned when another import of the scope is running.
type LockedError struct{ JobID string } // "" when it cannot be told

func (e *LockedError) Error() string {
	if e.JobID == "" {
		return "another import into this store is running"
	}
	return "the import " + e.JobID + " into this store is running"
}

// A lock may be held for a moment only, by one who asks whether a job is
// running. The name in it does not tell: a process that was killed leaves its own.
const (
	lockTries = 20
	lockPause = 5 * time.Millisecond
)

// TryLock takes the scope's lock for a job, or fails with a *LockedError.
func (l *Ledger) TryLock(jobID string) (*Lock, error) {
	for try := 1; ; try++ {
		lock, err := l.tryLock(jobID)
		var locked *LockedError
		if !errors.As(err, &locked) || try == lockTries {
			return lock, err
		}
		time.Sleep(lockPause)
	}
}

func (l *Ledger) tryLock(jobID string) (*Lock, error) {
	file, err := os.OpenFile(filepath.Join(l.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(file, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder := read(file)
		return nil, errors.Join(busyOr(err, holder), file.Close())
	}
	if err := errors.Join(file.Truncate(0), writeAt(file, jobID)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Lock{file: file}, nil
}

// Unlock gives the lock up.
func (k *Lock) Unlock() error {
	return errors.Join(k.file.Truncate(0), k.file.Close())
}

// RunningJob tells which job holds the scope's lock; "" when none does.
func (l *Ledger) RunningJob() (string, error) {
	file, err := os.OpenFile(filepath.Join(l.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	defer file.Close()
	err = flock(file, syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return read(file), nil
	}
	return "", err
}

func flock(file *os.File, how int) error {
	return syscall.Flock(int(file.Fd()), how)
}

func busyOr(err error, holder string) error {
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return &LockedError{JobID: holder}
	}
	return err
}

func writeAt(file *os.File, text string) error {
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

func read(file *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 200))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
