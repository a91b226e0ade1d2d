package sandbox_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/internal/sandbox"
)

type links struct{ Previous, Current, Next string }

type listAnswer struct {
	Data []instrument `json:"data"`
	Meta struct {
		Pagination struct {
			Total, Count int
			PerPage      int `json:"per_page"`
			CurrentPage  int `json:"current_page"`
			TotalPages   int `json:"total_pages"`
			Links        links
		} `json:"pagination"`
		Cursor *struct {
			Count   int
			PerPage int    `json:"per_page"`
			Start   string `json:"start_cursor"`
			End     string `json:"end_cursor"`
			Links   links
		} `json:"cursor_pagination"`
	} `json:"meta"`
}

func (s *store) list(query string) listAnswer {
	s.t.Helper()
	return into[listAnswer](s.do("GET", instrumentsPath+query, "").want(200))
}

// fill imports cards of the customers 1 to n, so that an item's customer tells its number.
func (s *store) fill(n int) {
	s.t.Helper()
	rows := make([]string, n)
	for i := range rows {
		rows[i] = card(i+1, "v"+strconv.Itoa(i+1))
	}
	s.load(rows...)
}

// span is the first and the last customer of an answer, and the number of items.
func (a listAnswer) span() string {
	if len(a.Data) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d-%d/%d", a.Data[0].CustomerID, a.Data[len(a.Data)-1].CustomerID, len(a.Data))
}

func base64Number(n int) string { return base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(n))) }

func TestListByPage(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	if a := s.list(""); a.Data == nil || a.span() != "none" || a.Meta.Pagination.TotalPages != 0 || a.Meta.Cursor.End != "" {
		t.Errorf("empty store: %+v", a)
	}
	s.fill(120)
	for _, tt := range []struct{ query, span, previous, current, next string }{
		{"", "1-50/50", "", "?page=1&limit=50", "?page=2&limit=50"},
		{"?page=2", "51-100/50", "?page=1&limit=50", "?page=2&limit=50", "?page=3&limit=50"},
		{"?page=3", "101-120/20", "?page=2&limit=50", "?page=3&limit=50", ""},
		{"?page=4", "none", "?page=3&limit=50", "?page=4&limit=50", ""},
		{"?limit=250", "1-120/120", "", "?page=1&limit=250", ""},
		{"?page=2&limit=7", "8-14/7", "?page=1&limit=7", "?page=2&limit=7", "?page=3&limit=7"},
	} {
		a := s.list(tt.query)
		want := links{tt.previous, tt.current, tt.next}
		if diff := cmp.Diff(want, a.Meta.Pagination.Links); a.span() != tt.span || diff != "" {
			t.Errorf("%s: %s, want %s; %s", tt.query, a.span(), tt.span, diff)
		}
		if p := a.Meta.Pagination; p.Total != 120 || p.Count != len(a.Data) {
			t.Errorf("%s: %+v", tt.query, p)
		}
		if cursors := a.Meta.Cursor != nil; cursors != !strings.Contains(tt.query, "page=") {
			t.Errorf("%s: cursors given: %v", tt.query, cursors)
		}
	}
	if a := s.list("?page=1"); a.Meta.Cursor == nil {
		t.Error("the first page gives cursors even when asked for by number")
	}
}

func TestListByCursor(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(120)
	var seen []string
	query := "?limit=50"
	for range 10 {
		a := s.list(query)
		seen = append(seen, a.span())
		if a.Meta.Cursor.Links.Next == "" {
			break
		}
		query = "?limit=50&after=" + url.QueryEscape(a.Meta.Cursor.End)
		if want := "?after=" + url.QueryEscape(a.Meta.Cursor.End) + "&limit=50"; a.Meta.Cursor.Links.Next != want {
			t.Errorf("next: %s, want %s", a.Meta.Cursor.Links.Next, want)
		}
	}
	if diff := cmp.Diff([]string{"1-50/50", "51-100/50", "101-120/20"}, seen); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct {
		query, span, start, end string
		page                    int
	}{
		{"?after=" + base64Number(87), "88-120/33", base64Number(88), base64Number(120), 2},
		{"?limit=10&after=" + base64Number(87), "88-97/10", base64Number(88), base64Number(97), 9},
		{"?limit=10&before=" + base64Number(88), "78-87/10", base64Number(78), base64Number(87), 8},
		{"?before=" + base64Number(4), "1-3/3", base64Number(1), base64Number(3), 1},
		{"?before=" + base64Number(1), "none", "", "", 1},
		{"?after=" + base64Number(120), "none", "", "", 3},
		{"?after=" + base64Number(1<<60), "none", "", "", 3},
	} {
		a := s.list(tt.query)
		if c := a.Meta.Cursor; a.span() != tt.span || c.Start != tt.start || c.End != tt.end || a.Meta.Pagination.CurrentPage != tt.page {
			t.Errorf("%s: %s, %+v on page %d", tt.query, a.span(), c, a.Meta.Pagination.CurrentPage)
		}
	}
}

