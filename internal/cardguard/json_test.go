package cardguard

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScanJSON(t *testing.T) {
	tests := map[string]struct {
		in   string
		want []Finding
	}{
		"nothing": {`{"token": "84596bea275fa254da820056bdc3e495bdf01fd11c51b0336347d447ee16200c", "n": [1, true, null, {}]}`, nil},
		"empty":   {``, nil},
		"string":  {`"4111 1111 1111 1111"`, []Finding{{"", CardNumber}}},
		"number":  {`[1, 4111111111111111]`, []Finding{{"/1", CardNumber}}},
		"nested, sorted": {`{"rows": [{"b": "x", "a": "4111111111111111"}, {"Card CVV": "123"}], "c": "378282246310005"}`,
			[]Finding{{"/c", CardNumber}, {"/rows/0/a", CardNumber}, {"/rows/1/Card CVV", CVV}}},
		"escaped digits":     {`{"a": "\u0034111111111111111"}`, []Finding{{"/a", CardNumber}}},
		"first of two keys":  {`{"a": "4111111111111111", "a": "x"}`, []Finding{{"/a", CardNumber}}},
		"second of two keys": {`{"a": "x", "a": "4111111111111111"}`, []Finding{{"/a", CardNumber}}},
		"both of two keys":   {`{"a": "4111111111111111", "a": 4111111111111111}`, []Finding{{"/a", CardNumber}}},
		"number under a CVV": {`{"cvv": "4111111111111111"}`, []Finding{{"/cvv", CardNumber}, {"/cvv", CVV}}},
		"CVV that is null":   {`{"cvv": null}`, []Finding{{"/cvv", CVV}}},
		"key":                {`{"a": {"x 4111111111111111": 1}}`, []Finding{{"/a/x [card number removed]", CardNumber}}},
		"key with slashes":   {`{"4111/1111/1111/1111": 1}`, []Finding{{"/[card number removed]", CardNumber}}},
		"keys that add up":   {`{"4111": {"1111": {"1111": {"1111": "378282246310005"}}}}`, []Finding{{"/[card number removed]", CardNumber}}},
		"escaped pointer":    {`{"a/b~c": ["4111111111111111"]}`, []Finding{{"/a~1b~0c/0", CardNumber}}},
		"several documents":  {`"a" {"b": "4111111111111111"}`, []Finding{{"/b", CardNumber}}},
		"malformed tail":     {`{"a": "4111111111111111", "b": }`, []Finding{{"/a", CardNumber}}},
		"card in the tail":   {`{"a": 1, "b": tru 4111111111111111`, []Finding{{"/b", CardNumber}}},
		"cut in a string":    {`{"rows": ["4111111111111111`, []Finding{{"/rows/0", CardNumber}}},
		"cut in a key":       {`{"4111111111111111`, []Finding{{"", CardNumber}}},
		"not JSON":           {`pay with 4111111111111111`, []Finding{{"", CardNumber}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ScanJSON([]byte(test.in))); diff != "" {
				t.Errorf("ScanJSON(%s) (-want +got):\n%s", test.in, diff)
			}
		})
	}
}

func TestScanJSONDeeperThanItFollows(t *testing.T) {
	in := strings.Repeat("[", 100_000) + `"` + visa + `"`
	found := ScanJSON([]byte(in))
	if len(found) != 1 || found[0].Kind != CardNumber || found[0].Pointer != strings.Repeat("/0", maxDepth) {
		t.Errorf("got %v", found)
	}
}

func FuzzScanJSON(f *testing.F) {
	f.Add([]byte(`{"a": ["4111111111111111", 4111111111111111, {"cvv": 1}], "a": 1}`))
	f.Add([]byte(`{"4111": {"1111": {"11111111": "4111111111111111`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, found := range ScanJSON(raw) {
			if ContainsCardNumber(found.Pointer) {
				t.Errorf("ScanJSON(%q): a pointer holds a card number: %q", raw, found.Pointer)
			}
		}
	})
}
