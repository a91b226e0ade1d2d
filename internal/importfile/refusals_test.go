package importfile_test

import (
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/importfile"
)

func TestRefusedFiles(t *testing.T) {
	head, record, _ := strings.Cut(strings.TrimSpace(cells()), "\n")
	valid := head + "\n" + record + "\n"
	long := strings.Repeat(record+"\n", 30_000)
	for _, c := range []struct {
		what, name, content string
		kind                importfile.Kind
		line                int
		words               string
	}{
		{"no extension", "vault", valid, importfile.KindFormat, 0, ".csv, .json, .jsonl, .ndjson"},
		{"xlsx", "a.csv", "PK\x03\x04xxxx", importfile.KindFormat, 0, "Export it as CSV (UTF-8)"},
		{"gzip", "a.json", "\x1f\x8b\x08xxxx", importfile.KindFormat, 0, "Export it as CSV (UTF-8)"},
		{"empty", "a.csv", "", importfile.KindEmpty, 0, "it is empty"},
		{"a BOM alone", "a.csv", "\ufeff \r\n", importfile.KindEmpty, 0, "it is empty"},
		{"white space alone", "a.csv", strings.Repeat("\n", 100_000), importfile.KindEmpty, 0, "white space"},
		{"white space alone, JSON", "a.json", strings.Repeat("\n", 100_000), importfile.KindEmpty, 0, "white space"},
		{"a header alone", "a.csv", head + "\n\n,,,,\n", importfile.KindEmpty, 0, "no rows"},
		{"empty array", "a.json", "[ ]", importfile.KindEmpty, 0, "no rows"},
		{"UTF-16", "a.csv", "\xff\xfep\x00a\x00", importfile.KindEncoding, 0, "UTF-16"},
		{"UTF-16 without BOM", "a.csv", "p\x00a\x00", importfile.KindEncoding, 1, "UTF-16"},
		{"Latin-1 cell", "a.csv", valid + "\n" + strings.Replace(record, "tok", "t\xf6k", 1), importfile.KindEncoding, 4, "not UTF-8"},
		{"Latin-1 header", "a.csv", "stra\xdfe," + valid, importfile.KindEncoding, 1, "not UTF-8"},
		{"Latin-1 in JSON", "a.json", "[{},\n{\"a\":\"\xf6\"}]", importfile.KindEncoding, 2, "not UTF-8"},
		{"old Mac", "a.csv", strings.ReplaceAll(valid, "\n", "\r"), importfile.KindSyntax, 1, "CR alone"},
		{"unbalanced quote at the end", "a.csv", valid + "\"a,b,7,d,e\n" + valid2(head), importfile.KindSyntax, 3, "not balanced"},
		{"unbalanced quote near the start", "a.csv", head + "\n" + strings.ReplaceAll(record, `"`, "") + "\n\"" + strings.ReplaceAll(long, `"`, ""), importfile.KindSyntax, 3, "1 MiB"},
		{"endless cell", "a.csv", valid + strings.Replace(record, "tok", strings.Repeat("x", 1<<20), 1) + "\n", importfile.KindSyntax, 3, "1 MiB"},
		{"quote in a cell", "a.csv", valid + "a\"b,c,7,d,e\n", importfile.KindSyntax, 3, "not balanced"},
		{"header never ends", "a.csv", strings.Repeat("x", 100_000), importfile.KindSyntax, 1, "64 KiB"},
		{"no header line", "a.csv", "4111111111111111,USD,7,credit_card,tok\n", importfile.KindColumns, 1, "must begin with a header line"},
		{"too many columns", "a.csv", strings.Repeat(",", 5000) + "\n", importfile.KindColumns, 1, "5001 cells"},
		{"object", "a.json", "\n{\"data\":[]}", importfile.KindSyntax, 2, "not a JSON array"},
		{"JSON Lines named .json", "a.json", "{}\n{}\n", importfile.KindSyntax, 1, ".jsonl"},
		{"array named .jsonl", "a.jsonl", "[{}]", importfile.KindSyntax, 1, ".json"},
		{"truncated array", "a.json", "[{},\n{}", importfile.KindSyntax, 2, "ends before its array"},
		{"truncated array, comma", "a.json", "[{},\n", importfile.KindSyntax, 2, "ends before its array"},
		{"truncated row", "a.json", "[{},\n{\"a\":\n\"b", importfile.KindSyntax, 2, "ends in the middle"},
		{"garbage behind", "a.json", "[{}]\n\n{}", importfile.KindSyntax, 3, "more behind the end"},
		{"no comma", "a.json", "[{}\n{}]", importfile.KindSyntax, 2, "no comma"},
		{"comma too many", "a.json", "[{},\n]", importfile.KindSyntax, 2, "comma too many"},
		{"malformed row", "a.json", "[{},\n{\"a\":1,\n\"b\" 2}]", importfile.KindSyntax, 3, "no valid JSON"},
		{"wrong brackets", "a.json", "[{},\n{\"a\":[1}]}]", importfile.KindSyntax, 2, "no valid JSON"},
		{"endless row", "a.json", "[{},\n{\"a\":\"" + strings.Repeat("x", 2<<20) + "\"}]", importfile.KindSyntax, 2, "1 MiB"},
		{"endless number", "a.json", "[{},\n" + strings.Repeat("1", 2<<20) + "]", importfile.KindSyntax, 2, "1 MiB"},
		{"malformed line", "a.jsonl", "{}\n\n{\"a\":}\n", importfile.KindSyntax, 3, "no valid JSON"},
		{"two on a line", "a.jsonl", "{}\n{} {}\n", importfile.KindSyntax, 2, "no valid JSON"},
		{"truncated line", "a.jsonl", "{}\n{\"a\":\"b", importfile.KindSyntax, 2, "no valid JSON"},
		{"endless line", "a.jsonl", "{}\n{\"a\":\"" + strings.Repeat("x", 2<<20) + "\"}", importfile.KindSyntax, 2, "1 MiB"},
		{"deep", "a.json", "[{},\n" + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000) + "]", importfile.KindSyntax, 2, "no valid JSON"},
	} {
		t.Run(c.what, func(t *testing.T) {
			e := refused(t, c.name, c.content, importfile.Options{})
			if e.Kind != c.kind || e.Line != c.line || !strings.Contains(e.Error(), c.words) {
				t.Errorf("kind %s, line %d: %s", e.Kind, e.Line, e)
			}
			if strings.Contains(e.Error(), "4111111111111111") || !strings.Contains(e.Error(), `"`+c.name+`"`) {
				t.Errorf("it tells a card number, or not the file: %s", e)
			}
		})
	}
}

