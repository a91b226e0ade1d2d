package ledger

import (
	"context"
	"database/sql"
)

// querier is the database, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each hands every row that a query finds to f, until f fails.
func each(ctx context.Context, q querier, f func(*sql.Rows) error, query string, args ...any) error {
	found, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		if err := f(found); err != nil {
			return err
		}
	}
	return found.Err()
}

// collect reads every row that a query finds. Its query must bound them.
func collect[T any](ctx context.Context, q querier, read func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := each(ctx, q, func(found *sql.Rows) error {
		value, err := read(found)
		all = append(all, value)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// single reads a row of one column.
func single[T any](found *sql.Rows) (value T, err error) {
	err = found.Scan(&value)
	return value, err
}

// countBy reads rows of a key and how many there are of it.
func countBy[K comparable](ctx context.Context, q querier, query string, args ...any) (map[K]int, error) {
	counts := make(map[K]int)
	err := each(ctx, q, func(found *sql.Rows) error {
		var key K
		var n int
		err := found.Scan(&key, &n)
		counts[key] = n
		return err
	}, query, args...)
	return counts, err
}
