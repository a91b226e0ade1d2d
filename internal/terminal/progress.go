package terminal

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// How often progress is shown: on a terminal, where one line is written over
// and over, and elsewhere.
const (
	everyLive  = 100 * time.Millisecond
	everyPlain = 5 * time.Second
)

const barWidth = 30

// progress shows how far one phase of an import is.
type progress struct {
	out   io.Writer
	live  bool
	every time.Duration
	last  time.Time // when it was shown last
	start time.Time // when it was told first, and of how many rows
	from  int
}

func newProgress(out io.Writer) *progress {
	if isTerminal(out) {
		return &progress{out: out, live: true, every: everyLive}
	}
	return &progress{out: out, every: everyPlain, last: time.Now()}
}

// tell is an importer.Progress.
func (p *progress) tell(done, total int, doing string) {
	now := time.Now()
	if p.start.IsZero() {
		p.start, p.from = now, done
	}
	if now.Sub(p.last) < p.every {
		return
	}
	p.last = now
	text := fmt.Sprintf("%d %s", done, doing)
	if total > 0 {
		done = min(done, total)
		text = fmt.Sprintf("%3d %%  %d of %d %s%s", 100*done/total, done, total, doing, p.left(now, done, total))
		if p.live {
			text = bar(done, total) + " " + text
		}
	}
	p.say(text)
}

// left estimates how long the rest takes, from the rows since the start.
func (p *progress) left(now time.Time, done, total int) string {
	if done <= p.from || done >= total {
		return ""
	}
	each := float64(now.Sub(p.start)) / float64(done-p.from)
	return ", about " + time.Duration(each*float64(total-done)).Round(time.Second).String() + " left"
}

func bar(done, total int) string {
	filled := min(barWidth*done/total, barWidth)
	return "[" + strings.Repeat("=", filled) + strings.Repeat(" ", barWidth-filled) + "]"
}

const clearLine = "\r\x1b[K"

// say shows a line, in place of the last one where that can be done.
func (p *progress) say(text string) {
	if p.live {
		fmt.Fprint(p.out, clearLine+text)
	} else {
		fmt.Fprintln(p.out, text)
	}
}

// clear takes the line away that is written over.
func (p *progress) clear() {
	if p.live {
		fmt.Fprint(p.out, clearLine)
	}
}
