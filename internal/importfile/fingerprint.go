package importfile

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"strings"
	"time"
)

// Fingerprint says which content a file has.
type Fingerprint struct {
	Size    int64
	ModTime time.Time
	// SHA256 is the hash of the content in hexadecimal. It is "" until Rows
	// has read the file to its end.
	SHA256 string
}

func stamp(info fs.FileInfo) Fingerprint {
	return Fingerprint{Size: info.Size(), ModTime: info.ModTime()}
}

func (p Fingerprint) sameStamp(info fs.FileInfo) bool {
	return p.Size == info.Size() && p.ModTime.Equal(info.ModTime())
}

const adviceChanged = "Plan the import again, from the file as it is now"

var errChanged = &Error{Kind: KindChanged, What: "the file has changed since it was first read", Advice: adviceChanged}

// Fingerprint returns what is known of the file so far.
func (f *File) Fingerprint() Fingerprint {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen
}

// know records that the file, as stamped, has the content that was seen
// before; sum is its hash.
func (f *File) know(as Fingerprint, sum string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	as.SHA256 = sum
	f.seen = as
}

// Changed reports whether the file that now has the name is another than since
// was taken of, by this File or by an earlier one. The same size and
// modification time are taken for no change; otherwise the content is hashed
// and decides. A file that is gone is a KindMissing error.
func (f *File) Changed(ctx context.Context, since Fingerprint) (bool, error) {
	info, err := statRegular(f.root, f.name)
	if err != nil {
		return true, err
	}
	if since.sameStamp(info) {
		f.believe(since)
		return false, nil
	}
	if info.Size() != since.Size || since.SHA256 == "" {
		return true, nil
	}
	if seen := f.Fingerprint(); seen.sameStamp(info) && seen.SHA256 != "" {
		return seen.SHA256 != since.SHA256, nil
	}
	file, info, err := openRegular(f.root, f.name)
	if err != nil {
		return true, err
	}
	defer func() { _ = file.Close() }()
	sum, err := hashAll(file, ctx.Err)
	if err != nil {
		return true, f.refusal(err)
	}
	if known := f.Fingerprint().SHA256; sum == known {
		f.know(stamp(info), sum) // so that the next call need not hash again
	}
	return sum != since.SHA256, nil
}

// believe takes over the hash of what the file was before, so that a later
// change of its time alone can be told from one of its content.
func (f *File) believe(since Fingerprint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen.SHA256 == "" && f.seen.Size == since.Size && f.seen.ModTime.Equal(since.ModTime) {
		f.seen.SHA256 = since.SHA256
	}
}

// verify holds that the open file still is what it was: the offsets of its
// rows would be wrong otherwise, and a row would be taken for another.
func (f *File) verify() error {
	info, err := f.file.Stat()
	if err != nil {
		return unreadable(err)
	}
	seen := f.Fingerprint()
	if seen.sameStamp(info) {
		return nil
	}
	if info.Size() != seen.Size || seen.SHA256 == "" {
		return errChanged.copy()
	}
	sum, err := hashAll(io.NewSectionReader(f.file, 0, info.Size()), func() error { return nil })
	if err != nil {
		return err
	}
	if sum != seen.SHA256 {
		return errChanged.copy()
	}
	f.know(stamp(info), sum)
	return nil
}

// copy keeps what one caller adds from the next.
func (e *Error) copy() *Error {
	c := *e
	return &c
}

// hashAll hashes what in holds, until stop says why not to go on.
func hashAll(in io.Reader, stop func() error) (string, error) {
	sum, buf := sha256.New(), make([]byte, readBytes)
	for {
		if err := stop(); err != nil {
			return "", err
		}
		n, err := in.Read(buf)
		sum.Write(buf[:n])
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(sum.Sum(nil)), nil
		}
		if err != nil {
			return "", unreadable(err)
		}
	}
}

// stream reads the file from its start and hashes it on the way. It is cut
// short when a record grows too long or the file changes.
type stream struct {
	*bufio.Reader
	f      *File
	sum    hash.Hash
	pos    int64 // what has been read of the file
	record int64 // the offset of the record being read
	failed error // why the stream was cut short
}

func (f *File) stream() *stream {
	s := &stream{f: f, sum: sha256.New()}
	s.Reader = bufio.NewReaderSize(unbuffered{s}, readBytes)
	return s
}

// unbuffered is the stream below its buffer. It is asked for more only when
// everything read so far belongs to the record that is being read.
type unbuffered struct{ *stream }

func (s unbuffered) Read(p []byte) (int, error) {
	if s.failed == nil && s.pos-s.record > maxRecord {
		s.failed = errTooLong
	}
	if s.failed != nil {
		return 0, s.failed
	}
	n, err := s.f.file.ReadAt(p, s.pos)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = unreadable(err)
		return 0, s.failed
	}
	if s.failed = s.f.verify(); s.failed != nil {
		return 0, s.failed
	}
	s.sum.Write(p[:n])
	s.pos += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// skip passes over what lies before the rows.
func (s *stream) skip(n int64) error {
	_, err := s.Discard(int(n))
	s.record = n
	return err
}

// finish is called at the end of the file: its hash is known now. A file
// already known must have had the same one.
func (s *stream) finish() error {
	sum := hex.EncodeToString(s.sum.Sum(nil))
	seen := s.f.Fingerprint()
	if seen.SHA256 != "" && seen.SHA256 != sum {
		return errChanged.copy()
	}
	if seen.SHA256 == "" {
		s.f.know(seen, sum)
	}
	return nil
}

// errTooLong marks a record over maxRecord.
var errTooLong = errors.New("a record is too long")

func tooLong() *Error {
	return &Error{Kind: KindSyntax, Err: errTooLong,
		What:   "the row that begins here does not end within 1 MiB",
		Advice: "Look for a quote that is opened and never closed"}
}

// lineAt finds the line of an offset by reading the file up to it: only a
// refusal needs that.
func (f *File) lineAt(offset int64) int {
	in, buf, line := io.NewSectionReader(f.file, 0, offset), make([]byte, readBytes), 1
	for {
		n, err := in.Read(buf)
		line += lines(buf[:n])
		if err != nil {
			return line
		}
	}
}

// lines counts the line breaks in b.
func lines(b []byte) int { return bytes.Count(b, []byte{'\n'}) }

func isBlank(s string) bool { return s == "" || s[0] <= ' ' && strings.TrimSpace(s) == "" }
