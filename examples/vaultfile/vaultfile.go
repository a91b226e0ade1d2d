// Package vaultfile makes files such as a gateway exports of its vault, of any
// length, for trying imports out. The shoppers, their instruments and tokens
// are made up; no card number is among them. The same options make the same
// file.
package vaultfile

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
)

// Format is how a file holds its rows.
type Format string

// The formats.
const (
	CSV   Format = "csv"
	JSON  Format = "json"  // one array
	JSONL Format = "jsonl" // one object on each line
)

// Options say what to make.
type Options struct {
	Rows   int
	Seed   uint64
	Format Format  // of Write; "" is CSV
	Bad    float64 // how many rows are to be bad, in percent
}

// Customers is how many shoppers there are; their ids begin at 1.
const Customers = 100_000

// columns are the fields of a file, in their order: numbers are kept apart by
// words, lest neighbours add up to what looks like a card number.
var columns = [...]string{
	"payment_method_id", "currency_code", "customer_id", "default_instrument",
	"instrument.type", "instrument.vault_token", "instrument.brand", "instrument.provider_customer_id",
	"instrument.email", "instrument.issuer", "instrument.expiry_month", "instrument.expiry_year",
	"instrument.masked_account_number",
	"billing_address.first_name", "billing_address.last_name",
	"instrument.last_4", "billing_address.email", "instrument.iin", "billing_address.company",
	"billing_address.street_1", "billing_address.street_2", "billing_address.city",
	"billing_address.phone", "billing_address.state_or_province_code",
	"billing_address.postal_code", "billing_address.country_code",
}

// Row is one row of a file.
type Row struct {
	// Fields is what the row holds, by field path; "" where it lacks one.
	Fields map[string]string
	// Bad is what is wrong with the row, or "".
	Bad string
}

// Rows makes the rows one by one. Their maps are only to be read.
func Rows(o Options) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		m := &maker{random: rand.New(rand.NewPCG(o.Seed, 1)), seed: o.Seed} //nolint:gosec // no secret depends on it
		for i := range o.Rows {
			if !yield(m.row(i, o.Bad)) {
				return
			}
		}
	}
}

// Write writes a file of rows to w.
func Write(w io.Writer, o Options) error {
	out := bufio.NewWriterSize(w, 1<<16)
	var write func(io.Writer, iter.Seq[Row]) error
	switch o.Format {
	case "", CSV:
		write = writeCSV
	case JSON:
		write = writeJSON
	case JSONL:
		write = writeJSONL
	default:
		return fmt.Errorf("the format must be %s, %s or %s", CSV, JSON, JSONL)
	}
	if err := write(out, Rows(o)); err != nil {
		return err
	}
	return out.Flush()
}
