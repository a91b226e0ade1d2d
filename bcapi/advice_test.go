package bcapi

import (
	"strings"
	"testing"
)

func TestAdvice(t *testing.T) {
	tests := []struct {
		name string
		e    Error
		want string
	}{
		{"code before status", Error{Status: 409, Code: "30101"}, "Incomplete"},
		{"unknown code", Error{Status: 409, Code: "39999"}, "state of what was named"},
		{"duplicate", Error{Status: 422, Code: "30105"}, "Never repeat"},
		{"unauthorized", Error{Status: 401}, "access token"},
		{"plan limit", Error{Status: 507}, "plan is reached"},
		{"bandwidth", Error{Status: 509}, "quota"},
		{"failed read", Error{Status: 502, Retryable: true}, "try again in a minute"},
		{"failed write", Error{Status: 502}, "look whether the request took effect"},
		{"failed read, not worth repeating at once", Error{Status: 520, Method: "GET"}, "try again in a minute"},
		{"redirect", Error{Status: 308}, "redirected"},
		{"missing for an update", Error{Status: 404, Method: "PUT", Path: "/payments/stored-instruments"}, "no such stored instrument"},
		{"missing for an unvault", Error{Status: 404, Method: "DELETE", Path: "/payments/stored-instruments/{token}"}, "no such stored instrument"},
		{"missing for a delete", Error{Status: 404, Method: "DELETE", Path: "/payments/stored-instruments"}, "store hash"},
		{"unvault refused", Error{Status: 422, Method: "DELETE", Path: "/payments/stored-instruments/{token}"}, "gateway"},
		{"code before call", Error{Status: 404, Code: "30051", Method: "PUT", Path: "/payments/stored-instruments"}, "another shopper's"},
		{"order not found", Error{Status: 404, Code: "30003", Method: "GET", Path: "/payments/methods"}, "check the order id"},
		{"too long an address", Error{Status: 414}, "send less"},
		{"unknown refusal", Error{Status: 418}, "do not repeat"},
	}
	for _, tt := range tests {
		if got := tt.e.Advice(); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want it to say %q", tt.name, got, tt.want)
		}
	}
}

// An order that is put back to Incomplete can be paid again.
func TestTheCheckComesBeforeTheRemedy(t *testing.T) {
	got := (&Error{Status: 409, Code: "30101"}).Advice()
	check, remedy := strings.Index(got, "Make sure first that it has not been paid or shipped"), strings.Index(got, "status_id to 0")
	if check < 0 || remedy < check || !strings.Contains(got, "charged twice") {
		t.Error(got)
	}
}

func TestEveryPublishedCodeHasAdvice(t *testing.T) {
	for _, code := range strings.Fields("10000 10001 30000 30001 3001 30002 30003 30004 30050 30051 30100 30101 30102 30103 30104 30105 30106 30107") {
		if adviceByCode()[code] == "" {
			t.Errorf("code %s has no advice", code)
		}
	}
}
