package doctor

import (
	"context"
	"fmt"
	"time"
)

// The quotas that are published for plans, in requests per 30 s
// (docs/api-facts.md 6).
const (
	quotaStandardPlus = 150
	quotaPro          = 450
	quotaWindow       = 30 * time.Second
)

// quota tells the plan by the quota, and what an import may use of it.
func (d *doctor) quota(context.Context) finding {
	all, left, window := d.hello.Quota, d.hello.Left, d.hello.Window
	ours, length := d.client.Quota()
	if all == 0 || ours == 0 {
		return ok("the answer tells no quota; without one this program sends as fast as the store answers")
	}
	perHour := int(float64(ours) * float64(time.Hour) / float64(length))
	message := fmt.Sprintf("%d requests per %s for all apps of the store%s, %d left; this program keeps to %d of them, at most %d requests an hour",
		all, length, plan(all, window), left, ours, perHour)
	if left < all-ours {
		return warning(message, "Other apps use up the store's quota: an import would wait for them. Switch them off meanwhile, or import at another hour.")
	}
	return ok("%s", message)
}

func plan(quota int, window time.Duration) string {
	switch {
	case window != quotaWindow:
		return ""
	case quota == quotaStandardPlus:
		return " (a Standard or Plus plan; stored instruments need Plus or higher)"
	case quota == quotaPro:
		return " (a Pro plan)"
	}
	return ""
}
