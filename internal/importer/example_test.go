package importer_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer"
	"bigcommerce-payments-mcp/internal/importertest"
	"bigcommerce-payments-mcp/internal/ledger"
	"bigcommerce-payments-mcp/internal/sandbox"
)

// Rows that came with a call are checked and recorded, then sent. The same rows
// again send nothing.
func Example() {
	store := httptest.NewServer(sandbox.New(sandbox.Options{}))
	defer store.Close()
	dir, err := os.MkdirTemp("", "example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	client, err := bcapi.New(bcapi.Config{APIURL: store.URL, StoreHash: sandbox.StoreHash, AccessToken: sandbox.Token})
	if err != nil {
		fmt.Println(err)
		return
	}
	im := importer.New(importer.Config{
		Client: client, Checker: check.New(check.Options{}), Logger: slog.New(slog.DiscardHandler),
		StateDir: filepath.Join(dir, "state"), Scope: ledger.Scope{Origin: client.Origin(), StoreHash: sandbox.StoreHash},
		Settle: time.Second, Explain: func(err error) string { return err.Error() },
	})
	defer im.Close()
	rows := importer.Inline{importertest.Card(1, "5292sx35"), importertest.Card(2, "6303ty46")}
	for range 2 {
		job, err := im.PlanInline(context.Background(), rows, importer.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		s := job.Ended
		if s == nil {
			if s, err = job.Apply(context.Background(), func(int, int, string) {}); err != nil {
				fmt.Println(err)
				return
			}
		}
		fmt.Println(s.Status, "imported", s.Imported, "already imported", s.Already)
	}
	// Output:
	// completed imported 2 already imported 0
	// completed imported 0 already imported 2
}
