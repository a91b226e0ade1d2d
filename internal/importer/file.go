package importer

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"

	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importfile"
)

// FileRequest asks for the import of a file.
type FileRequest struct {
	Name     string            `json:"name"` // below the import folder
	Columns  map[string]string `json:"columns,omitempty"`
	Defaults map[string]string `json:"defaults,omitempty"`
	Limit    int               `json:"limit,omitempty"` // only so many of its sendable rows; 0: all
	Shared   bool              `json:"shared,omitempty"`
	Verify   bool              `json:"verify,omitempty"` // look the customers up
}

// options are the choices that a request holds, with a person's answer.
func (r FileRequest) options(answer Answer) Options {
	return Options{SharedProviderCustomers: check.SharedProviderCustomers(r.Shared), VerifyCustomers: r.Verify, Unconfirmed: answer}
}

// identity is equal for requests that ask for the same of the same content.
func (r FileRequest) identity(f importfile.Fingerprint) []byte {
	r.Name = ""
	text, err := json.Marshal(struct {
		FileRequest
		SHA256 string
	}{r, f.SHA256})
	if err != nil { // strings and numbers only
		text = []byte(r.Name)
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// ErrNoImportDir is returned for a file when no folder is set to read from.
var ErrNoImportDir = errors.New("no folder is set to import files from: start the server with --import-dir (BIGCOMMERCE_IMPORT_DIR) naming the folder that holds the file")

// openFile is a file of the import folder, and the folder.
type openFile struct {
	*importfile.File
	root *os.Root
}

func (f openFile) Close() error { return errors.Join(f.File.Close(), f.root.Close()) }

func (im *Importer) open(request FileRequest) (openFile, error) {
	if im.ImportDir == "" {
		return openFile{}, ErrNoImportDir
	}
	root, err := os.OpenRoot(im.ImportDir)
	if err != nil {
		return openFile{}, &importfile.Error{
			Kind: importfile.KindDirectory, What: "the import folder cannot be opened", Err: err,
			Advice: "Check that the folder which --import-dir (BIGCOMMERCE_IMPORT_DIR) names is there and can be read",
		}
	}
	file, err := importfile.Open(root, request.Name, importfile.Options{Columns: request.Columns, Defaults: request.Defaults})
	if err != nil {
		return openFile{}, errors.Join(err, root.Close())
	}
	return openFile{file, root}, nil
}

// openAgain opens the file of a plan, or fails with ErrStale when it is not the
// one any more that was checked.
func (im *Importer) openAgain(ctx context.Context, r record) (openFile, error) {
	file, err := im.open(*r.File)
	var refused *importfile.Error
	switch {
	case errors.As(err, &refused) && refused.OfContent(): // which was good when it was checked
		return openFile{}, errors.Join(ErrStale, err)
	case err != nil:
		return openFile{}, err
	}
	changed, err := file.Changed(ctx, r.Fingerprint)
	if changed {
		err = errors.Join(ErrStale, err)
	}
	if err != nil {
		return openFile{}, errors.Join(err, file.Close())
	}
	return file, nil
}
