package plan

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/importfile"
)

var (
	// ErrNoImportDir is returned for a file when no folder is set to read from.
	ErrNoImportDir = errors.New("no folder is set to import files from: start the server with --import-dir (BIGCOMMERCE_IMPORT_DIR) naming the folder that holds the file")
	// ErrStale is a plan whose file has changed since it was checked.
	ErrStale = errors.New("the file has changed since it was checked")
)

// File is an open file of the import folder, as the rows of a job.
type File struct {
	file *importfile.File
	root *os.Root
}

// Open opens a file of the import folder. ErrNoImportDir when importDir is "",
// an *importfile.Error for what is wrong with the file.
func Open(importDir string, request job.FileRequest) (*File, error) {
	if importDir == "" {
		return nil, ErrNoImportDir
	}
	root, err := os.OpenRoot(importDir)
	if err != nil {
		return nil, &importfile.Error{
			Kind: importfile.KindDirectory, What: "the import folder cannot be opened", Err: err,
			Advice: "Check that the folder which --import-dir (BIGCOMMERCE_IMPORT_DIR) names is there and can be read",
		}
	}
	file, err := importfile.Open(root, request.Name, importfile.Options{Columns: request.Columns, Defaults: request.Defaults})
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &File{file, root}, nil
}

// Reopen opens the file of a job, and fails with ErrStale when it has changed
// since it was checked.
func Reopen(ctx context.Context, importDir string, record job.Record) (*File, error) {
	f, err := Open(importDir, *record.File)
	var refused *importfile.Error
	switch {
	case errors.As(err, &refused) && refused.OfContent(): // which was good when it was checked
		return nil, errors.Join(ErrStale, err)
	case err != nil:
		return nil, err
	}
	changed, err := f.file.Changed(ctx, record.Fingerprint)
	if changed {
		err = errors.Join(ErrStale, err)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return errors.Join(f.file.Close(), f.root.Close()) }

// Fingerprint tells the file's content from others; it is whole once Each has
// read the file to its end.
func (f *File) Fingerprint() importfile.Fingerprint { return f.file.Fingerprint() }

// Each streams the file; see job.Rows.
func (f *File) Each(ctx context.Context, checker *check.Checker, do func(job.Checked) error) error {
	for row, err := range f.file.Rows() {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := do(job.Checked{Row: row.Number, Offset: row.Offset, Import: &row.Row, Verdict: row.Judge(checker)}); err != nil {
			return err
		}
	}
	return nil
}

// At reads the row at an offset of the file.
func (f *File) At(offset int64, row int) (bcapi.ImportRow, error) {
	read, err := f.file.ReadAt(offset, row)
	return read.Row, err
}

// Identity is equal for requests that ask for the same of the same content.
func Identity(r job.FileRequest, f importfile.Fingerprint) []byte {
	r.Name = ""
	text, err := json.Marshal(struct {
		job.FileRequest
		SHA256 string
	}{r, f.SHA256})
	if err != nil { // strings and numbers only
		text = []byte(r.Name)
	}
	sum := sha256.Sum256(text)
	return sum[:]
}
