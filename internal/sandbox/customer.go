package sandbox

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// lastCustomer is the highest customer id; every id up to it exists. Nothing is stored for them.
const lastCustomer = 100_000

type customer struct {
	ID        int64  `json:"id"`
	Email     string `json:"email"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
}

func newCustomer(id int64) customer {
	number := strconv.FormatInt(id, 10)
	return customer{ID: id, Email: "shopper" + number + "@example.com", FirstName: "Shopper", LastName: number}
}

// listCustomers lists the customers that id:in names, or all; ids that do not exist are left out.
func (s *Server) listCustomers(c *call) (answer, error) {
	query := c.URL.Query()
	p, err := parsePaging(query)
	if err != nil {
		return answer{}, err
	}
	skip := max(p.page-1, 0) * p.limit
	var ids []int64
	total := lastCustomer
	if query.Has("id:in") {
		if ids, err = parseCustomerIDs(query.Get("id:in")); err != nil {
			return answer{}, err
		}
		total = len(ids)
	}
	data := []customer{}
	for i := skip; i < min(skip+p.limit, total); i++ {
		id := int64(i + 1)
		if ids != nil {
			id = ids[i]
		}
		data = append(data, newCustomer(id))
	}
	return answer{body: envelope{data, listMeta{Pagination: p.pagination(skip, len(data), total)}}}, nil
}

// parseCustomerIDs returns those of a comma list that exist, sorted, each once.
func parseCustomerIDs(list string) ([]int64, error) {
	ids := []int64{}
	for _, text := range strings.Split(list, ",") {
		id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return nil, refuseField("id:in", "must be a comma-separated list of integers")
		}
		if id >= 1 && id <= lastCustomer {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// listCustomerInstruments lists one customer's instruments as a bare array, in a vocabulary of its own
// (docs/api-facts.md 2.11).
func (s *Server) listCustomerInstruments(c *call) (answer, error) {
	id, err := strconv.ParseInt(strings.Split(c.path, "/")[2], 10, 64)
	if err != nil {
		return answer{}, refuse(http.StatusNotFound, "Not Found")
	}
	s.mu.Lock()
	records := s.vault.ofCustomer(id)
	s.mu.Unlock()
	stored, err := storedInstruments(records)
	if err != nil {
		return answer{}, err
	}
	data := make([]shopperInstrument, len(stored))
	for i, instrument := range stored {
		data[i] = instrument.shopper()
	}
	return answer{body: data}, nil
}
