package importfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bigcommerce-payments-mcp/bcapi"
	"bigcommerce-payments-mcp/internal/check"
	"bigcommerce-payments-mcp/internal/importfile"
)

// folder is an import directory that holds one file.
func folder(t testing.TB, name, content string) *os.Root {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

func open(t testing.TB, name, content string, o importfile.Options) *importfile.File {
	t.Helper()
	file, err := importfile.Open(folder(t, name, content), name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func rowsOf(t testing.TB, file *importfile.File) (rows []importfile.Row) {
	t.Helper()
	for row, err := range file.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// refused opens and reads a file that has to be refused.
func refused(t testing.TB, name, content string, o importfile.Options) *importfile.Error {
	t.Helper()
	file, err := importfile.Open(folder(t, name, content), name, o)
	if err == nil {
		defer file.Close()
		for _, err = range file.Rows() {
			if err != nil {
				break
			}
		}
	}
	var e *importfile.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a refusal", err)
	}
	return e
}

func ptr[T any](v T) *T { return &v }

const header = "payment_method_id,currency_code,customer_id,instrument.type,instrument.vault_token,instrument.expiry_month," +
	"instrument.expiry_year,instrument.last_4,default_instrument,billing_address.city,trusted_shipping_addresses[1].city"

var wantRow = bcapi.ImportRow{
	PaymentMethodID: "braintree.credit_card", CurrencyCode: "USD", CustomerID: 7,
	Instrument: bcapi.ImportInstrument{Type: bcapi.CreditCard, VaultToken: "tok1",
		ExpiryMonth: ptr(11), ExpiryYear: ptr(2028), Last4: "0042"},
	BillingAddress:           bcapi.Address{City: "Zürich, \"old\"\ntown"},
	TrustedShippingAddresses: []bcapi.Address{{City: "Bern"}},
	DefaultInstrument:        ptr(true),
}

func TestFormatsAgree(t *testing.T) {
	record := `braintree.credit_card,USD,7,credit_card,tok1,11,2028,0042,Yes,"Zürich, ""old""` + "\n" + `town",Bern`
	object := `{"payment_method_id":"braintree.credit_card","currency_code":"USD","customer_id":7,
		"instrument":{"type":"credit_card","vault_token":"tok1","expiry_month":11,"expiry_year":2028,"last_4":"0042","iin":null,"brand":""},
		"billing_address":{"city":"Z\u00fcrich, \"old\"\ntown"},"trusted_shipping_addresses":[{},{"city":"Bern"}],"default_instrument":true}`
	flat := strings.ReplaceAll(object, "\n", " ")
	tabs := strings.NewReplacer(",", "\t").Replace
	for _, c := range []struct{ what, name, content string }{
		{"comma", "a.csv", header + "\n" + record + "\n"},
		{"no last line break", "a.csv", header + "\n" + record},
		{"CRLF, BOM, blank lines, empty records", "a.CSV", "\ufeff" + strings.ReplaceAll("\n"+header+"\n\n,,,,,,\n"+record+"\n , ,\n", "\n", "\r\n")},
		{"semicolon", "a.csv", strings.ReplaceAll(header, ",", ";") + "\n" + strings.NewReplacer("d,", "d;", "D,", "D;", "7,", "7;", "1,", "1;", "8,", "8;", "2,", "2;", "s,", "s;", `",`, `";`).Replace(record)},
		{"tab, spaces around headers", "a.csv", " " + tabs(strings.ReplaceAll(header, ",", " , ")) + "\n" +
			strings.Replace(tabs(record), "Zürich\t", "Zürich,", 1)},
		{"array", "a.json", " [ " + object + " ] \n"},
		{"array with BOM", "a.json", "\ufeff\r\n[" + object + "]"},
		{"lines", "a.jsonl", "\n" + flat + "\n\n"},
		{"lines, CRLF, no last line break", "a.ndjson", "\ufeff\r\n" + flat + "\r\n \r\n" + flat},
	} {
		t.Run(c.what, func(t *testing.T) {
			file := open(t, c.name, c.content, importfile.Options{})
			rows := rowsOf(t, file)
			if len(rows) == 0 {
				t.Fatal("no rows")
			}
			for i, row := range rows {
				if diff := cmp.Diff(wantRow, row.Row); diff != "" || len(row.Problems) > 0 || row.Number != i+1 {
					t.Errorf("row %d: %v\n%s", row.Number, row.Problems, diff)
				}
				if line := 1 + strings.Count(c.content[:row.Offset], "\n"); row.Line < line || row.Line > line+2 {
					t.Errorf("row %d is said to begin on line %d, but its offset is on line %d", row.Number, row.Line, line)
				}
			}
			sameAgain(t, file, rows)
		})
	}
}

// sameAgain holds that ReadAt gives each row as Rows did.
func sameAgain(t testing.TB, file *importfile.File, rows []importfile.Row) {
	t.Helper()
	for _, want := range rows {
		got, err := file.ReadAt(want.Offset, want.Number)
		if err != nil {
			t.Fatalf("row %d: %v", want.Number, err)
		}
		want.Line = 0
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("row %d read again differs: %s", want.Number, diff)
		}
	}
}

func TestColumnsAndDefaults(t *testing.T) {
	const spaced = " cust "
	o := importfile.Options{
		Columns: map[string]string{spaced: "customer_id", "token": "instrument.vault_token", "pay.last4": "instrument.last_4",
			"memo": "-", "meta": "", "town": "trusted_shipping_addresses[0].city"},
		Defaults: map[string]string{"payment_method_id": "stripe.credit_card", "currency_code": "USD", "instrument.type": "credit_card"},
	}
	want := bcapi.ImportRow{PaymentMethodID: "stripe.credit_card", CurrencyCode: "EUR", CustomerID: 5,
		Instrument:               bcapi.ImportInstrument{Type: "credit_card", VaultToken: "t", Last4: "0001"},
		TrustedShippingAddresses: []bcapi.Address{{City: "Rome"}}}
	for name, content := range map[string]string{
		"a.csv": "cust,token,pay.last4,memo,meta,currency_code,town,payment_method_id\n5,t,0001,x,y,EUR,Rome,\n",
		"a.json": `[{"cust":5,"token":"t","pay":{"last4":"0001"},"memo":{"a":[1,"]"]},"meta":true,"currency_code":"EUR",
			"town":"Rome","payment_method_id":null}]`,
	} {
		rows := rowsOf(t, open(t, name, content, o))
		if len(rows) != 1 || len(rows[0].Problems) > 0 || !cmp.Equal(want, rows[0].Row) {
			t.Errorf("%s: %v %s", name, rows[0].Problems, cmp.Diff(want, rows[0].Row))
		}
	}
}

func TestJudge(t *testing.T) {
	c := check.New(check.Options{Now: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }})
	good := "braintree.credit_card,USD,7,credit_card,tok1,11,2028,0042,,,"
	for _, test := range []struct{ record, want string }{
		{good + "", "instrument.brand"},
		{strings.Replace(good, "11,2028", "Nov,2028", 1), "instrument.expiry_month instrument.brand"},
		{strings.Replace(good, ",7,", ",7.0,", 1), "customer_id instrument.brand"},
		{good + ",", ""},
	} {
		row := rowsOf(t, open(t, "a.csv", header+"\n"+test.record+"\n", importfile.Options{}))[0]
		var fields []string
		for _, p := range row.Judge(c).Problems {
			fields = append(fields, p.Field)
		}
		if got := strings.Join(fields, " "); got != test.want {
			t.Errorf("%s: refused for %q, want %q", test.record, got, test.want)
		}
		if row.Row.CustomerID != 7 {
			t.Errorf("%s: customer %d, want 7", test.record, row.Row.CustomerID)
		}
	}
}

func TestOffsetsOfManyRows(t *testing.T) {
	var b strings.Builder
	b.WriteString(header + "\r\n")
	for i := range 3000 {
		fmt.Fprintf(&b, "m.x,USD,%d,credit_card,tok%d,1,2030,1234,no,\"%s\",\r\n", i+1, i, strings.Repeat("é\r\n,", i%50))
		if i%97 == 0 {
			b.WriteString("\r\n,,,\r\n")
		}
	}
	file := open(t, "a.csv", b.String(), importfile.Options{})
	rows := rowsOf(t, file)
	if len(rows) != 3000 {
		t.Fatalf("%d rows", len(rows))
	}
	sameAgain(t, file, rows)
	for i, row := range rows {
		if row.Row.CustomerID != int64(i+1) || row.Number != i+1 {
			t.Fatalf("row %d is of customer %d", row.Number, row.Row.CustomerID)
		}
	}
}

// TestEndlessRows holds that what never ends is not read to the end of the file
// before it is refused.
func TestEndlessRows(t *testing.T) {
	for name, begin := range map[string]string{
		"a.csv": cells() + "\"", "a.json": "[{},{\"a\":\"", "b.json": "[{}, 1", "a.jsonl": "{}\n{\"a\":\"",
	} {
		content := begin + strings.Repeat("1", 64<<20)
		root := folder(t, name, content)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		file, err := importfile.Open(root, name, importfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, err = range file.Rows() {
		}
		runtime.ReadMemStats(&after)
		_ = file.Close()
		if used := after.TotalAlloc - before.TotalAlloc; kindOf(err) != importfile.KindSyntax || used > 16<<20 {
			t.Errorf("%s: %v, with %d MiB of memory", name, err, used>>20)
		}
	}
}

func TestRowsDoNotLeakIntoEachOther(t *testing.T) {
	full := "m.x,USD,1,credit_card,t1,1,2030,1234,no,Rome,Bern\n"
	rows := rowsOf(t, open(t, "a.csv", header+"\n"+full+"m.x,USD,2,,,,,,,,\n"+strings.Replace(full, "Bern", "", 1), importfile.Options{}))
	want := bcapi.ImportRow{PaymentMethodID: "m.x", CurrencyCode: "USD", CustomerID: 2}
	if !cmp.Equal(rows[1].Row, want) || rows[2].Row.TrustedShippingAddresses != nil || rows[2].Row.BillingAddress.City != "Rome" {
		t.Errorf("%+v", rows[1:])
	}
	if rows[0].Row.TrustedShippingAddresses[0].City != "Bern" {
		t.Error("a later row changed an earlier one")
	}
	rows = rowsOf(t, open(t, "a.json", `[{"trusted_shipping_addresses":[{"city":"A"},{"city":"B"}]},{"trusted_shipping_addresses":[{"phone":"1"}]}]`, importfile.Options{}))
	if diff := cmp.Diff([]bcapi.Address{{Phone: "1"}}, rows[1].Row.TrustedShippingAddresses); diff != "" {
		t.Error(diff)
	}
}
