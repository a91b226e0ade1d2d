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
//
// Two files make it. Those who want to run an import contend for "lock", which
// names the job; "running" is locked as soon as the name is written. So a name
// is read only while it counts, never that of a process that was killed, and
// who just asks touches "running" alone and keeps nobody from starting.
type Lock struct{ lock, running *os.File }

// LockedError is returned when another import of the scope is running.
type LockedError struct{ JobID string }

func (e *LockedError) Error() string {
	return "the import " + e.JobID + " into this store is running"
}

// errNameless is a lock whose holder has not come to say for which job it is.
var errNameless = errors.New("another process is about to import into this store and does not get on with it: try again")

// How long the holder of the lock is given to write the name of its job.
const (
	namePatience = 5 * time.Second
	namePause    = 2 * time.Millisecond
)

// TryLock takes the scope's lock for a job, or fails with a *LockedError that
// names the job which runs.
func (l *Ledger) TryLock(jobID string) (*Lock, error) {
	for until := time.Now().Add(namePatience); time.Now().Before(until); time.Sleep(namePause) {
		lock, err := l.tryLock(jobID)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return lock, l.stateError(err)
		}
		if holder, err := l.RunningJob(); err != nil {
			return nil, err
		} else if holder != "" {
			return nil, &LockedError{JobID: holder}
		}
	}
	return nil, errNameless
}

func (l *Ledger) tryLock(jobID string) (*Lock, error) {
	lock, err := l.lockFile("lock", syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return nil, err
	}
	_, err = lock.WriteAt([]byte(jobID), 0)
	if err = errors.Join(err, lock.Truncate(int64(len(jobID)))); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	running, err := l.lockFile("running", syscall.LOCK_EX)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Lock{lock: lock, running: running}, nil
}

// Unlock gives the lock up.
func (k *Lock) Unlock() error {
	return errors.Join(k.running.Close(), k.lock.Close())
}

// RunningJob tells which job holds the scope's lock; "" when none does.
func (l *Ledger) RunningJob() (string, error) {
	running, err := l.lockFile("running", syscall.LOCK_SH|syscall.LOCK_NB)
	switch {
	case err == nil:
		return "", running.Close()
	case !errors.Is(err, syscall.EWOULDBLOCK):
		return "", l.stateError(err)
	}
	lock, err := os.Open(filepath.Join(l.dir, "lock"))
	if err != nil {
		return "", l.stateError(err)
	}
	defer lock.Close()
	name, err := io.ReadAll(lock)
	return strings.TrimSpace(string(name)), l.stateError(err)
}

// lockFile opens a file of the ledger and locks it as flock(2) says; closing it
// gives the lock up. With LOCK_NB, EWOULDBLOCK tells that another holds it.
func (l *Ledger) lockFile(name string, how int) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(l.dir, name), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the name is one of ours
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), how)
		switch {
		case err == nil:
			return file, nil
		case !errors.Is(err, syscall.EINTR):
			return nil, errors.Join(err, file.Close())
		}
	}
}
