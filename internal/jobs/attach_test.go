package jobs

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/ledger"
)

// Who waits for a job just when a call of this process finds that another runs
// it, is told how it stands there.
func TestWaitingWhileTheJobTurnsOutToRunElsewhere(t *testing.T) {
	client, err := bcapi.New(bcapi.Config{APIURL: "http://127.0.0.1:1", StoreHash: "abc", AccessToken: "never-sent"})
	if err != nil {
		t.Fatal(err)
	}
	config := importer.Config{
		Client: client, Logger: slog.New(slog.DiscardHandler),
		StateDir: t.TempDir(), Scope: ledger.Scope{Origin: client.Origin(), StoreHash: "abc"},
	}
	synctest.Test(t, func(t *testing.T) {
		const id = "imp_elsewhere"
		defer runElsewhere(t, config, id)()
		im := importer.New(config)
		defer im.Close()
		m := New(im)
		turnedAway := make(chan struct{})
		m.start(id, func(context.Context, importer.Progress) (*importer.Summary, error) {
			<-turnedAway
			return nil, &ledger.LockedError{JobID: id}
		})
		go func() {
			s, err := m.Wait(t.Context(), id, 0, func(int, int, string) {})
			if err != nil || s.Status != importer.Running {
				t.Errorf("%+v, %v", s, err)
			}
		}()
		synctest.Wait() // until it waits for what becomes of that call
		close(turnedAway)
		synctest.Wait()
	})
}

// runElsewhere makes a job that another process runs; the function ends it.
func runElsewhere(t *testing.T, config importer.Config, id string) func() {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	other, err := ledger.Open(t.Context(), config.StateDir, config.Scope)
	must(err)
	must(other.CreateJob(t.Context(), &ledger.Job{ID: id, Status: ledger.Running, Plan: []byte("{}"), Identity: []byte{}}))
	lock, err := other.TryLock(id)
	must(err)
	return func() {
		must(lock.Unlock())
		must(other.Close())
	}
}
