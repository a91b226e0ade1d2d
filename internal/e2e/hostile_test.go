package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// errorText is what every tool failure holds.
type errorText struct {
	Error struct {
		Code      string `json:"code"`
		Message   string `json:"message"`
		Retryable *bool  `json:"retryable"`
		NextStep  string `json:"next_step"`
		Details   struct {
			Violations []struct {
				Pointer string `json:"pointer"`
				Problem string `json:"problem"`
			} `json:"violations"`
		} `json:"details"`
	} `json:"error"`
	Store struct {
		Hash string `json:"hash"`
		Mode string `json:"mode"`
	} `json:"store"`
}

func (r toolResult) failure(t testing.TB) errorText {
	t.Helper()
	var e errorText
	if err := json.Unmarshal([]byte(r.Content[0].Text), &e); err != nil || e.Error.Code == "" {
		t.Fatalf("not an error: %s", r.Content[0].Text)
	}
	if !r.IsError || r.Structured != nil || e.Error.NextStep == "" || e.Error.Retryable == nil || e.Store.Hash == "" {
		t.Errorf("an incomplete error: %s", r.Content[0].Text)
	}
	return e
}

// row is one good import row, with a change.
func row(customer int, change func(row, instrument, address map[string]any)) map[string]any {
	instrument := map[string]any{
		"type": "credit_card", "vault_token": fmt.Sprintf("vault-%d", customer), "provider_customer_id": fmt.Sprintf("pc-%d", customer),
		"brand": "visa", "expiry_year": 2030, "expiry_month": 11, "last_4": "1111", "iin": "411111",
	}
	address := map[string]any{
		"first_name": "Ada", "last_name": "Sample", "email": "ada@example.com",
		"street_1": "1 Example Road", "city": "Austin", "state_or_province_code": "TX", "country_code": "US", "postal_code": "78701",
	}
	r := map[string]any{
		"payment_method_id": "braintree.credit_card", "currency_code": "USD", "customer_id": customer,
		"instrument": instrument, "billing_address": address,
	}
	if change != nil {
		change(r, instrument, address)
	}
	return r
}

func instruments(rows ...map[string]any) string {
	b, err := json.Marshal(map[string]any{"instruments": rows})
	if err != nil {
		panic(err) // a test's own data
	}
	return string(b)
}

const bulkImport = "bulk_import_instruments"

// TestInvalidArgumentsNameTheField: every violation, by its pointer; nothing is
// sent, and the server lives on.
func TestInvalidArgumentsNameTheField(t *testing.T) {
	p, store := startOnStore(t)
	p.initialize()
	hundredAndOne := make([]map[string]any, 101)
	for i := range hundredAndOne {
		hundredAndOne[i] = row(i+1, nil)
	}
	for i, tt := range []struct {
		tool, arguments string
		pointers        []string
	}{
		{mint, `{}`, []string{"/order_id"}},
		{mint, `{"order_id":0}`, []string{"/order_id"}},
		{mint, `{"order_id":-1}`, []string{"/order_id"}},
		{mint, `{"order_id":2147483648}`, []string{"/order_id"}},
		{mint, `{"order_id":"12"}`, []string{"/order_id"}},
		{mint, `{"order_id":1.5}`, []string{"/order_id"}},
		{mint, `{"order_id":1e2}`, []string{"/order_id"}},
		{mint, `{"order_id":null}`, []string{"/order_id"}},
		{mint, `{"order_id":4111111111111111}`, []string{"/order_id"}},
		{mint, `{"order_id":7,"order_id":8}`, []string{"/order_id"}},
		{mint, `{"Order_ID":7}`, []string{"/Order_ID", "/order_id"}},
		{mint, `{"order_id":7,"is_recurring":"yes","amount":5}`, []string{"/amount", "/is_recurring"}},
		{mint, `{"order_id":7,"cvv":"123"}`, []string{"/cvv"}},
		{mint, `{"order_id":7,"note":"4111 1111 1111 1111"}`, []string{"/note"}},
		{bulkImport, `{}`, []string{""}},
		{bulkImport, `{"instruments":[]}`, []string{"/instruments"}},
		{bulkImport, `{"instruments":"all"}`, []string{"/instruments"}},
		{bulkImport, instruments(hundredAndOne...), []string{"/instruments"}},
		{bulkImport, instruments(row(1, nil), row(2, func(r, _, _ map[string]any) { r["customer_id"] = "2" })), []string{"/instruments/1/customer_id"}},
		{bulkImport, instruments(row(1, func(_, i, _ map[string]any) { i["type"] = "card" })), []string{"/instruments/0/instrument/type"}},
		{bulkImport, instruments(row(1, func(_, i, _ map[string]any) { i["cvv"] = "123" })), []string{"/instruments/0/instrument/cvv"}},
		{bulkImport, instruments(row(1, func(_, i, _ map[string]any) { i["last_4"] = 1111 })), []string{"/instruments/0/instrument/last_4"}},
		{bulkImport, instruments(row(1, func(r, _, _ map[string]any) { delete(r, "billing_address") })), []string{"/instruments/0/billing_address"}},
		{bulkImport, instruments(row(1, func(_, _, a map[string]any) { a["zip"] = "1" })), []string{"/instruments/0/billing_address/zip"}},
	} {
		p.send(call(i, tt.tool, tt.arguments))
		m := p.receive()
		failure := m.tool(t).failure(t)
		if failure.Error.Code != "invalid_arguments" {
			t.Errorf("%.100s: %s", tt.arguments, m.raw)
		}
		for _, want := range tt.pointers {
			found := false
			for _, v := range failure.Error.Details.Violations {
				found = found || v.Pointer == want && v.Problem != ""
			}
			if !found {
				t.Errorf("%.100s: no violation at %s: %s", tt.arguments, want, m.raw)
			}
		}
	}
	if got := get(t, store.URL+"/_sandbox/requests"); got != "[]" {
		t.Errorf("something was sent: %s", got)
	}
	p.send(call(1000, mint, `{"order_id":7}`))
	if r := p.receive().tool(t); r.IsError {
		t.Error("the server does not live on")
	}
}

