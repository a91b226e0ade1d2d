package bcapi

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeCustomers answers as a store in which every customer with an even id
// exists.
type fakeCustomers struct {
	most  int  // to a page
	total bool // is told
	asked [][]int64
}

func (f *fakeCustomers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var asked []int64
	var items []string
	for text := range strings.SplitSeq(query.Get("id:in"), ",") {
		id, _ := strconv.ParseInt(text, 10, 64)
		asked = append(asked, id)
		if id%2 == 0 {
			items = append(items, fmt.Sprintf(`{"id":%d,"email":"shopper%d@example.com","first_name":"x"}`, id, id))
		}
	}
	f.asked = append(f.asked, asked)
	limit, _ := strconv.Atoi(query.Get("limit"))
	page, _ := strconv.Atoi(query.Get("page"))
	total, size := len(items), min(limit, f.most)
	from := min((page-1)*size, total)
	items = items[from:min(from+size, total)]
	meta := `{}`
	if f.total {
		meta = fmt.Sprintf(`{"pagination":{"total":%d}}`, total)
	}
	answerWith(200, "application/json", fmt.Sprintf(`{"data":[%s],"meta":%s}`, strings.Join(items, ","), meta))(w, r)
}

// someIDs gives so many, the last first.
func someIDs(n int, first int64) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[n-1-i] = first + int64(i)
	}
	return ids
}

func TestCustomers(t *testing.T) {
	tests := map[string]struct {
		store    fakeCustomers
		ids      []int64
		requests []int // how many ids each has
	}{
		"none":                    {fakeCustomers{most: 250, total: true}, nil, nil},
		"no id at all":            {fakeCustomers{most: 250, total: true}, []int64{0, -7}, nil},
		"one, twice":              {fakeCustomers{most: 250, total: true}, []int64{8, 8, 0}, []int{1}},
		"unknown":                 {fakeCustomers{most: 250, total: true}, []int64{7}, []int{1}},
		"a page":                  {fakeCustomers{most: 250, total: true}, someIDs(250, 1), []int{250}},
		"three batches":           {fakeCustomers{most: 250, total: true}, someIDs(501, 1), []int{250, 250, 1}},
		"smaller pages":           {fakeCustomers{most: 50, total: true}, someIDs(250, 1), []int{250, 250, 250}},
		"no total":                {fakeCustomers{most: 250}, someIDs(10, 1), []int{10, 10}},
		"no total, smaller pages": {fakeCustomers{most: 3}, someIDs(10, 1), []int{10, 10, 10}},
		"no total, all exist":     {fakeCustomers{most: 250}, []int64{2, 4}, []int{2}},
		"long ids":                {fakeCustomers{most: 250, total: true}, someIDs(200, math.MaxInt64-200), []int{163, 37}},
	}
	for name, tt := range tests {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if n := len(r.URL.String()); n > 3800 {
				t.Errorf("%s: an address of %d characters", name, n)
			}
			tt.store.ServeHTTP(w, r)
		})
		given := slices.Clone(tt.ids)
		got, err := client.Customers(t.Context(), tt.ids)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(given, tt.ids) {
			t.Errorf("%s: the caller's ids were changed", name)
		}
		ids := slices.Compact(slices.Sorted(slices.Values(tt.ids)))
		var want []Customer
		for _, id := range ids {
			if id > 0 && id%2 == 0 {
				want = append(want, Customer{ID: id, Email: fmt.Sprintf("shopper%d@example.com", id)})
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var sizes []int
		for _, ids := range tt.store.asked {
			sizes = append(sizes, len(ids))
		}
		if diff := cmp.Diff(tt.requests, sizes); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Some customers taken for unknown would refuse their rows.
func TestCustomersThatCannotAllBeRead(t *testing.T) {
	const seven = `{"id":7,"email":"a@example.com"}`
	for name, tt := range map[string]struct {
		body string
		want ReadKind
	}{
		"pages that do not move on": {`{"data":[` + seven + `],"meta":{"pagination":{"total":2}}}`, ReadIncomplete},
		"fewer than told":           {`{"data":[],"meta":{"pagination":{"total":2}}}`, ReadIncomplete},
		"the filter is ignored":     {`{"data":[` + seven + `,{"id":9,"email":"b@example.com"}],"meta":{"pagination":{"total":2}}}`, ReadUnreadable},
		"no id":                     {`{"data":[{"email":"b@example.com"}],"meta":{"pagination":{"total":1}}}`, ReadUnreadable},
	} {
		got, err := serve(t, answerWith(200, "application/json", tt.body)).Customers(t.Context(), []int64{7, 8})
		var failed *ReadError
		if !errors.As(err, &failed) || failed.Kind != tt.want || got != nil {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestCustomersAreCleaned(t *testing.T) {
	client := serve(t, answerWith(200, "application/json", `{"data":[{"id":"7","email":"4111111111111111\n@example.com"}]}`))
	got, err := client.Customers(t.Context(), []int64{7})
	if diff := cmp.Diff([]Customer{{ID: 7, Email: "[card number removed] @example.com"}}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
