package schemas

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type tokenInput struct {
	OrderID     int64 `json:"order_id" jsonschema:"minimum=1,maximum=2147483647,description=The order\\, by its number."`
	IsRecurring bool  `json:"is_recurring,omitempty" jsonschema:"default=false"`
}

type importInput struct {
	Rows   []importRow `json:"instruments" jsonschema:"minItems=1,maxItems=100"`
	DryRun bool        `json:"dry_run,omitempty"`
}

type importRow struct {
	PaymentMethodID string     `json:"payment_method_id" jsonschema:"minLength=1"`
	CurrencyCode    string     `json:"currency_code" jsonschema:"pattern=^[A-Z]{3}$"`
	CustomerID      int64      `json:"customer_id" jsonschema:"minimum=1"`
	Instrument      instrument `json:"instrument"`
	BillingAddress  address    `json:"billing_address"`
	Trusted         []address  `json:"trusted_shipping_addresses,omitempty"`
	Default         *bool      `json:"default_instrument,omitempty"`
}

type instrument struct {
	Type        string `json:"type" jsonschema:"enum=credit_card,enum=paypal_account,enum=bank_account"`
	VaultToken  string `json:"vault_token" jsonschema:"maxLength=8"`
	ExpiryMonth int    `json:"expiry_month,omitempty" jsonschema:"minimum=1,maximum=12"`
	LastFour    string `json:"last_4,omitempty" jsonschema:"minLength=4,maxLength=4"`
}

type address struct {
	FirstName string `json:"first_name,omitempty"`
	City      string `json:"city,omitempty"`
}

// kitchenSink has each supported type and tag.
type kitchenSink struct {
	embedded

	Text    string            `json:"text" jsonschema:"title=Text,description=Some\\, well = text.,minLength=1,maxLength=5,pattern=^a{1\\,2},default=a"`
	Choice  string            `json:"choice,omitempty" jsonschema:"enum=a,enum=b"`
	Whole   int               `json:"whole,omitzero" jsonschema:"minimum=-1,maximum=3,default=2"`
	Part    float64           `json:"part,omitempty" jsonschema:"minimum=0.5"`
	Flag    bool              `json:"flag,omitempty" jsonschema:"default=true"`
	List    []string          `json:"list,omitempty" jsonschema:"minItems=1,maxItems=2,enum=x,enum=y"`
	Structs []place           `json:"structs,omitempty" jsonschema:"description=Where."`
	ByName  map[string]place  `json:"by_name,omitempty"`
	Columns map[string]string `json:"columns,omitempty" jsonschema:"description=Header to field."`
	Pointer *address          `json:"pointer,omitempty"`
	Token   *string           `json:"token" jsonschema:"nullable,description=May be null.,enum=p,enum=q"`
	ID      *int64            `json:"id" jsonschema:"nullable,minimum=1"`
	Where   *address          `json:"where,omitempty" jsonschema:"nullable"`
	Ignored func()            `json:"-"`
	hidden  int
}

type place struct {
	City *string `json:"city" jsonschema:"nullable"`
}

type embedded struct {
	Base int64 `json:"base"`
}