func get(t testing.TB, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}

// TestNoCardNumberPasses puts a card number wherever a client can put text,
// and looks for it in everything that the server writes and sends.
func TestNoCardNumberPasses(t *testing.T) {
	const pan, spaced = "4111111111111111", "4111 1111 1111 1111"
	p, store := startOnStore(t, "BIGCOMMERCE_LOG_LEVEL=debug")
	p.initialize()
	withPAN := func(change func(r, i, a map[string]any)) string {
		return call(1, bulkImport, instruments(row(1, change)))
	}
	lines := []string{
		call(1, mint, `{"order_id":`+pan+`}`),
		call(1, mint, `{"order_id":"`+pan+`"}`),
		call(1, mint, `{"order_id":7,"`+pan+`":1}`),
		call(1, mint, `"`+pan+`"`),
		call(1, mint, `[`+pan+`]`),
		call(1, pan, `{}`),
		withPAN(func(_, i, _ map[string]any) { i["vault_token"] = pan }),
		withPAN(func(_, i, _ map[string]any) { i["vault_token"] = 4111111111111111 }),
		withPAN(func(_, i, _ map[string]any) { i["provider_customer_id"] = "x-" + pan }),
		withPAN(func(_, i, _ map[string]any) { i["masked_account_number"] = spaced }),
		withPAN(func(_, i, _ map[string]any) { i["type"] = pan }),
		withPAN(func(r, _, _ map[string]any) { r["customer_id"] = 4111111111111111 }),
		withPAN(func(r, _, _ map[string]any) { r["payment_method_id"] = "braintree." + pan }),
		withPAN(func(r, _, _ map[string]any) { r["trusted_shipping_addresses"] = []any{map[string]any{"phone": spaced}} }),
		withPAN(func(_, _, a map[string]any) { a["company"] = "Card " + spaced + " 12/29" }),
		withPAN(func(_, _, a map[string]any) { a[pan] = "x" }),
		`{"jsonrpc":"2.0","id":1,"method":"` + pan + `"}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":` + pan + `}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":` + pan + `}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + mint + `","arguments":` + pan + `}}`,
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":` + pan + `}}`,
		`{"jsonrpc":"` + pan + `","id":1,"method":"ping"}`,
		`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"` + pan + `"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"` + pan + `"}}`,
		pan,
		`{"` + pan + `"`,
	}
	for i, line := range lines {
		p.send(line)
		m := p.receive()
		if digits := strings.NewReplacer(" ", "", "-", "").Replace(m.raw); strings.Contains(digits, pan) {
			t.Errorf("line %d is echoed: %s", i, m.raw)
		}
		if m.Error == nil && !m.tool(t).IsError && !strings.Contains(m.raw, `"failed":1`) {
			t.Errorf("line %d passes: %s", i, m.raw)
		}
	}
	p.stdin.Close()
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for where, text := range map[string]string{"stderr": p.stderr.String(), "the store": get(t, store.URL+"/_sandbox/requests")} {
		if strings.Contains(text, pan) || strings.Contains(text, spaced) {
			t.Errorf("the card number reached %s", where)
		}
	}
}

