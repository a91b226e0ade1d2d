package ledger

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	_ "embed"
	"encoding/hex"
	"errors"
	"hash"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"modernc.org/sqlite" // also registers the driver
	sqlite3 "modernc.org/sqlite/lib"
)

// Scope is what a ledger is about: one store at one API.
type Scope struct {
	Origin    string // of the API, such as https://api.bigcommerce.com
	StoreHash string
}

// schemaVersion is the version of schema.sql. A ledger with a later one was
// written by a later version of this program.
const schemaVersion = 1

const fileName = "ledger.db"

//go:embed schema.sql
var schema string

// Ledger is one scope's ledger. It is safe for concurrent use, by several
// processes too.
type Ledger struct {
	dir   string
	key   []byte
	macs  sync.Pool // of hash.Hash, keyed: every row takes several
	write *sql.DB   // one connection: SQLite has one writer
	read  *sql.DB
}

// UnusableError is a ledger that cannot be opened. It is never overwritten:
// what it knows is what keeps a card from being imported twice.
type UnusableError struct {
	Path    string
	Problem string
	Cause   error
}

func (e *UnusableError) Error() string { return "the ledger " + e.Path + " " + e.Problem }

// Unwrap gives the cause.
func (e *UnusableError) Unwrap() error { return e.Cause }

// StateError is a state directory that could be opened, and cannot be written
// to now, such as on a full disk. What was recorded before stays.
type StateError struct {
	Dir     string
	Problem string // and what to do about it
	Cause   error
}

func (e *StateError) Error() string { return "the state directory " + e.Dir + " " + e.Problem }

// Unwrap gives the cause.
func (e *StateError) Unwrap() error { return e.Cause }

// stateError makes a *StateError of a failure of the disk; others stay as they
// are.
func (l *Ledger) stateError(err error) error {
	problem := diskProblem(err)
	if problem == "" {
		return err
	}
	return &StateError{Dir: filepath.Dir(l.dir), Problem: problem, Cause: err}
}

func diskProblem(err error) string {
	var database *sqlite.Error
	var path *os.PathError
	code := 0
	if errors.As(err, &database) {
		code = database.Code() & 0xff
	}
	switch {
	case code == sqlite3.SQLITE_FULL, errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "is on a full disk: make room there, then go on"
	case code == sqlite3.SQLITE_READONLY, errors.Is(err, syscall.EROFS), errors.Is(err, os.ErrPermission):
		return "cannot be written to (" + reason(err) + "): make it writable, then go on"
	case code == sqlite3.SQLITE_IOERR, code == sqlite3.SQLITE_CANTOPEN, errors.As(err, &path):
		return "cannot be used (" + reason(err) + "): look after its disk, then go on"
	}
	return ""
}

// Open opens the ledger of a scope below stateDir, and makes it when there is
// none. An error is an *UnusableError.
func Open(ctx context.Context, stateDir string, scope Scope) (*Ledger, error) {
	dir, path := scope.place(stateDir)
	if err := keyKept(stateDir, path); err != nil {
		return nil, err
	}
	key, err := stateKey(stateDir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "reports"), 0o700); err != nil {
		return nil, &UnusableError{Path: path, Problem: "cannot be made: " + reason(err), Cause: err}
	}
	l := &Ledger{dir: dir, key: key}
	if err := l.open(ctx, path); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	_ = l.sweep(ctx) // tried again with the next draft; nobody sees what it would sweep
	return l, nil
}

// place is where the ledger of a scope is, and the folder that holds it.
func (s Scope) place(stateDir string) (dir, path string) {
	dir = filepath.Join(stateDir, s.dirName())
	return dir, filepath.Join(dir, fileName)
}

// keyKept refuses a ledger whose key is gone: with a new one it would remember
// nothing, and every card would be imported once more.
func keyKept(stateDir, path string) error {
	if _, err := os.Stat(path); err != nil {
		return nil //nolint:nilerr // there is none, or opening it will tell why
	}
	key := filepath.Join(stateDir, "key")
	if _, err := os.Stat(key); errors.Is(err, os.ErrNotExist) {
		return &UnusableError{Path: key, Problem: "is missing: restore it from a backup, without it nothing in the ledger can be matched", Cause: err}
	}
	return nil
}

// dirName tells scopes apart; the store's hash in it is for people.
func (s Scope) dirName() string {
	sum := sha256.Sum256([]byte(s.Origin + "\n" + s.StoreHash))
	return s.StoreHash + "-" + hex.EncodeToString(sum[:4])
}

// stateKey reads the key of a state directory, and makes it when there is
// none. The link makes sure that of two processes one wins.
func stateKey(stateDir string) ([]byte, error) {
	path := filepath.Join(stateDir, "key")
	unusable := func(problem string, err error) ([]byte, error) {
		return nil, &UnusableError{Path: path, Problem: problem, Cause: err}
	}
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return unusable("cannot be made: "+reason(err), err)
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := makeKey(stateDir, path); err != nil {
			return unusable("cannot be made: "+reason(err), err)
		}
	}
	key, err := os.ReadFile(path) //nolint:gosec // in the operator's state directory
	switch {
	case err != nil:
		return unusable("cannot be read: "+reason(err), err)
	case len(key) != sha256.Size:
		return unusable("is damaged: restore it from a backup, without it nothing in the ledger can be matched", nil)
	}
	return key, nil
}