func mustNew[T any](t testing.TB) *Schema[T] {
	t.Helper()
	s, err := New[T]()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGeneratedSchemas(t *testing.T) {
	tests := map[string]json.RawMessage{
		"empty.json":        mustNew[struct{}](t).JSON(),
		"token.json":        mustNew[tokenInput](t).JSON(),
		"import.json":       mustNew[importInput](t).JSON(),
		"kitchen_sink.json": mustNew[kitchenSink](t).JSON(),
	}
	for file, got := range tests {
		t.Run(file, func(t *testing.T) {
			indented, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if err := json.Compact(&want, indented); err != nil {
				t.Fatal(err)
			}
			if want.String() != string(got) {
				t.Errorf("want %s\ngot  %s", &want, got)
			}
		})
	}
}

func TestJSONCannotBeChangedByItsReader(t *testing.T) {
	s := mustNew[tokenInput](t)
	s.JSON()[0] = 'x'
	if s.JSON()[0] != '{' {
		t.Error("JSON returns the schema's own bytes")
	}
}

type recursive struct {
	Inner []recursive `json:"inner,omitempty"`
}

type recursiveByPointer struct {
	Rows []struct {
		Up map[string]*struct{} `json:"up,omitempty"`
		To *recursiveByPointer  `json:"to,omitempty"`
	} `json:"rows"`
}

func TestNewRefuses(t *testing.T) {
	type twice struct {
		embedded
		Base int64 `json:"base"`
	}
	type custom = struct {
		A time.Time `json:"at"`
	}
	tests := map[string]struct {
		err  error
		want string // T, the place, and what is wrong
	}{
		"not a struct": {errOf[[]string](), "[]string: not a struct"},
		"pointer":      {errOf[*address](), "not a struct"},
		"recursion":    {errOf[recursive](), "schemas.recursive: .Inner[]: schemas.recursive contains itself"},
		"recursion by pointer": {errOf[struct {
			A *recursive `json:"a,omitempty"`
		}](), ".A.Inner[]: schemas.recursive contains itself"},
		"recursion far down": {errOf[struct {
			R recursiveByPointer `json:"r"`
		}](), ".R.Rows[].Up[]: a *struct {} cannot be described"},
		"any": {errOf[struct {
			A any `json:"a"`
		}](), ".A: a interface {} cannot be described"},
		"raw JSON": {errOf[struct {
			A json.RawMessage `json:"a"`
		}](), ".A[]: a uint8 cannot be described"},
		"function": {errOf[struct {
			A func() `json:"a"`
		}](), ".A: a func() cannot be described"},
		"narrow integer": {errOf[struct {
			A int32 `json:"a"`
		}](), ".A: a int32 cannot be described"},
		"list of pointers": {errOf[struct {
			A []*int `json:"a"`
		}](), ".A[]: a *int cannot be described"},
		"time": {errOf[custom](), `/properties/at: has "format"`},
		"map with int keys": {errOf[struct {
			A map[int]string `json:"a"`
		}](), ".A: the keys of a map must be strings"},
		"no json tag":      {errOf[struct{ A string }](), ".A: has no json tag"},
		"same name twice":  {errOf[twice](), `.Base: there are two fields "base"`},
		"embedded pointer": {errOf[struct{ *address }](), ".address: only structs can be embedded"},
		"string option": {errOf[struct {
			A int `json:"a,string"`
		}](), ".A: the json options"},
		"bare pointer": {errOf[struct {
			A *int `json:"a"`
		}](), ".A: a pointer needs omitempty"},
		"nullable value": {errOf[struct {
			A int `json:"a" jsonschema:"nullable"`
		}](), ".A: nullable, but not a pointer"},
		"comma in description": {errOf[struct {
			A int `json:"a" jsonschema:"description=One, two."`
		}](), `.A: the tag " two." does not fit a int`},
		"misspelt tag": {errOf[struct {
			A int `json:"a" jsonschema:"minimun=1"`
		}](), `.A: the tag "minimun=1" does not fit a int`},
		"tag of another type": {errOf[struct {
			A string `json:"a" jsonschema:"minimum=1"`
		}](), `"minimum=1" does not fit a string`},
		"fraction for integer": {errOf[struct {
			A int `json:"a" jsonschema:"maximum=1.5"`
		}](), `"maximum=1.5" does not fit a int`},
		"number for a flag": {errOf[struct {
			A bool `json:"a" jsonschema:"default=1"`
		}](), `"default=1" does not fit a bool`},
		"default of a list": {errOf[struct {
			A []string `json:"a" jsonschema:"default=x"`
		}](), `"default=x" does not fit a []string`},
		"item with =": {errOf[struct {
			A []string `json:"a" jsonschema:"enum=a=b"`
		}](), `"enum=a=b" does not fit a []string`},
		"tags of a struct": {errOf[struct {
			A address `json:"a" jsonschema:"default=x"`
		}](), `"default=x" does not fit a schemas.address`},
		"too long a length": {errOf[struct {
			A string `json:"a" jsonschema:"maxLength=-1"`
		}](), `"maxLength=-1" does not fit a string`},
		"combinator": {errOf[struct {
			A string `json:"a" jsonschema:"oneof_type=string;null"`
		}](), `does not fit a string`},
		"bad pattern": {errOf[struct {
			A string `json:"a" jsonschema:"pattern=("`
		}](), "properties/a"},
		"own schema": {errOf[struct {
			A ownSchema `json:"a"`
		}](), `/properties/a: has no type`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.err == nil {
				t.Fatal("no error")
			}
			if msg := test.err.Error(); !strings.HasPrefix(msg, "schema of ") || !strings.Contains(msg, test.want) {
				t.Errorf("got %q, want %q in it", msg, test.want)
			}
		})
	}
}