// TestHostileLines: each gets an answer or none, as JSON-RPC says, and the
// next line works.
func TestHostileLines(t *testing.T) {
	const parse, invalid, notFound, params = -32700, -32600, -32601, -32602
	for name, tt := range map[string]struct {
		line string
		code int
	}{
		"not JSON":             {`hello`, parse},
		"cut off":              {`{"jsonrpc":"2.0","id":1,`, parse},
		"invalid UTF-8":        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", parse},
		"two on a line":        {`{"jsonrpc":"2.0","id":1,"method":"ping"}{}`, parse},
		"batch":                {`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, invalid},
		"number":               {`42`, invalid},
		"no version":           {`{"id":1,"method":"ping"}`, invalid},
		"id null":              {`{"jsonrpc":"2.0","id":null,"method":"ping"}`, invalid},
		"id object":            {`{"jsonrpc":"2.0","id":{},"method":"ping"}`, invalid},
		"method number":        {`{"jsonrpc":"2.0","id":1,"method":5}`, invalid},
		"20 MB":                {`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"` + strings.Repeat("x", 20<<20) + `"}}`, invalid},
		"20 MB without an end": {strings.Repeat("[", 20<<20), invalid},
		"deep":                 {strings.Repeat(`{"a":`, 100_000), parse},
		"unknown method":       {`{"jsonrpc":"2.0","id":1,"method":"tools/destroy"}`, notFound},
		"unknown tool":         {call(1, "drop_tables", `{}`), params},
	} {
		t.Run(name, func(t *testing.T) {
			p := startOnSandbox(t)
			p.initialize()
			p.send("")
			p.send(" \r")
			p.send(tt.line)
			if m := p.receive(); m.Error == nil || m.Error.Code != tt.code {
				t.Errorf("answer: %.300s, want code %d", m.raw, tt.code)
			}
			p.send(`{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}`)
			if m := p.receive(); string(m.ID) != "9007199254740993" || m.Result == nil {
				t.Errorf("the next line: %.300s", m.raw)
			}
		})
	}
}

func TestUnknownToolNamesTheValidOnes(t *testing.T) {
	p := startOnSandbox(t)
	p.initialize()
	p.send(call(1, "drop_tables", `{}`))
	if m := p.receive(); m.Error == nil || !strings.Contains(m.Error.Message, mint) || !strings.Contains(m.Error.Message, bulkImport) {
		t.Errorf("answer: %s", m.raw)
	}
}

// TestUpstreamNonsense: what is not the API's answer is told in our words.
func TestUpstreamNonsense(t *testing.T) {
	const html = `"<html><body>Bad gateway 4111111111111111</body></html>"`
	for name, tt := range map[string]struct {
		fault     string
		mintCode  string
		jobStatus string // what is lost is looked up, and sent again when it is not there
	}{
		"HTML on 200":       {`{"status":200,"headers":{"Content-Type":"text/html"},"body":` + html + `}`, "outcome_unknown", "completed"},
		"HTML on 502":       {`{"status":502,"headers":{"Content-Type":"text/html"},"body":` + html + `}`, "outcome_unknown", "completed"},
		"truncated JSON":    {`{"status":200,"body":"{\"data\":[{\"cust"}`, "outcome_unknown", "completed"},
		"empty body":        {`{"status":200,"body":""}`, "outcome_unknown", "completed"},
		"401":               {`{"status":401,"body":{"status":401,"title":"Unauthorized"}}`, "http_401", "interrupted"},
		"dropped afterward": {`{"drop":"after"}`, "outcome_unknown", "completed"},
		"dropped before":    {`{"drop":"before"}`, "outcome_unknown", "completed"},
		"redirect":          {`{"status":302,"headers":{"Location":"https://evil.example.com/x"}}`, "http_302", "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			p, store := startOnStore(t, "BIGCOMMERCE_SETTLE=20ms")
			p.initialize()
			faults := fmt.Sprintf(`[{"path":"/payments/access_tokens","times":1,"action":%s},{"method":"POST","path":"/payments/stored-instruments","times":1,"action":%s}]`, tt.fault, tt.fault)
			response, err := http.Post(store.URL+"/_sandbox/faults", "application/json", strings.NewReader(faults))
			if err != nil || response.StatusCode >= 300 {
				t.Fatalf("faults: %v %v", response, err)
			}
			response.Body.Close()

			p.send(call(1, mint, `{"order_id":7}`))
			m := p.receive()
			if got := m.tool(t).failure(t).Error.Code; got != tt.mintCode {
				t.Errorf("code %q, want %q: %s", got, tt.mintCode, m.raw)
			}
			p.send(call(2, bulkImport, instruments(row(1, nil))))
			m = p.receive()
			var job struct {
				Status    string `json:"status"`
				Reason    string `json:"reason"`
				Imported  int    `json:"imported"`
				Remaining int    `json:"remaining"`
			}
			if err := json.Unmarshal(m.tool(t).Structured, &job); err != nil || job.Status != tt.jobStatus || job.Imported+job.Remaining != 1 ||
				(job.Status == "interrupted") != (job.Reason != "") {
				t.Errorf("job: %s", m.raw)
			}
			if stored := get(t, store.URL+"/_sandbox/instruments"); strings.Count(stored, `"customer_id"`) != 2*job.Imported { // once more in sent
				t.Errorf("stored: %s", stored)
			}
			if strings.Contains(m.raw, "41111111") || strings.Contains(m.raw, "<html") {
				t.Errorf("upstream text is quoted: %s", m.raw)
			}
		})
	}
}

// TestUnreachableStore: a store that is not there is told as not connected.
func TestUnreachableStore(t *testing.T) {
	p, store := startOnStore(t)
	store.Close()
	p.initialize()
	p.send(call(1, mint, `{"order_id":7}`))
	failure := p.receive().tool(t).failure(t)
	if failure.Error.Code != "not_connected" || !*failure.Error.Retryable {
		t.Errorf("error: %+v", failure)
	}
	if failure.Store.Mode != "sandbox" {
		t.Errorf("store: %+v", failure.Store)
	}
}
