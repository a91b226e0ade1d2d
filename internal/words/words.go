// Package words puts numbers into the sentences that people and models read.
package words

import "fmt"

// Count is a number of things, such as "1 row" or "2 rows".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
