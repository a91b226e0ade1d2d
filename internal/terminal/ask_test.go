package terminal

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importer"
)

func itoa(n int) string { return strconv.Itoa(n) }

func openNull(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func TestAsk(t *testing.T) {
	for typed, want := range map[string]bool{
		"y\n": true, "Yes \n": true, "n\n": false, "\n": false, "yeah\n": false, "": false, "y": false, // without Enter
	} {
		in, keyboard, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		keyboard.WriteString(typed)
		keyboard.Close()
		var shown bytes.Buffer
		if got := (Import{In: in, Err: &shown}).ask(t.Context(), "Go on?"); got != want {
			t.Errorf("%q counts as %t", typed, got)
		}
		if !strings.HasPrefix(shown.String(), "Go on? [y/N] ") {
			t.Errorf("it asks %q", &shown)
		}
		in.Close()
	}
}

func TestAskEndsWithTheContext(t *testing.T) {
	in, keyboard, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer keyboard.Close() // nobody types
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if (Import{In: in, Err: &bytes.Buffer{}}).ask(ctx, "Go on?") {
		t.Error("an interrupt counts as yes")
	}
}

func TestQuestion(t *testing.T) {
	i := Import{Store: bcapi.Store{Hash: "abc", Mode: bcapi.ModeLive}}
	for _, tt := range []struct {
		plan   importer.Summary
		answer importer.UnconfirmedPolicy
		want   string
	}{
		{importer.Summary{Remaining: 970}, "", `Import 970 rows into the live store "abc"?`},
		{importer.Summary{Remaining: 1, Unconfirmed: 2}, "", `Import 1 row into the live store "abc", and look for 2 rows that were sent before?`},
		{importer.Summary{Unconfirmed: 2}, importer.Resend, `Import 0 rows into the live store "abc", and send again what cannot be told to be in it?`},
		{importer.Summary{Unconfirmed: 2}, importer.Skip, `Import 0 rows into the live store "abc", and give up what cannot be told to be in it?`},
	} {
		i.Unconfirmed = tt.answer
		if got := i.question(&tt.plan); got != tt.want {
			t.Errorf("it asks %s\nwant    %s", got, tt.want)
		}
	}
}

func TestProgressOnATerminal(t *testing.T) {
	var shown bytes.Buffer
	p := &progress{out: &shown, live: true}
	p.tell(2000, 0, "rows checked")
	p.tell(500, 1000, "rows settled")
	p.start = time.Now().Add(-time.Minute)
	p.from = 500
	p.tell(750, 1000, "rows settled")
	p.tell(1004, 1000, "rows settled")
	p.clear()
	want := []string{
		"2000 rows checked",
		"[===============               ]  50 %  500 of 1000 rows settled",
		"[======================        ]  75 %  750 of 1000 rows settled, about 1m0s left",
		"[==============================] 100 %  1000 of 1000 rows settled",
		"",
	}
	if got := shown.String(); got != clearLine+strings.Join(want, clearLine) {
		t.Errorf("it shows %q", got)
	}
}

func TestProgressElsewhere(t *testing.T) {
	var shown bytes.Buffer
	p := newProgress(&shown)
	p.tell(1, 10, "rows settled") // too soon
	p.last = time.Now().Add(-everyPlain)
	p.tell(5, 10, "rows settled")
	p.tell(6, 10, "rows settled") // too soon again
	p.clear()
	if text := shown.String(); strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, " 50 %  5 of 10 rows settled") || strings.ContainsAny(text, "\r\x1b") {
		t.Errorf("it shows %q", text)
	}
}
