// Package importertest is what the tests of imports, and of those who run them,
// have in common.
package importertest

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // the driver
)

// Recorded is how many jobs and rows the ledgers of a state directory hold, jobs
// that nobody sees too.
func Recorded(t testing.TB, stateDir string) (jobs, rows int) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(stateDir, "*", "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+"?_pragma=query_only(1)")
		if err != nil {
			t.Fatal(err)
		}
		var j, r int
		err = db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM rows)`).Scan(&j, &r)
		if closed := db.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
		jobs, rows = jobs+j, rows+r
	}
	return jobs, rows
}
