package bcapi

import (
	"context"

	"github.com/google/uuid"
)

const defaultUserAgent = "bigcommerce-payments-mcp"

// headers gives a call its headers and its correlation id, which stays the same
// for all attempts.
func headers(token Secret, userAgent string, next handler) handler {
	if userAgent == "" {
		userAgent = defaultUserAgent
	}
	return func(ctx context.Context, c *call) (answer, error) {
		c.correlationID = uuid.NewString()
		c.header.Set("Accept", "application/json")
		if c.body != nil {
			c.header.Set("Content-Type", "application/json")
		}
		c.header.Set("X-Auth-Token", token.Reveal())
		c.header.Set("User-Agent", userAgent)
		c.header.Set("X-Correlation-Id", c.correlationID)
		return next(ctx, c)
	}
}
