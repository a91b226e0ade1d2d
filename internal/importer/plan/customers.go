package plan

import (
	"context"
	"strings"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
)

// verifyCustomers looks the customers of the pending rows up, and refuses rows
// whose customer is unknown or has another e-mail address: the sign of a mapping
// that is off.
func (p *planner) verifyCustomers(ctx context.Context) error {
	asked := make(map[int64]bool)
	var ids []int64
	for _, row := range p.pending {
		if len(row.Problems) == 0 && !asked[row.CustomerID] {
			asked[row.CustomerID] = true
			ids = append(ids, row.CustomerID)
		}
	}
	customers, err := p.Client.Customers(ctx, ids)
	if err != nil {
		return err
	}
	known := make(map[int64]bcapi.Customer, len(customers))
	for _, c := range customers {
		known[c.ID] = c
	}
	for i := range p.pending {
		row := &p.pending[i]
		if len(row.Problems) == 0 {
			customer, found := known[row.CustomerID]
			row.Problems = customerProblems(customer, found, p.emails[i])
		}
	}
	return nil
}

// customerProblems refuses a row for its customer. email is that of the row's
// billing address, "" when it has none.
func customerProblems(customer bcapi.Customer, found bool, email string) []check.Problem {
	switch {
	case !found:
		return []check.Problem{{Field: "customer_id", Message: "is no customer of the store"}}
	case email != "" && !strings.EqualFold(email, customer.Email):
		return []check.Problem{{Field: "billing_address.email", Message: "is not the e-mail address of the store's customer: check which customer the row belongs to"}}
	}
	return nil
}