// TestCursorsSurviveDeletes: a walk by cursor neither skips nor repeats when what it has passed goes away.
func TestCursorsSurviveDeletes(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(20)
	first := s.list("?limit=8")
	s.do("DELETE", instrumentsPath+"?token:in="+first.Data[1].Token+","+first.Data[7].Token, "").want(204)
	next := s.list("?limit=8&after=" + url.QueryEscape(first.Meta.Cursor.End))
	if next.span() != "9-16/8" || next.Meta.Pagination.Total != 18 {
		t.Errorf("after the delete: %s of %d", next.span(), next.Meta.Pagination.Total)
	}
	if back := s.list("?limit=8&before=" + url.QueryEscape(next.Meta.Cursor.Start)); back.span() != "1-7/6" {
		t.Errorf("back: %s", back.span())
	}
	s.load(card(500, "late"))
	if last := s.list("?after=" + url.QueryEscape(base64Number(20))); last.span() != "500-500/1" || last.Meta.Cursor.End != base64Number(21) {
		t.Errorf("numbers are used again: %s %+v", last.span(), last.Meta.Cursor)
	}
}

func TestListRefusesBadQueries(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	for query, status := range map[string]int{
		"?limit=251": 413, "?limit=0": 422, "?limit=-1": 422, "?limit=x": 422, "?limit=": 422, "?page=0": 422, "?page=1.5": 422,
		"?page=99999999999": 422, "?after=": 422, "?after=87": 422, "?after=b25l": 422, "?before=!": 422,
		"?after=ODc%3D&before=ODg%3D": 422, "?page=1&after=ODc%3D": 422,
	} {
		s.do("GET", instrumentsPath+query, "", malformed).want(status)
	}
}

func TestCustomerInstruments(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.load(card(1, "other"), card(7, "v1"), payPal(7, "v2"), bank(7, "v3"))
	r := s.do("GET", "/customers/7/stored-instruments", "", header("X-Auth-Token", sandbox.ReadOnlyToken)).want(200)
	got := into[[]map[string]any](r)
	for i, row := range s.stored()[1:] {
		if got[i]["token"] != row.Token {
			t.Errorf("token %d: %v", i, got[i]["token"])
		}
		delete(got[i], "token")
	}
	want := []map[string]any{
		{"type": "stored_card", "is_default": true, "brand": "VISA", "expiry_month": 11.0, "expiry_year": 2030.0,
			"issuer_identification_number": "411111", "last_4": "1111", "billing_address": map[string]any{
				"first_name": "Sam", "last_name": "Williams", "email": "sam@example.com", "company": "",
				"address1": "1 Sample Street", "address2": "Bldg 5", "city": "Austin", "state_or_province": "",
				"state_or_province_code": "TX", "country_code": "US", "phone": "", "postal_code": "55555"}},
		{"type": "stored_paypal_account", "is_default": false, "email": "sam@example.com"},
		{"type": "stored_bank_account", "is_default": false, "issuer": "011000015", "masked_account_number": "0000"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r := s.do("GET", "/customers/8/stored-instruments", "").want(200); strings.TrimSpace(string(r.body)) != "[]" {
		t.Errorf("a customer without instruments: %s", r.body)
	}
	s.do("GET", "/customers/x/stored-instruments", "", malformed).want(404)
}

func TestCustomers(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	list := func(query string) (ids []int) {
		r := s.do("GET", "/customers"+query, "").want(200)
		for _, c := range into[struct {
			Data []struct {
				ID    int
				Email string
			}
		}](r).Data {
			if c.Email != fmt.Sprintf("shopper%d@example.com", c.ID) {
				t.Errorf("customer %d has %s", c.ID, c.Email)
			}
			ids = append(ids, c.ID)
		}
		return ids
	}
	for query, want := range map[string][]int{
		"?id:in=7":                        {7},
		"?id%3Ain=9,3,9":                  {3, 9},
		"?id:in=1,100000,100001,0":        {1, 100000},
		"?id:in=100001":                   nil,
		"?id:in=5,6,7,8,9&limit=2&page=2": {7, 8},
		"?id:in=5,6,7,8,9&limit=2&page=4": nil,
		"?limit=3&page=2":                 {4, 5, 6},
		"?limit=250&page=401":             nil,
	} {
		if diff := cmp.Diff(want, list(query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	if got := list(""); len(got) != 50 {
		t.Errorf("default limit: %d", len(got))
	}
	s.do("GET", "/customers?limit=251", "").want(413)
	s.do("GET", "/customers?id:in=a", "", malformed).want(422)
	s.do("GET", "/customers?id:in=", "", malformed).want(422)
}
