package sandbox

import "net/http"

// The codes that concern orders (docs/api-facts.md 4).
const (
	codeOrderNotFound      = 30003
	codeOrderNotIncomplete = 30101
)

const lastOwnedOrder = 1000

// shopperOf gives the customer whose order it is: orders 1 to 1000 are those of the customers of the same numbers, the
// others are guests'.
func shopperOf(order int64) int64 {
	if order > lastOwnedOrder {
		return 0
	}
	return order
}

// findOrder refuses orders that do not exist or cannot be paid. Orders 1 to 1000 and 123456 are Incomplete, orders
// 1001 to 1010 Pending; there are no others.
func findOrder(id int64) error {
	switch {
	case id >= 1 && id <= lastOwnedOrder, id == 123456:
		return nil
	case id >= 1001 && id <= 1010:
		refused := refuse(http.StatusConflict, "Order is not in a correct status.")
		refused.code = codeOrderNotIncomplete
		refused.detail = "The order is Pending (status_id 1); it must be Incomplete (status_id 0)."
		return refused
	}
	refused := refuse(http.StatusNotFound, "Order not found.")
	refused.code = codeOrderNotFound
	return refused
}
