package bcapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// all gives the customers of the whole list.
func all(ctx context.Context, c *Client) (customers []int64, err error) {
	for instrument, err := range c.AllStoredInstruments(ctx) {
		if err != nil {
			return customers, err
		}
		customers = append(customers, instrument.CustomerID)
	}
	return customers, nil
}

// fakeList answers with pages of a list of the customers 1 to n, as a function
// of what an API may do differently makes them.
type fakeList struct {
	n       int
	most    int  // to a page; fewer are given when more are asked for
	strict  int  // more are refused with this status; 0: never
	total   bool // is told
	cursor  func(end int) string
	pastEnd func(after int) (from int) // where the page behind the last begins
	queries []string
}

func (l *fakeList) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	l.queries = append(l.queries, r.URL.RawQuery)
	limit, _ := strconv.Atoi(query.Get("limit"))
	if limit > l.most && l.strict != 0 {
		answerWith(l.strict, "application/json", `{"status":0,"title":"limit"}`)(w, r)
		return
	}
	from, _ := strconv.Atoi(strings.TrimPrefix(query.Get("after"), "after "))
	if from >= l.n && l.pastEnd != nil {
		from = l.pastEnd(from)
	}
	to := min(from+min(limit, l.most), l.n)
	items := make([]string, 0, max(0, to-from))
	for i := from; i < to; i++ {
		items = append(items, fmt.Sprintf(`{"customer_id":%d,"token":"t%d"}`, i+1, i+1))
	}
	pagination := `"pagination":{}`
	if l.total {
		pagination = fmt.Sprintf(`"pagination":{"total":%d}`, l.n)
	}
	cursors := ""
	if cursor := l.cursor(to); cursor != "" && len(items) > 0 {
		cursors = fmt.Sprintf(`,"cursor_pagination":{"end_cursor":%q}`, cursor)
	}
	answerWith(200, "application/json", fmt.Sprintf(`{"data":[%s],"meta":{%s%s}}`, strings.Join(items, ","), pagination, cursors))(w, r)
}

func always(end int) string { return fmt.Sprintf("after %d", end) }

func never(int) string { return "" }

func untilEnd(n int) func(int) string {
	return func(end int) string {
		if end == n {
			return ""
		}
		return always(end)
	}
}

func TestWholeLists(t *testing.T) {
	tests := map[string]struct {
		list     fakeList
		requests int
	}{
		"a cursor on the last page":             {fakeList{n: 600, most: 250, total: true, cursor: always}, 4},
		"no cursor on the last page":            {fakeList{n: 600, most: 250, total: true, cursor: untilEnd(600)}, 3},
		"no total":                              {fakeList{n: 600, most: 250, cursor: always}, 4},
		"the last page again":                   {fakeList{n: 600, most: 250, total: true, cursor: always, pastEnd: func(int) int { return 500 }}, 4},
		"an exact number of pages":              {fakeList{n: 500, most: 250, total: true, cursor: always}, 3},
		"smaller pages than asked for":          {fakeList{n: 600, most: 100, total: true, cursor: always}, 7},
		"250 refused with 413":                  {fakeList{n: 600, most: 200, strict: 413, total: true, cursor: always}, 7},
		"100 refused with 422":                  {fakeList{n: 600, most: 50, strict: 422, total: true, cursor: always}, 16},
		"one page, no cursor":                   {fakeList{n: 5, most: 250, total: true, cursor: never}, 1},
		"empty":                                 {fakeList{n: 0, most: 250, total: true, cursor: always}, 1},
		"empty, no total":                       {fakeList{n: 0, most: 250, cursor: always}, 1},
		"one instrument, and a cursor after it": {fakeList{n: 1, most: 250, total: true, cursor: always}, 2},
	}
	for name, tt := range tests {
		got, err := all(t.Context(), serve(t, tt.list.ServeHTTP))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := make([]int64, tt.list.n)
		for i := range want {
			want[i] = int64(i + 1)
		}
		if !slices.Equal(want, got) {
			t.Errorf("%s: read %v", name, got)
		}
		if len(tt.list.queries) != tt.requests {
			t.Errorf("%s: %d requests, want %d: %q", name, len(tt.list.queries), tt.requests, tt.list.queries)
		}
		for _, query := range tt.list.queries {
			if q, _ := url.ParseQuery(query); q.Has("page") || q.Get("limit") == "" {
				t.Errorf("%s: asked %s", name, query)
			}
		}
	}
}

