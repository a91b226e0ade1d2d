// Package plan checks the rows of an import and records them in a job that has
// none yet. It sends nothing.
package plan

import (
	"context"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importer/job"
	"bigcommerce-payments-mcp/internal/ledger"
)

// chunk is how many rows are checked before they are recorded.
const chunk = 2000

// Client is what a plan needs of the API.
type Client interface {
	ImportMethods(ctx context.Context, currencyCode string) ([]bcapi.ImportMethod, error)
	Customers(ctx context.Context, ids []int64) ([]bcapi.Customer, error)
}

// Config is what a plan works with.
type Config struct {
	Client  Client
	Checker *check.Checker
	Ledger  *ledger.Ledger
	Options job.Options
}

// Check checks every row and records what it finds in a job that has no rows
// yet: rows with problems, rows that repeat an earlier one, rows that are in
// already, and rows to send. progress is told of rows checked.
func Check(ctx context.Context, c Config, num int64, rows job.Rows, progress func(checked int)) error {
	p := planner{Config: c, num: num, methods: make(methods)}
	err := rows.Each(ctx, c.Checker, func(row job.Checked) error {
		if err := p.add(ctx, row); err != nil || len(p.pending) < chunk {
			return err
		}
		progress(row.Row)
		return p.flush(ctx)
	})
	if err != nil {
		return err
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	if err := c.Ledger.Relate(ctx, num, c.Options.SharedProviderCustomers); err != nil {
		return err
	}
	return c.Ledger.SettleFollowers(ctx, num)
}

// planner is one plan under way.
type planner struct {
	Config
	num     int64
	methods methods
	pending []ledger.NewRow
	emails  []string // of pending's billing addresses
}

func (p *planner) add(ctx context.Context, row job.Checked) error {
	verdict := row.Verdict
	if verdict.OK() {
		available, err := p.methods.of(ctx, p.Client, row.Import.CurrencyCode)
		if err != nil {
			return err
		}
		checkMethod(available, row.Import, &verdict)
	}
	keys, err := p.Ledger.Keys(check.Provider(row.Import.PaymentMethodID), row.Import)
	if err != nil {
		return err
	}
	customer := row.Import.CustomerID
	if customer < 1 || customer > check.MaxCustomerID {
		customer = 0
	}
	p.pending = append(p.pending, ledger.NewRow{
		Row: row.Row, Place: row.Offset, CustomerID: customer, Type: row.Import.Instrument.Type,
		Default: row.Import.DefaultInstrument != nil && *row.Import.DefaultInstrument,
		Keys:    keys, Problems: verdict.Problems, Warnings: verdict.Warnings,
	})
	p.emails = append(p.emails, row.Import.BillingAddress.Email)
	return nil
}

func (p *planner) flush(ctx context.Context) error {
	if p.Options.VerifyCustomers {
		if err := p.verifyCustomers(ctx); err != nil {
			return err
		}
	}
	err := p.Ledger.AddRows(ctx, p.num, p.pending)
	p.pending, p.emails = p.pending[:0], p.emails[:0]
	return err
}
