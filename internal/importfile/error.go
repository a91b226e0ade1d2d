package importfile

import (
	"errors"
	"strconv"
	"strings"
	"unicode"

	"bigcommerce-payments-mcp/internal/cardguard"
)

// Kind says why a file was refused, for programs.
type Kind string

// The reasons to refuse a file.
const (
	KindPath       Kind = "bad_path"         // absolute, with .., or a link that leads out
	KindMissing    Kind = "file_missing"     // no such file
	KindUnreadable Kind = "file_unreadable"  // permissions, or a failing disk
	KindNotRegular Kind = "not_a_file"       // a directory, pipe, device or socket
	KindTooLarge   Kind = "file_too_large"   // over the limit
	KindFormat     Kind = "unknown_format"   // neither CSV nor JSON nor JSON Lines
	KindEncoding   Kind = "not_utf8"         // some other encoding
	KindEmpty      Kind = "file_empty"       // no rows
	KindSyntax     Kind = "malformed_file"   // unbalanced quotes, truncated JSON
	KindColumns    Kind = "bad_columns"      // headers, Columns or Defaults do not fit
	KindChanged    Kind = "file_changed"     // not the file any more that was read first
	KindDirectory  Kind = "no_import_folder" // no folder is set to import from
)

// Error refuses a file. It never holds what the file holds, names apart.
type Error struct {
	Kind    Kind
	File    string   // its name as asked for, cleaned
	Line    int      // from 1; 0 when no line is to blame
	What    string   // what is wrong
	Details []string // each thing that is wrong, where there are several
	Advice  string   // what to do about it
	Err     error    // what lies beneath, or nil
}

// OfContent reports whether a file is refused for what it holds, and not for
// where it is or who may read it.
func (e *Error) OfContent() bool {
	switch e.Kind {
	case KindTooLarge, KindFormat, KindEncoding, KindEmpty, KindSyntax, KindColumns, KindChanged:
		return true
	case KindPath, KindMissing, KindUnreadable, KindNotRegular, KindDirectory:
	}
	return false
}

// Error says what is wrong, where, and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			b.WriteString(", line " + strconv.Itoa(e.Line))
		}
		b.WriteString(": ")
	}
	b.WriteString(e.What)
	if len(e.Details) > 0 {
		b.WriteString(": " + strings.Join(e.Details, "; "))
	}
	if e.Advice != "" {
		b.WriteString(". " + e.Advice + ".")
	}
	return b.String()
}

// Unwrap returns what lies beneath.
func (e *Error) Unwrap() error { return e.Err }

// refusal makes sure that an error is an *Error which names the file.
func (f *File) refusal(err error) *Error { return named(f.name, err) }

func named(name string, err error) *Error {
	var e *Error
	if !errors.As(err, &e) {
		e = unreadable(err)
	}
	e.File = label(name)
	return e
}

// unreadable keeps the words of the system's error out: they may hold a path.
func unreadable(err error) *Error {
	return &Error{Kind: KindUnreadable, What: "it could not be read", Advice: "Check the disk, then try again", Err: err}
}

const maxLabel = 64

// clean is a name that a file or a caller gave, fit to be shown: no card
// number, no control characters, at most 64 characters.
func clean(name string) string {
	shown := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, cardguard.Redact(name))
	if runes := []rune(shown); len(runes) > maxLabel {
		shown = string(runes[:maxLabel]) + "..."
	}
	// What was taken out may have stood between the digits of a card number.
	return cardguard.Redact(shown)
}

// label is a clean name in quotes.
func label(name string) string { return `"` + clean(name) + `"` }
