package bcapi

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
)

func TestPathSegmentsAreEscaped(t *testing.T) {
	item := route{method: http.MethodDelete, template: "/customers/{customer_id}/things/{token}"}
	tests := []struct {
		segments []string
		want     string // "" for refused
	}{
		{[]string{"12", "abc"}, "/customers/12/things/abc"},
		{[]string{"12", "../../payouts"}, "/customers/12/things/..%2F..%2Fpayouts"},
		{[]string{"12", "a?b#c%2e d"}, "/customers/12/things/a%3Fb%23c%252e%20d"},
		{[]string{"12", "..."}, "/customers/12/things/..."},
		{[]string{"12", ".."}, ""},
		{[]string{".", "abc"}, ""},
		{[]string{"12", ""}, ""},
		{[]string{"12"}, ""},
	}
	for _, tt := range tests {
		call, err := newCall(item, tt.segments, nil, nil)
		if tt.want == "" {
			var notSent *NotSentError
			if !errors.As(err, &notSent) || notSent.Kind != NotSentInvalid {
				t.Errorf("%q: %v, want it refused as not sent", tt.segments, err)
			}
			continue
		}
		if err != nil || call.path != tt.want {
			t.Errorf("%q: %v %v, want %s", tt.segments, call, err, tt.want)
		}
	}
}

func TestQueryIsEscaped(t *testing.T) {
	call, err := newCall(route{method: http.MethodGet, template: "/x"}, nil, url.Values{"token:in": {"a&b,c"}}, nil)
	if err != nil || call.path != "/x?token%3Ain=a%26b%2Cc" {
		t.Errorf("%v %v", call, err)
	}
}
