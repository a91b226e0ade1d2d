package bcapi

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Customer is a shopper's account in the store.
type Customer struct {
	ID    int64
	Email string
}

var customers = route{
	method:   http.MethodGet,
	template: "/customers",
	scopes:   []string{"store_v2_customers_read_only", "store_v2_customers"},
}

var errNotAskedFor = errors.New("it holds customers that were not asked for")

// Customers looks customers up, and gives them in the order of their ids. Ids
// that are no customer's are not in the answer.
func (c *Client) Customers(ctx context.Context, ids []int64) ([]Customer, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id int64) bool { return id <= 0 })
	var all []Customer
	for batch := range idLists(ids, maxPageLimit, decimal) {
		found, err := c.customers(ctx, batch)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// customers looks up as many customers as one address can hold. All fit on a
// page, unless the API gives smaller ones than it was asked for.
func (c *Client) customers(ctx context.Context, ids []int64) ([]Customer, error) {
	found := make(map[int64]Customer)
	for page := 1; ; page++ {
		got, err := c.customersPage(ctx, ids, page)
		if err != nil {
			return nil, err
		}
		before := len(found)
		for _, customer := range got.customers {
			if _, asked := slices.BinarySearch(ids, customer.ID); !asked {
				return nil, &ReadError{Kind: ReadUnreadable, Cause: errNotAskedFor}
			}
			found[customer.ID] = customer
		}
		complete := len(found) == len(ids) || got.total != nil && len(found) >= *got.total
		switch {
		case !complete && len(found) > before:
			continue
		case !complete && got.total != nil:
			return nil, incomplete(len(found), *got.total)
		}
		byID := func(a, b Customer) int { return cmp.Compare(a.ID, b.ID) }
		return slices.SortedFunc(maps.Values(found), byID), nil
	}
}

type customersPage struct {
	customers []Customer
	total     *int // of the ids asked for; nil when the API does not tell
}

func (c *Client) customersPage(ctx context.Context, ids []int64, page int) (customersPage, error) {
	query := url.Values{
		"id:in": {idList(ids)}, "limit": {strconv.Itoa(maxPageLimit)}, "page": {strconv.Itoa(page)},
	}
	call, err := newCall(customers, nil, query, nil)
	if err != nil {
		return customersPage{}, err
	}
	return read(ctx, c, call, readCustomers)
}

func readCustomers(value any, clean cleaner) (customersPage, bool) {
	list, ok := readList(value, func(item map[string]any) Customer {
		return Customer{ID: integer(item["id"]), Email: clean(text(item["email"]), maxEmail)}
	})
	return customersPage{customers: list, total: readTotal(value)}, ok
}

func idList(ids []int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = decimal(id)
	}
	return strings.Join(texts, ",")
}

func decimal(id int64) string { return strconv.FormatInt(id, 10) }
