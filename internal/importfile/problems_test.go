package importfile_test

import (
	"fmt"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/importfile"
)

// cells makes a CSV of one row out of the fields that every row needs and some
// more, "path=text".
func cells(changes ...string) string {
	paths := []string{"payment_method_id", "currency_code", "customer_id", "instrument.type", "instrument.vault_token"}
	values := map[string]string{"payment_method_id": "braintree.credit_card", "currency_code": "USD", "customer_id": "7",
		"instrument.type": "credit_card", "instrument.vault_token": "tok"}
	for _, change := range changes {
		path, text, _ := strings.Cut(change, "=")
		if _, has := values[path]; !has {
			paths = append(paths, path)
		}
		values[path] = text
	}
	record := make([]string, len(paths))
	for i, path := range paths {
		record[i] = `"` + strings.ReplaceAll(values[path], `"`, `""`) + `"`
	}
	return strings.Join(paths, ",") + "\n" + strings.Join(record, ",") + "\n"
}

func TestCSVProblems(t *testing.T) {
	const spreadsheet, date = "rewritten by a spreadsheet", "looks like a date"
	for _, c := range []struct {
		field, text string
		message     string // "" for none
		customer    int64
	}{
		{"customer_id", "4.11E+05", spreadsheet, 0},
		{"customer_id", "4,11E+05", spreadsheet, 0},
		{"customer_id", "12.0", spreadsheet, 12},
		{"customer_id", "1,234", spreadsheet, 0},
		{"customer_id", "1.234.567", spreadsheet, 0},
		{"customer_id", "#REF!", spreadsheet, 0},
		{"customer_id", "guest", "whole number", 0},
		{"customer_id", "+7", "whole number", 0},
		{"customer_id", " 7", "whole number", 0},
		{"customer_id", "99999999999999999999", "whole number", 0},
		{"customer_id", "007", "", 7},
		{"customer_id", "", "", 0},
		{"instrument.vault_token", "4.11E+15", spreadsheet, 7},
		{"instrument.vault_token", "4e56", "", 7},
		{"instrument.vault_token", "pm-1E-x", "", 7},
		{"instrument.vault_token", "4.1e56", "", 7},
		{"instrument.vault_token", "12345.0", spreadsheet, 7},
		{"instrument.vault_token", "a\ufffdb", "lost in a conversion", 7},
		{"instrument.provider_customer_id", "1,234,567", spreadsheet, 7},
		{"instrument.provider_customer_id", "1.234", "", 7},
		{"instrument.last_4", "42", "leading zeros", 7},
		{"instrument.last_4", "0042", "", 7},
		{"instrument.expiry_month", "Dec-27", date, 7},
		{"instrument.expiry_month", "12/27", date, 7},
		{"instrument.expiry_year", "2027-12-01", date, 7},
		{"instrument.expiry_year", "2027.0", spreadsheet, 7},
		{"instrument.expiry_year", "soon", "whole number", 7},
		{"instrument.expiry_year", "27", "", 7},
		{"default_instrument", "YES", "", 7},
		{"default_instrument", "0", "", 7},
		{"default_instrument", "maybe", "true or false", 7},
		{"billing_address.postal_code", "1.0", "", 7},
	} {
		t.Run(c.field+"="+c.text, func(t *testing.T) {
			row := rowsOf(t, open(t, "a.csv", cells(c.field+"="+c.text, "billing_address.city=Rome"), importfile.Options{}))[0]
			if row.Row.CustomerID != c.customer || row.Row.BillingAddress.City != "Rome" {
				t.Errorf("what could be read is %+v", row.Row)
			}
			expectProblem(t, row, c.field, c.message, c.text)
		})
	}
}

// expectProblem holds that a row has one problem, or none if message is "",
// and that the value is not told.
func expectProblem(t *testing.T, row importfile.Row, field, message, value string) {
	t.Helper()
	if message == "" {
		if len(row.Problems) > 0 {
			t.Errorf("problems %v, want none", row.Problems)
		}
		return
	}
	if len(row.Problems) != 1 || row.Problems[0].Field != field || !strings.Contains(row.Problems[0].Message, message) {
		t.Fatalf("problems %v, want %s: %s", row.Problems, field, message)
	}
	if len(value) > 3 && strings.Contains(row.Problems[0].Message, value) {
		t.Errorf("the message tells the value: %v", row.Problems)
	}
}

func TestWrongNumberOfCells(t *testing.T) {
	head, record, _ := strings.Cut(strings.TrimSpace(cells()), "\n")
	for _, c := range []struct {
		record, message string
		customer        int64
	}{
		{record + ",x", "has 6 cells, but the header has 5", 7},
		{"a,b", "has 2 cells, but the header has 5", 0},
		{"a,b,8", "has 3 cells, but the header has 5", 8},
	} {
		rows := rowsOf(t, open(t, "a.csv", head+"\n"+c.record+"\n"+record+"\n", importfile.Options{}))
		expectProblem(t, rows[0], "", c.message, "")
		if got := (bcapi.ImportRow{CustomerID: c.customer}); fmt.Sprint(rows[0].Row) != fmt.Sprint(got) {
			t.Errorf("the row is %+v, want only the customer %d", rows[0].Row, c.customer)
		}
		if len(rows) != 2 || len(rows[1].Problems) > 0 {
			t.Error("the row after it is not read")
		}
	}
}