func valid2(head string) string { return strings.Repeat("a,b,7,d,e\n", strings.Count(head, ",")) }

func TestRefusedColumns(t *testing.T) {
	const needed = "payment_method_id,currency_code,customer_id,instrument.type,instrument.vault_token"
	for _, c := range []struct {
		what, header      string
		columns, defaults map[string]string
		words             []string
		not               string
	}{
		{"unknown", needed + ",vault_tok,Vault Token,frobnicate", nil, nil, []string{
			`"vault_tok" is no field (did you mean instrument.vault_token?)`,
			`"Vault Token" is no field (did you mean instrument.vault_token?)`,
			`"frobnicate" is no field.`, `map a name to "-" to ignore it`}, ""},
		{"last segment", needed + ",last_4,first_name,trusted_shipping_addresses.12.city", nil, nil, []string{
			"instrument.last_4", "billing_address.first_name", "did you mean trusted_shipping_addresses.1.city or"}, ""},
		{"ambiguous", needed + ",email", nil, nil, []string{"did you mean instrument.email or billing_address.email?"}, ""},
		{"duplicate", needed + ",customer_id", nil, nil, []string{`"customer_id" stands there twice`}, ""},
		{"duplicate unknown", needed + ",foo,foo", nil, nil, []string{`"foo" is no field`}, ""},
		{"empty", needed + ",", nil, nil, []string{"column 6 has no header"}, ""},
		{"two for one", needed + ",id", map[string]string{"id": "customer_id"}, nil, []string{`"customer_id" and "id" are both for customer_id`}, ""},
		{"index both ways", needed + ",trusted_shipping_addresses.0.city,trusted_shipping_addresses[0].city", nil, nil, []string{"are both for trusted_shipping_addresses.0.city"}, ""},
		{"mapped header absent", needed + ",Token2", map[string]string{"Token2": "-", "Token1": "instrument.brand"}, nil, []string{`"Token1", a header that the file does not have (did you mean "Token2"?)`}, ""},
		{"mapped to no field", needed + ",x", map[string]string{"x": "instrument.brnd"}, nil, []string{`"instrument.brnd", which is no field (did you mean instrument.brand?)`}, ""},
		{"default for no field", needed, nil, map[string]string{"currency": "USD"}, []string{`default "currency" is for no field`}, ""},
		{"default that cannot be read", needed, nil, map[string]string{"instrument.expiry_month": "4711x"}, []string{"default of instrument.expiry_month must be a whole number"}, "4711x"},
		{"default of whose it is", "payment_method_id,currency_code,instrument.type", nil, map[string]string{"customer_id": "7", "instrument.vault_token": "x"},
			[]string{"customer_id cannot have a default", "instrument.vault_token cannot have a default", "needs: map one to it with columns; "}, "7"},
		{"all names at once", needed + ",q" + strings.Join(strings.Split("abcdefghijklmnopqrstuvwxyz", ""), ",q"), nil, nil, []string{`"qa" is no field`, `"qz" is no field`, "The fields are customer_id, default_instrument,", "trusted_shipping_addresses.0.first_name and so on."}, "more"},
		{"required", "currency_code,customer_id", nil, map[string]string{"instrument.type": "credit_card", "instrument.vault_token": ""},
			[]string{"no column is payment_method_id", "no column is instrument.vault_token"}, "is instrument.type"},
		{"CVV", needed + ",Card CVV", nil, nil, []string{"may never be stored"}, "is no field"},
		{"CVV ignored", needed + ",cvc", map[string]string{"cvc": "-"}, nil, []string{"may never be stored"}, ""},
		{"untrusted text", needed + ",4111 1111 1111 1111,\"a\x1b[31m\nb\"," + strings.Repeat("é", 100), nil, nil,
			[]string{"[card number removed]", `"a [31m b"`, strings.Repeat("é", 64) + `..."`}, "4111"},
	} {
		t.Run(c.what, func(t *testing.T) {
			e := refused(t, "a.csv", c.header+"\n1,2,3,4,5,6,7\n", importfile.Options{Columns: c.columns, Defaults: c.defaults})
			if e.Kind != importfile.KindColumns || e.Line != 1 {
				t.Errorf("kind %s, line %d", e.Kind, e.Line)
			}
			for _, words := range c.words {
				if !strings.Contains(e.Error(), words) {
					t.Errorf("%s\ndoes not say %s", e, words)
				}
			}
			if c.what == "duplicate unknown" && len(e.Details) != 1 {
				t.Errorf("%s\nsays it more than once", e)
			}
			if c.not != "" && strings.Contains(e.Error(), c.not) || strings.ContainsAny(e.Error(), "\x1b\n") {
				t.Errorf("%s\nmust not say %q", e, c.not)
			}
		})
	}
	spaced := "a "
	if e := refused(t, "a.json", "[{}]", importfile.Options{Columns: map[string]string{"a": "-", spaced: "customer_id"}}); !strings.Contains(e.Error(), `"a" twice`) {
		t.Errorf("one name twice: %s", e)
	}
	for name, columns := range map[string]map[string]string{
		"may never be stored": {"card.cvv": "-"}, "which is no field": {"a": "b"}, "is empty": {"": "-"},
	} {
		if e := refused(t, "a.json", "[{}]", importfile.Options{Columns: columns}); e.Kind != importfile.KindColumns || !strings.Contains(e.Error(), name) {
			t.Errorf("JSON columns: %s, want %s", e, name)
		}
	}
}

func TestIgnoredDuplicatesAndEmptyHeaders(t *testing.T) {
	o := importfile.Options{Columns: map[string]string{"note": "-", "": "-"}}
	content := strings.Replace(cells("note=x"), "\n", ",note,\n", 1)
	content = strings.TrimSuffix(content, "\n") + ",y,z\n"
	if rows := rowsOf(t, open(t, "a.csv", content, o)); len(rows) != 1 || len(rows[0].Problems) > 0 {
		t.Errorf("%+v", rows)
	}
}