// However a list ends: when that may not be all of it, this is told.
func TestListsThatEndTooEarly(t *testing.T) {
	tests := map[string]struct {
		list fakeList
		want string
		read int
	}{
		"no cursor at all":                    {fakeList{n: 600, most: 250, total: true, cursor: never}, "it holds 600, and the API gave 250", 0},
		"no cursor, no total":                 {fakeList{n: 600, most: 250, cursor: never}, "does not tell how many", 0},
		"a cursor on the first page alone":    {fakeList{n: 600, most: 250, total: true, cursor: func(end int) string { return map[int]string{250: "after 250"}[end] }}, "it holds 600, and the API gave 500", 250},
		"a cursor that goes round":            {fakeList{n: 600, most: 250, total: true, cursor: func(end int) string { return map[int]string{250: "after 250", 500: "after 0"}[end] }}, "it holds 600, and the API gave 500", 500},
		"the same cursor, whatever the page":  {fakeList{n: 600, most: 250, total: true, cursor: func(int) string { return "after 250" }}, "it holds 600, and the API gave 250", 250},
		"the same cursor and no total":        {fakeList{n: 600, most: 250, cursor: func(int) string { return "after 250" }}, "does not tell how many", 250},
		"a cursor that leads behind the list": {fakeList{n: 600, most: 250, total: true, cursor: func(int) string { return "after 600" }}, "it holds 600, and the API gave 250", 250},
	}
	for name, tt := range tests {
		got, err := all(t.Context(), serve(t, tt.list.ServeHTTP))
		var failed *ReadError
		if !errors.As(err, &failed) || failed.Kind != ReadIncomplete || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
		if len(got) != tt.read {
			t.Errorf("%s: %d read, want %d", name, len(got), tt.read)
		}
	}
}

func TestSmallestLimitRefused(t *testing.T) {
	for _, status := range []int{413, 422} {
		list := fakeList{n: 600, most: 10, strict: status, cursor: always}
		_, err := all(t.Context(), serve(t, list.ServeHTTP))
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.API.Status != status {
			t.Errorf("%d: %v", status, err)
		}
		if diff := cmp.Diff([]string{"limit=250", "limit=125", "limit=62", "limit=50"}, list.queries); diff != "" {
			t.Errorf("%d: %s", status, diff)
		}
	}
}

func TestWalkEndsWithItsReader(t *testing.T) {
	list := fakeList{n: 600, most: 250, total: true, cursor: always}
	for instrument, err := range serve(t, list.ServeHTTP).AllStoredInstruments(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if instrument.CustomerID == 250 {
			break
		}
	}
	if len(list.queries) != 1 {
		t.Errorf("asked %q", list.queries)
	}
}

// A walk can be made again, and begins anew.
func TestWalkTwice(t *testing.T) {
	list := fakeList{n: 300, most: 250, total: true, cursor: always}
	walk := serve(t, list.ServeHTTP).AllStoredInstruments(t.Context())
	for range 2 {
		n := 0
		for _, err := range walk {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 300 {
			t.Errorf("%d read", n)
		}
	}
}

// More were read than there are in the end, when some were deleted meanwhile.
func TestListThatShrinks(t *testing.T) {
	list := fakeList{n: 600, most: 250, total: true, cursor: always}
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if len(list.queries) == 2 {
			list.n = 400
		}
		list.ServeHTTP(w, r)
	})
	if got, err := all(t.Context(), client); err != nil || len(got) != 500 {
		t.Errorf("%d read, %v", len(got), err)
	}
}
