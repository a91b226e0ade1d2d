package sandbox

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
)

// Page sizes: the norm of the API, since these endpoints publish none (docs/api-facts.md 2.4).
const (
	defaultLimit = 50
	maxLimit     = 250
)

// paging is what a request asks for: a page by its number, or, by cursor, what follows or precedes an item.
type paging struct {
	limit  int
	page   int // 0 when none was sent
	cursor int64
	after  bool
	before bool
}

func parsePaging(query url.Values) (p paging, err error) {
	if p.limit, err = positive(query, "limit", defaultLimit); err != nil {
		return p, err
	}
	if p.limit > maxLimit {
		return p, refuse(http.StatusRequestEntityTooLarge, "limit is above the maximum of 250")
	}
	p.page, err = positive(query, "page", 0)
	return p, err
}

func positive(query url.Values, name string, absent int) (int, error) {
	if !query.Has(name) {
		return absent, nil
	}
	n, err := strconv.ParseInt(query.Get(name), 10, 32)
	if err != nil || n < 1 {
		return 0, refuseField(name, "must be a positive integer")
	}
	return int(n), nil
}

// parseCursorPaging reads after and before as well.
func parseCursorPaging(query url.Values) (paging, error) {
	p, err := parsePaging(query)
	if err != nil {
		return p, err
	}
	p.after, p.before = query.Has("after"), query.Has("before")
	if p.after && p.before || (p.after || p.before) && p.page != 0 {
		return p, refuseField("after", "page, after and before exclude each other")
	}
	switch {
	case p.after:
		p.cursor, err = parseCursor("after", query.Get("after"))
	case p.before:
		p.cursor, err = parseCursor("before", query.Get("before"))
	}
	return p, err
}

// A cursor is the base64 of an item's number (docs/api-facts.md 2.4).
func cursor(number int64) string {
	return base64.StdEncoding.EncodeToString(strconv.AppendInt(nil, number, 10))
}

func parseCursor(name, text string) (int64, error) {
	digits, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		if number, err := strconv.ParseInt(string(digits), 10, 63); err == nil {
			return number, nil
		}
	}
	return 0, refuseField(name, "is not a cursor of an earlier answer")
}

type listMeta struct {
	Pagination       pagination        `json:"pagination"`
	CursorPagination *cursorPagination `json:"cursor_pagination,omitempty"`
}

type pagination struct {
	Total       int   `json:"total"`
	Count       int   `json:"count"`
	PerPage     int   `json:"per_page"`
	CurrentPage int   `json:"current_page"`
	TotalPages  int   `json:"total_pages"`
	Links       links `json:"links"`
}

type cursorPagination struct {
	Count       int    `json:"count"`
	PerPage     int    `json:"per_page"`
	StartCursor string `json:"start_cursor,omitempty"`
	EndCursor   string `json:"end_cursor,omitempty"`
	Links       links  `json:"links"`
}

// links are query strings; at an end of the list there is none.
type links struct {
	Previous string `json:"previous,omitempty"`
	Current  string `json:"current"`
	Next     string `json:"next,omitempty"`
}

// listInstruments lists the store's instruments in order of import.
func (s *Server) listInstruments(c *call) (answer, error) {
	p, err := parseCursorPaging(c.URL.Query())
	if err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	total := s.vault.size()
	from, to := p.window(&s.vault)
	records := s.vault.page(from, to)
	s.mu.Unlock()
	data, err := storedInstruments(records)
	if err != nil {
		return answer{}, err
	}
	meta := listMeta{Pagination: p.pagination(from, len(records), total)}
	meta.CursorPagination = p.cursorPagination(records, from > 0, to < total)
	return answer{body: envelope{data, meta}}, nil
}

// window returns the positions of the page's first item and of the one behind its last.
func (p paging) window(v *vault) (from, to int) {
	switch {
	case p.after:
		from = v.before(p.cursor + 1)
	case p.before:
		to = v.before(p.cursor)
		return max(0, to-p.limit), to
	default:
		from = min(max(p.page-1, 0)*p.limit, v.size())
	}
	return from, min(from+p.limit, v.size())
}

// pagination describes the page that begins at position from. By cursor, its number is that of the page by offset on
// which its first item stands.
func (p paging) pagination(from, count, total int) pagination {
	current := max(p.page, 1)
	if p.after || p.before {
		current = from/p.limit + 1
	}
	out := pagination{
		Total: total, Count: count, PerPage: p.limit, CurrentPage: current, TotalPages: (total + p.limit - 1) / p.limit,
	}
	link := func(page int) string { return "?page=" + strconv.Itoa(page) + "&limit=" + strconv.Itoa(p.limit) }
	out.Links.Current = link(current)
	if current > 1 {
		out.Links.Previous = link(current - 1)
	}
	if current < out.TotalPages {
		out.Links.Next = link(current + 1)
	}
	return out
}

// cursorPagination gives the cursors of the page. A page further on that was asked for by its number has none
// (docs/api-facts.md 2.4), nor has an empty one.
func (p paging) cursorPagination(records []record, hasPrevious, hasNext bool) *cursorPagination {
	if p.page > 1 {
		return nil
	}
	limit := "&limit=" + strconv.Itoa(p.limit)
	out := &cursorPagination{Count: len(records), PerPage: p.limit}
	out.Links.Current = "?" + limit[1:]
	switch {
	case p.after:
		out.Links.Current = "?after=" + url.QueryEscape(cursor(p.cursor)) + limit
	case p.before:
		out.Links.Current = "?before=" + url.QueryEscape(cursor(p.cursor)) + limit
	}
	if len(records) == 0 {
		return out
	}
	out.StartCursor, out.EndCursor = cursor(records[0].number), cursor(records[len(records)-1].number)
	if hasPrevious {
		out.Links.Previous = "?before=" + url.QueryEscape(out.StartCursor) + limit
	}
	if hasNext {
		out.Links.Next = "?after=" + url.QueryEscape(out.EndCursor) + limit
	}
	return out
}
