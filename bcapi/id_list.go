package bcapi

import (
	"iter"
	"net/url"
)

// maxIDList bounds the list of ids in an address, in characters: some servers
// and proxies refuse an address of more than 4,096.
const maxIDList = 3600

// idLists cuts ids into lists that each fit into an address, with at most so
// many ids. No list is empty.
func idLists[T any](ids []T, most int, text func(T) string) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		from, length := 0, 0
		for i, id := range ids {
			added := len(url.QueryEscape(text(id))) + len("%2C")
			if i > from && (i-from == most || length+added > maxIDList) {
				if !yield(ids[from:i:i]) {
					return
				}
				from, length = i, 0
			}
			length += added
		}
		if from < len(ids) {
			yield(ids[from:])
		}
	}
}
