package importfile_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/importfile"
)

// readBoth reads a file of any content and holds what has to be true of each:
// typed refusals, rows in order, and the same rows by their offsets.
func readBoth(t *testing.T, root *os.Root, name, content string) {
	if err := root.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := importfile.Open(root, name, importfile.Options{
		Defaults: map[string]string{"billing_address.country_code": "US"}})
	var e *importfile.Error
	if err != nil {
		if !errors.As(err, &e) || e.Kind == "" || e.File == "" || e.What == "" {
			t.Fatalf("refused with %#v", err)
		}
		return
	}
	defer file.Close()
	var rows []importfile.Row
	before := int64(-1)
	for row, err := range file.Rows() {
		if err != nil {
			if !errors.As(err, &e) || e.Line == 0 || e.Line > 1+strings.Count(content, "\n") {
				t.Fatalf("refused with %v", err)
			}
			break
		}
		if row.Offset <= before || row.Number != len(rows)+1 || row.Line < 1+strings.Count(content[:row.Offset], "\n") {
			t.Fatalf("row %d at %d, line %d, is out of order", row.Number, row.Offset, row.Line)
		}
		before = row.Offset
		rows = append(rows, row)
	}
	sameAgain(t, file, rows)
}

func FuzzCSV(f *testing.F) {
	f.Add(header + "\n1,2,3,4,5,6,7,8,9,10,11\n\n,,\n\"a\r\n\"\"\",b")
	f.Add("\ufeff" + strings.ReplaceAll(cells("instrument.iin=4.11E+05"), "\n", "\r\n"))
	f.Add(strings.ReplaceAll(cells(), ",", ";") + "x\"")
	f.Add(strings.ReplaceAll(cells(), ",", "\t"))
	f.Add("\"")
	f.Add("customer_id\r7")
	root := folder(f, "a.csv", "")
	f.Fuzz(func(t *testing.T, content string) {
		readBoth(t, root, "a.csv", content)
		// Headers are found by chance too seldom.
		readBoth(t, root, "a.csv", cells()+content)
	})
}

func FuzzJSON(f *testing.F) {
	f.Add(`[{"customer_id":1,"instrument":{"last_4":"\u0030"},"trusted_shipping_addresses":[{"city":"x"}]}]`)
	f.Add(`[{"a":[{"b":"\"]}"}]} , -1.5e3,null,"x",[[]]]`)
	f.Add("{\"customer_id\":\"1\"}\n\n {} \n")
	f.Add(`[{"instrument.iin":"a","instrument":{"iin":"b","iin":1}},{]`)
	f.Add("[\n\n")
	root := folder(f, "a.csv", "")
	f.Fuzz(func(t *testing.T, content string) {
		readBoth(t, root, "a.json", content)
		readBoth(t, root, "a.json", "["+content+"]")
		readBoth(t, root, "a.jsonl", content)
	})
}

// TestRandomFiles is a short walk of the same kind that every test run takes.
func TestRandomFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	csvParts := []string{`"`, `""`, ",", ";", "\n", "\r\n", "\r", "tok", "é", " ", "\t", "7", "1.0", "a,USD,7,credit_card,tok\n", `"x` + "\n" + `y"`}
	jsonParts := []string{"{", "}", "[", "]", ",", ":", `"`, `\"`, `\`, "\n", " ", "null", "1", `"customer_id":7`, `{"customer_id":7}`, `"instrument":{"iin":"1"}`, "é"}
	root := folder(t, "a.csv", "")
	for range 300 {
		readBoth(t, root, "a.csv", cells()+random(r, csvParts))
		readBoth(t, root, "a.json", "["+random(r, jsonParts)+"]")
		readBoth(t, root, "a.jsonl", random(r, jsonParts))
	}
}

func random(r *rand.Rand, parts []string) string {
	var b strings.Builder
	for range r.IntN(30) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}