func makeKey(stateDir, path string) error {
	file, err := os.CreateTemp(stateDir, "key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	_, err = file.Write(key)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

func (l *Ledger) open(ctx context.Context, path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // in the operator's state directory
	if err != nil {
		return &UnusableError{Path: path, Problem: "cannot be opened: " + reason(err), Cause: err}
	}
	if err := file.Close(); err != nil {
		return err
	}
	for _, db := range []struct {
		handle      **sql.DB
		connections int
		options     string
	}{
		{&l.write, 1, "&_txlock=immediate"},
		{&l.read, 4, "&_pragma=query_only(1)"},
	} {
		*db.handle, err = sql.Open("sqlite", dsn(path)+db.options)
		if err != nil {
			return &UnusableError{Path: path, Problem: "cannot be opened: " + reason(err), Cause: err}
		}
		(*db.handle).SetMaxOpenConns(db.connections)
	}
	if err := l.migrate(ctx); err != nil {
		return l.unusable(path, err)
	}
	return nil
}

func dsn(path string) string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String() +
		"?_pragma=busy_timeout(30000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=temp_store(FILE)&_pragma=cache_size(-4096)"
}

// errNewer is a ledger of a later version of this program.
var errNewer = errors.New("was written by a later version of this program")

func (l *Ledger) migrate(ctx context.Context) error {
	return l.update(ctx, func(tx *sql.Tx) error {
		var version, tables int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
			return err
		}
		switch {
		case version > schemaVersion:
			return errNewer
		case version == 0 && tables == 0:
			_, err := tx.ExecContext(ctx, schema)
			return err
		case version != schemaVersion:
			return errors.New("is not a ledger")
		}
		return nil
	})
}

const damaged = "is damaged; restore it from a backup. It is left as it is"

// unusable tells the ways apart in which a database can fail to open.
func (l *Ledger) unusable(path string, err error) error {
	var broken *sqlite.Error
	var disk *StateError
	problem := "cannot be used: " + reason(err)
	if errors.As(err, &disk) {
		problem = disk.Problem
	} else if errors.As(err, &broken) {
		switch broken.Code() & 0xff {
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
			problem = damaged
		}
	}
	return &UnusableError{Path: path, Problem: problem, Cause: err}
}

// reason is an error without the path that os puts before it.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// Close closes the ledger.
func (l *Ledger) Close() error {
	var errs []error
	for _, db := range []*sql.DB{l.write, l.read} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// update runs f in one transaction: when update returns nil, what f did is on
// the disk.
func (l *Ledger) update(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return l.stateError(err)
	}
	if err := f(tx); err != nil {
		return errors.Join(ctx.Err(), l.stateError(err), ignoreDone(tx.Rollback())) // the end of ctx shows itself in many ways
	}
	if err := tx.Commit(); err != nil {
		return errors.Join(ctx.Err(), l.stateError(err))
	}
	return nil
}

// many runs statements that are run for each of many rows of one transaction:
// each is prepared once.
type many struct {
	ctx      context.Context
	tx       *sql.Tx
	prepared map[string]*sql.Stmt // by their text; they end with the transaction
}

func manyOf(ctx context.Context, tx *sql.Tx) *many {
	return &many{ctx: ctx, tx: tx, prepared: make(map[string]*sql.Stmt)}
}

// exec returns how many rows were changed.
func (m *many) exec(query string, args ...any) (int64, error) {
	statement := m.prepared[query]
	if statement == nil {
		var err error
		if statement, err = m.tx.PrepareContext(m.ctx, query); err != nil {
			return 0, err
		}
		m.prepared[query] = statement
	}
	result, err := statement.ExecContext(m.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// MAC is the HMAC of a value that is not to be kept itself.
type MAC [16]byte

// mac computes the HMAC of parts; domain keeps equal values of different kinds
// apart.
func (l *Ledger) mac(domain string, parts ...string) MAC {
	text := lengthAnd(make([]byte, 0, 256), domain)
	for _, part := range parts {
		text = lengthAnd(text, part)
	}
	h, ok := l.macs.Get().(hash.Hash)
	if !ok {
		h = hmac.New(sha256.New, l.key)
	}
	defer l.macs.Put(h)
	h.Reset()
	h.Write(text)
	return MAC(h.Sum(text[:0])[:16])
}

// lengthAnd appends a part in such a way that no two lists of parts are equal.
func lengthAnd(text []byte, part string) []byte {
	text = strconv.AppendInt(text, int64(len(part)), 10)
	return append(append(text, ':'), part...)
}
