package sandbox_test

import (
	"encoding"
	"strings"
	"testing"
	"time"

	"bigcommerce-payments-mcp/internal/sandbox"
)

func TestParseQuota(t *testing.T) {
	for text, want := range map[string]sandbox.Quota{
		"450/30s": {Requests: 450, Window: 30 * time.Second},
		"1/250ms": {Requests: 1, Window: 250 * time.Millisecond},
		"none":    {},
	} {
		var got sandbox.Quota
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "450", "450/", "/30s", "0/30s", "-1/30s", "450/30", "450/0s", "450/-1s", "x/30s", "1/1us", "1/2/3s"} {
		if q, err := sandbox.ParseQuota(text); err == nil || !strings.Contains(err.Error(), "450/30s") {
			t.Errorf("%q: %v %v", text, q, err)
		}
	}
}

func TestKnobNames(t *testing.T) {
	for _, tt := range []struct {
		knob  func() encoding.TextUnmarshaler
		names string
	}{
		{func() encoding.TextUnmarshaler { return new(sandbox.DuplicatePolicy) }, "create reject"},
		{func() encoding.TextUnmarshaler { return new(sandbox.ResultForm) }, "nested flat"},
		{func() encoding.TextUnmarshaler { return new(sandbox.ErrorKeyStyle) }, "dotted index bracket field"},
	} {
		names := strings.Fields(tt.names)
		for _, name := range names {
			if err := tt.knob().UnmarshalText([]byte(name)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, name := range []string{"", "Nested", "upsert"} {
			if err := tt.knob().UnmarshalText([]byte(name)); err == nil || !strings.Contains(err.Error(), strings.Join(names, ", ")) {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
}