func errOf[T any]() error {
	_, err := New[T]()
	return err
}

// Whatever the generator comes to make, these schemas must not pass.
func TestPromises(t *testing.T) {
	tests := map[string]string{
		`{"type": "string"}`:                     "the root is not an object",
		`{"type": ["object", "null"]}`:           "the root is not an object",
		`{"type": "object"}`:                     "allows any field",
		`{"type": "object", "properties": {}}`:   "not a closed object",
		`{"$ref": "#/$defs/a"}`:                  `has "$ref"`,
		`{"type": "object", "$defs": {}}`:        `has "$defs"`,
		`{"type": "object", "$schema": "x"}`:     `has "$schema"`,
		`{"type": "object", "oneOf": []}`:        `has "oneOf"`,
		closed(`{"type": "string", "anyOf":[]}`): `/properties/a: has "anyOf"`,
		closed(`{"enum": ["a"]}`):                "/properties/a: has no type",
		closed(`{"type": ["string", "number"]}`): "/properties/a: has no type",
		closed(`true`):                           "/properties/a: allows any value",
		closed(`{"type": "array", "items": {"type": "object", "properties": {}}}`):                "/properties/a/items: is not a closed object",
		closed(`{"type": ["object", "null"]}`):                                                    "/properties/a: allows any field",
		closed(`{"type": "object", "additionalProperties": {"type": "string", "allOf": []}}`):     `/properties/a/additionalProperties: has "allOf"`,
		closed(`{"type": "object", "additionalProperties": true}`):                                "/properties/a/additionalProperties: allows any value",
		closed(`{"type": "object", "properties": {"b": {}}, "additionalProperties": false}`):      "/properties/a/properties/b: has no type",
		closed(`{"type": "object", "additionalProperties": false}`):                               "not a closed object",
		closed(`{"type": "array", "items": {"type": "array", "items": {"type": "x", "$id": 1}}}`): `/properties/a/items/items: has "$id"`,
	}
	for in, want := range tests {
		var doc any
		if err := json.Unmarshal([]byte(in), &doc); err != nil {
			t.Fatal(err)
		}
		if err := input.checkPromises(doc, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", in, err, want)
		}
	}
}

func closed(property string) string {
	return `{"type": "object", "additionalProperties": false, "properties": {"a": ` + property + `}}`
}

// TestDescribeOutlines: an output's schema tells its own fields, which of them
// are always there, and nothing of what lies below.
func TestDescribeOutlines(t *testing.T) {
	type inner struct {
		A string `json:"a"`
	}
	type out struct {
		One  inner    `json:"one" jsonschema:"description={a}"`
		Many []inner  `json:"many,omitempty"`
		Text []string `json:"text,omitempty"`
		N    *int     `json:"n" jsonschema:"nullable"`
	}
	got, err := Describe[out]()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"properties":{"one":{"type":"object","description":"{a}"},"many":{"items":{"type":"object"},"type":"array"},` +
		`"text":{"items":{"type":"string"},"type":"array"},"n":{"type":["integer","null"]}},"type":"object","required":["one","n"]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
