package stdio

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		line   string
		kind   messageKind
		id     string
		method string
	}{
		{`{"jsonrpc":"2.0","id":1,"method":"ping"}`, request, `1`, "ping"},
		{`{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"ping"}`, request, `123456789012345678901234567890`, "ping"},
		{`{"jsonrpc":"2.0","id":"a\u0062","method":"p\u0069ng","params":{}}`, request, `"a\u0062"`, "ping"},
		{` {"jsonrpc":"2.0", "id" : -0.0 ,"method":"ping","extra":[1]} `, request, `-0.0`, "ping"},
		{`{"jsonrpc":"2.0","id":1,"method":"ping","params":null}`, request, `1`, "ping"},
		{`{"jsonrpc":"2.0","method":"notifications/initialized"}`, notification, ``, "notifications/initialized"},
		{`{"jsonrpc":"2.0","id":"elicit-1","result":{}}`, response, `"elicit-1"`, ""},
		{`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}`, response, ``, ""},
	}
	for _, test := range tests {
		m, refused := parse([]byte(test.line))
		if refused != nil {
			t.Errorf("%s: %+v", test.line, refused)
		}
		if m.kind != test.kind || string(m.id) != test.id || m.method != test.method {
			t.Errorf("%s: got %+v", test.line, m)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		line string
		code int
		id   string
		says string
	}{
		{`{"jsonrpc":"2.0","id":1,"method":"ping"`, -32700, "", "not valid JSON"},
		{`{"jsonrpc":"2.0","id":1,"method":"ping"}}`, -32700, "", "not valid JSON"},
		{`hello`, -32700, "", "not valid JSON"},
		{`[{"jsonrpc":"2.0"`, -32700, "", "not valid JSON"},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"p\xff\"}", -32700, "", "UTF-8"},
		{"\xff\xfe{\x00}\x00", -32700, "", "UTF-8"},
		{`[]`, -32600, "", "batches are not supported"},
		{` [{"jsonrpc":"2.0","id":1,"method":"ping"}]`, -32600, "", "send one message per line"},
		{`null`, -32600, "", "object"},
		{`"ping"`, -32600, "", "object"},
		{`4111111111111111`, -32600, "", "object"},
		{`{}`, -32600, "", "jsonrpc"},
		{`{"jsonrpc":"1.0","id":1,"method":"ping"}`, -32600, "1", "jsonrpc"},
		{`{"jsonrpc":2.0,"id":"x","method":"ping"}`, -32600, `"x"`, "jsonrpc"},
		{`{"JSONRPC":"2.0","id":1,"method":"ping"}`, -32600, "1", "jsonrpc"},
		{`{"jsonrpc":"2.0","id":null,"method":"ping"}`, -32600, "", "id must be"},
		{`{"jsonrpc":"2.0","id":true,"method":"ping"}`, -32600, "", "id must be"},
		{`{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}`, -32600, "", "id must be"},
		{`{"jsonrpc":"2.0","id":[1],"method":"ping"}`, -32600, "", "id must be"},
		{`{"jsonrpc":"2.0","id":1}`, -32600, "1", "method"},
		{`{"jsonrpc":"2.0","id":1,"method":7}`, -32600, "1", "method"},
		{`{"jsonrpc":"2.0","id":1,"method":null}`, -32600, "1", "method"},
		{`{"jsonrpc":"2.0","id":1,"Method":"ping"}`, -32600, "1", "method"},
		{`{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}`, -32600, "1", "params"},
		{`{"jsonrpc":"2.0","method":"notifications/x","params":"4111111111111111"}`, -32600, "", "params"},
	}
	for _, test := range tests {
		m, refused := parse([]byte(test.line))
		if refused == nil {
			t.Errorf("%s: taken", test.line)
			continue
		}
		if refused.Code != test.code || string(m.id) != test.id || !strings.Contains(refused.Message, test.says) {
			t.Errorf("%s: got %+v for id %s", test.line, refused, m.id)
		}
		if strings.Contains(refused.Message, "4111") {
			t.Errorf("%s: the error quotes the input: %s", test.line, refused.Message)
		}
	}
}

func TestKeyOf(t *testing.T) {
	equal := [][]string{
		{`1`, `1.0`, `1e0`, `10e-1`, `0.1E+1`},
		{`10`, `1e1`, `100e-1`},
		{`0`, `-0`, `0.0`, `0e99999999999`},
		{`-1`, `-1.0`},
		{`"1"`, `"\u0031"`},
		{`"1.0"`}, {`"1e0"`}, {`""`}, {`"a"`},
		{`9007199254740993`}, {`9007199254740992`},
		{`9007199254740993.0000000000000000001`},
		{`1e999999999999`}, {`1e999999999998`}, {`0.5`}, {`5`},
	}
	owner := map[idKey]int{}
	for i, spellings := range equal {
		for _, spelling := range spellings {
			key, ok := keyOf(json.RawMessage(spelling))
			if !ok {
				t.Fatalf("%s has no key", spelling)
			}
			if first, taken := owner[key]; taken && first != i {
				t.Errorf("%s has the key of %s", spelling, equal[first][0])
			}
			owner[key] = i
		}
	}
	if len(owner) != len(equal) {
		t.Errorf("%d keys for %d values: %v", len(owner), len(equal), owner)
	}
	for _, none := range []string{``, `null`, `true`, `{}`, `[]`} {
		if key, ok := keyOf(json.RawMessage(none)); ok {
			t.Errorf("%q has key %q", none, key)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}`))
	f.Add([]byte(`{"jsonrpc":"2.0","id":"\ud800","method":"\u0000"}`))
	f.Add([]byte(`{"jsonrpc":"2.0","id":1E-99,"method":"x"}`))
	f.Add([]byte(`[1]`))
	f.Add([]byte("{\"id\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, line []byte) {
		m, refused := parse(line)
		if refused != nil {
			if answer := errorLine(m.id, refused); !json.Valid(answer) {
				t.Errorf("%q is answered with %q", line, answer)
			}
			return
		}
		if m.kind == response {
			return
		}
		var seen struct {
			ID     *string `json:"id"`
			Method string  `json:"method"`
		}
		if err := json.Unmarshal(forLibrary(m), &seen); err != nil || seen.Method != m.method {
			t.Fatalf("%q is passed on as %s: %v", line, forLibrary(m), err)
		}
		if m.kind == notification {
			if seen.ID != nil {
				t.Errorf("%q has got an id", line)
			}
			return
		}
		if answer := resultLine(m.id, json.RawMessage(`{}`)); !json.Valid(answer) {
			t.Errorf("%q is answered with %q", line, answer)
		}
		if raw, ok := originalID(*seen.ID).(json.RawMessage); !ok || string(raw) != string(m.id) {
			t.Errorf("the id of %q comes back as %s", line, raw)
		}
	})
}