func TestJSONProblems(t *testing.T) {
	columns := map[string]string{"memo": "-", "id2": "customer_id"}
	for _, c := range []struct{ object, field, message string }{
		{`{"customer_id":"7"}`, "customer_id", "without quotes"},
		{`{"customer_id":7.0}`, "customer_id", "spreadsheet"},
		{`{"customer_id":7,"instrument":{"last_4":42}}`, "instrument.last_4", "must be a string"},
		{`{"customer_id":7,"instrument":{"expiry_month":{}}}`, "instrument.expiry_month", "whole number"},
		{`{"customer_id":7,"instrument":"x"}`, "instrument", "must be an object"},
		{`{"customer_id":7,"instrument":[{}]}`, "instrument", "must be an object"},
		{`{"customer_id":7,"default_instrument":"true"}`, "default_instrument", "without quotes"},
		{`{"customer_id":7,"default_instrument":1}`, "default_instrument", "without quotes"},
		{`{"customer_id":7,"currency_code":null,"instrument":null}`, "", ""},
		{`{"customer_id":7,"instrument":{"vault_tokn":"x"}}`, "instrument.vault_tokn", "did you mean instrument.vault_token?"},
		{`{"customer_id":7,"vaultToken":"x"}`, "vaultToken", "did you mean instrument.vault_token?"},
		{`{"customer_id":7,"instrument":{"colour":"x"}}`, "instrument.colour", "has: brand, email"},
		{`{"customer_id":7,"colour":{"deep":[1,{"a":"]}"}]}}`, "colour", "is no field; to ignore it"},
		{`{"customer_id":7,"4111111111111111":1}`, "[card number removed]", "is no field"},
		{`{"customer_id":7,"instrument":{"cvv":"123"}}`, "instrument.cvv", "may never be stored"},
		{`{"customer_id":7,"memo":{"cvv":1}}`, "memo", "may never be stored"},
		{`{"customer_id":7,"memo":["4111 1111 1111 1111"]}`, "memo", "looks like a card number"},
		{`{"customer_id":7,"memo":"fine"}`, "", ""},
		{`{"customer_id":7,"customer_id":8}`, "customer_id", "stands there twice"},
		{`{"customer_id":7,"instrument":{"brand":"a"},"instrument":{"email":"b"}}`, "instrument", "stands there twice"},
		{`{"customer_id":7,"id2":8}`, "customer_id", "given twice, under two names"},
		{`{"customer_id":7,"instrument.brand":"a","instrument":{"brand":"b"}}`, "instrument.brand", "stands there twice"},
		{`{"customer_id":7,"trusted_shipping_addresses":{}}`, "trusted_shipping_addresses", "must be an array"},
		{`{"customer_id":7,"trusted_shipping_addresses":[1]}`, "trusted_shipping_addresses[0]", "must be an object"},
		{`{"customer_id":7,"trusted_shipping_addresses":[{},{"city":5}]}`, "trusted_shipping_addresses[1].city", "must be a string"},
		{`{"customer_id":7,"trusted_shipping_addresses":[{},{},{},{},{},{},{},{},{},{},{},{}]}`, "trusted_shipping_addresses", "more than 10"},
		{`{"customer_id":7,"instrument":{"vault_token":"a\ud800"}}`, "instrument.vault_token", "lost in a conversion"},
		{`[1,2]`, "", "is not a JSON object"},
		{`"text with ] and , in it"`, "", "is not a JSON object"},
		{`-12.5e3`, "", "is not a JSON object"},
		{`null`, "", "is not a JSON object"},
	} {
		for _, form := range []string{"a.json", "a.jsonl"} {
			t.Run(form+" "+c.object, func(t *testing.T) {
				content := "{}\n" + c.object + "\n{}\n"
				if form == "a.json" {
					content = "[{}," + c.object + " , {}]"
				}
				file := open(t, form, content, importfile.Options{Columns: columns})
				rows := rowsOf(t, file)
				sameAgain(t, file, rows)
				if len(rows) != 3 {
					t.Fatalf("%d rows", len(rows))
				}
				row := rows[1]
				expectProblem(t, row, c.field, c.message, "")
				if c.object[0] == '{' && row.Row.CustomerID != 7 {
					t.Errorf("customer %d, want 7", row.Row.CustomerID)
				}
			})
		}
	}
}

func TestManyUnknownKeys(t *testing.T) {
	var b strings.Builder
	b.WriteString(`[{"customer_id":7`)
	for i := range 20_000 {
		fmt.Fprintf(&b, `,"instrument_vault_%d":1`, i)
	}
	b.WriteString("}]")
	row := rowsOf(t, open(t, "a.json", b.String(), importfile.Options{}))[0]
	if n := len(row.Problems); n == 0 || n > 20 || row.Row.CustomerID != 7 {
		t.Errorf("%d problems, customer %d", n, row.Row.CustomerID)
	}
}

func TestIgnoredColumnWithCardNumber(t *testing.T) {
	o := importfile.Options{Columns: map[string]string{"old": "-"}}
	row := rowsOf(t, open(t, "a.csv", cells("old=4111-1111-1111-1111"), o))[0]
	expectProblem(t, row, "old", "looks like a card number", "4111-1111-1111-1111")
}
