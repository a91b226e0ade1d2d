package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"bigcommerce-payments-mcp/internal/sandbox"
)

func TestUpdate(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.load(card(1, "a"), card(1, "b"), payPal(1, "c"))
	before := s.stored()
	update := func(row int, change string) instrument {
		t.Helper()
		r := s.do("PUT", instrumentsPath, fmt.Sprintf(`{"token":%q%s}`, before[row].Token, change)).want(200)
		return into[struct{ Data instrument }](r).Data
	}
	isDefault := func(want ...bool) {
		t.Helper()
		for i, row := range s.stored() {
			if row.IsDefault != want[i] {
				t.Errorf("%s is default: %v", row.VaultToken, row.IsDefault)
			}
		}
	}
	if got := update(1, `,"make_default":true`); !got.IsDefault || got.Token != before[1].Token || got.CustomerID != 1 {
		t.Errorf("make_default: %+v", got)
	}
	isDefault(false, true, false)
	update(2, `,"is_default":true`)
	isDefault(false, false, true)
	update(2, `,"make_default":false`)
	update(0, ``)
	isDefault(false, false, true)

	got := update(0, `,"billing_address":{"street_1":"2 New Street","country_code":"DE"},"trusted_shipping_addresses":[{"city":"Bonn"}]`)
	if a := got.BillingAddress; a["address1"] != "2 New Street" || a["country_code"] != "DE" || a["city"] != "" {
		t.Errorf("billing address: %v", a)
	}
	if a := s.list("").Data[0].BillingAddress; a["address1"] != "2 New Street" {
		t.Errorf("listed: %v", a)
	}
	if sent := s.stored()[0].Sent; string(sent) != string(before[0].Sent) {
		t.Errorf("sent has changed: %s", sent)
	}
}

func TestUpdateRefuses(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.load(card(1, "a"))
	token := s.stored()[0].Token
	for _, tt := range []struct {
		body   string
		status int
	}{
		{`{"token":"` + strings.Repeat("0", 64) + `"}`, 404},
		{`{"token":"` + strings.ToUpper(token) + `x"}`, 404},
		{`{"token":"short"}`, 404},
		{`{"make_default":true}`, 422},
		{`{"token":5}`, 422},
		{`[{"token":"` + token + `"}]`, 422},
		{`{"token":"` + token + `","billing_address":{"country_code":"Germany"}}`, 422},
		{`{"token":"` + token + `","trusted_shipping_addresses":[{"country_code":"G"}]}`, 422},
		{`{"token":"` + token + `"`, 400},
	} {
		s.do("PUT", instrumentsPath, tt.body, malformed).want(tt.status)
	}
	s.do("PUT", instrumentsPath+"/"+token, `{"make_default":true}`, malformed).want(404)
}

func TestBulkDelete(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(5)
	rows := s.stored()
	s.do("DELETE", instrumentsPath+"?token:in="+rows[1].Token+","+rows[3].Token+","+rows[1].Token, "").want(204)

	unknown := strings.Repeat("ab", 32)
	r := s.do("DELETE", instrumentsPath+"?token%3Ain="+unknown+","+rows[0].Token+","+rows[1].Token, "").want(404)
	answer := into[importAnswer](r)
	if answer.Meta.Total != 3 || answer.Meta.Success != 1 || answer.Meta.Failed != 2 || len(answer.Errors) != 2 {
		t.Errorf("partial delete: %s", r.body)
	}
	var left []int64
	for _, row := range s.stored() {
		left = append(left, row.CustomerID)
	}
	if fmt.Sprint(left) != "[3 5]" || s.list("").span() != "3-5/2" {
		t.Errorf("left: %v", left)
	}
	if r := s.do("GET", "/customers/2/stored-instruments", ""); strings.TrimSpace(string(r.body)) != "[]" {
		t.Errorf("customer 2: %s", r.body)
	}
	for _, query := range []string{"", "?token:in=", "?token:in=,"} {
		s.do("DELETE", instrumentsPath+query, "", malformed).want(422)
	}
	s.do("DELETE", instrumentsPath+"?token:in=no-token", "", malformed).want(404)
}

func TestUnvault(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.fill(2)
	token := s.stored()[0].Token
	s.do("DELETE", instrumentsPath+"/"+token, "").want(204)
	s.do("DELETE", instrumentsPath+"/"+token, "").want(404)
	s.do("DELETE", instrumentsPath+"/nonsense", "").want(404)
	if got := s.stored(); len(got) != 1 || got[0].CustomerID != 2 {
		t.Errorf("left: %+v", got)
	}
}

// TestDefaultAfterDelete: no other instrument is promoted, and the first one of an emptied customer is default again.
func TestDefaultAfterDelete(t *testing.T) {
	s := newStore(t, sandbox.Options{})
	s.load(card(1, "a"), card(1, "b"))
	rows := s.stored()
	s.do("DELETE", instrumentsPath+"?token:in="+rows[0].Token, "").want(204)
	s.load(card(1, "c"))
	for _, row := range s.stored() {
		if row.IsDefault {
			t.Errorf("%s was promoted", row.VaultToken)
		}
	}
	rows = s.stored()
	s.do("DELETE", instrumentsPath+"?token:in="+rows[0].Token+","+rows[1].Token, "").want(204)
	s.load(card(1, "d"))
	if got := s.stored(); len(got) != 1 || !got[0].IsDefault {
		t.Errorf("anew: %+v", got)
	}
}
