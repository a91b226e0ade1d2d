package importer

import (
	"context"
	"slices"
	"strings"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/ledger"
)

// planChunk is how many rows are checked before they are written down.
const planChunk = 2000

// plan checks every row and writes what it finds into the job, which has no
// rows yet. Nothing is sent. progress is told of rows checked.
func (e *engine) plan(ctx context.Context, progress func(done int)) error {
	p := planner{engine: e, ctx: ctx, methods: make(map[string][]bcapi.ImportMethod)}
	err := e.rows.Each(ctx, e.Checker, func(row Judged) error {
		if err := p.add(row); err != nil || len(p.pending) < planChunk {
			return err
		}
		progress(row.Row)
		return p.flush()
	})
	if err != nil {
		return err
	}
	if err := p.flush(); err != nil {
		return err
	}
	if err := e.ledger.Relate(ctx, e.job, e.options.SharedProviderCustomers); err != nil {
		return err
	}
	return e.ledger.SettleFollowers(ctx, e.job)
}

// planner is one plan under way.
type planner struct {
	*engine
	ctx     context.Context
	methods map[string][]bcapi.ImportMethod // by currency: those that an import may use
	pending []ledger.NewRow
	emails  []string // of pending's billing addresses
}

func (p *planner) add(row Judged) error {
	verdict := row.Verdict
	if verdict.OK() {
		if err := p.checkMethod(row.Import, &verdict); err != nil {
			return err
		}
	}
	keys, err := p.ledger.Keys(check.Provider(row.Import.PaymentMethodID), row.Import)
	if err != nil {
		return err
	}
	customer := row.Import.CustomerID
	if customer < 1 || customer > check.MaxCustomerID {
		customer = 0
	}
	p.pending = append(p.pending, ledger.NewRow{
		Row: row.Row, Place: row.Place, CustomerID: customer, Type: row.Import.Instrument.Type,
		Default: row.Import.DefaultInstrument != nil && *row.Import.DefaultInstrument,
		Keys:    keys, Problems: verdict.Problems, Warnings: verdict.Warnings,
	})
	p.emails = append(p.emails, row.Import.BillingAddress.Email)
	return nil
}

func (p *planner) flush() error {
	if p.options.VerifyCustomers {
		if err := p.verifyCustomers(); err != nil {
			return err
		}
	}
	err := p.ledger.AddRows(p.ctx, p.job, p.pending)
	p.pending, p.emails = p.pending[:0], p.emails[:0]
	return err
}

// verifyCustomers looks the customers of the pending rows up, and refuses rows
// whose customer is unknown or has another e-mail address: the sign of a mapping
// that is off.
func (p *planner) verifyCustomers() error {
	asked := make(map[int64]bool)
	var ids []int64
	for _, row := range p.pending {
		if len(row.Problems) == 0 && !asked[row.CustomerID] {
			asked[row.CustomerID] = true
			ids = append(ids, row.CustomerID)
		}
	}
	customers, err := p.Client.Customers(p.ctx, ids)
	if err != nil {
		return err
	}
	emails := make(map[int64]string, len(customers))
	for _, c := range customers {
		emails[c.ID] = c.Email
	}
	for i := range p.pending {
		row := &p.pending[i]
		email, known := emails[row.CustomerID]
		switch {
		case len(row.Problems) > 0:
		case !known:
			row.Problems = []check.Problem{{Field: "customer_id", Message: "is no customer of the store"}}
		case p.emails[i] != "" && !strings.EqualFold(p.emails[i], email):
			row.Problems = []check.Problem{{Field: "billing_address.email", Message: "is not the e-mail address of the store's customer: check which customer the row belongs to"}}
		}
	}
	return nil
}

// checkMethod asks the store, once per currency, which payment method ids an
// import may use: those for charging look alike and are others
// (docs/api-facts.md 2.8, 2.9).
func (p *planner) checkMethod(row *bcapi.ImportRow, verdict *check.Verdict) error {
	methods, known := p.methods[row.CurrencyCode]
	if !known {
		var err error
		if methods, err = p.Client.ImportMethods(p.ctx, row.CurrencyCode); err != nil {
			return err
		}
		p.methods[row.CurrencyCode] = methods
	}
	const field = "payment_method_id"
	at := slices.IndexFunc(methods, func(m bcapi.ImportMethod) bool { return m.ID == row.PaymentMethodID })
	switch {
	case at < 0:
		verdict.Problems = append(verdict.Problems, check.Problem{Field: field, Message: notOneOf(methods)})
	case methods[at].Excludes(row.Instrument.Type):
		verdict.Warnings = append(verdict.Warnings, check.Problem{
			Field: field, Message: "is a method for another type of instrument, as the store tells it: check the id before anything is sent",
		})
	}
	return nil
}

// namedMethods is how many methods a problem names.
const namedMethods = 20

func notOneOf(methods []bcapi.ImportMethod) string {
	if len(methods) == 0 {
		return "is not a method that the store can import in this currency; it has none"
	}
	ids := make([]string, 0, namedMethods)
	for _, m := range methods[:min(len(methods), namedMethods)] {
		ids = append(ids, m.ID)
	}
	return "is not a method that the store can import in this currency; it has: " + strings.Join(ids, ", ")
}
