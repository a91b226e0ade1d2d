package ledger

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"bigcommerce-payments-mcp/bcapi"
)

// Keys are the HMACs by which a row is known without being kept.
type Keys struct {
	Fingerprint MAC // of what makes the row the same instrument of the same customer; zero without a vault token
	Content     MAC // of all its values
	Vault       MAC // of its vault token at its provider; zero without one
	Payer       MAC // of its provider customer id at its provider; zero when it has none
	Look        Look
}

// Look is what the store shows of an instrument, field by field: for a card
// iin, last_4, month and year, for a PayPal account its e-mail, for a bank
// account its masked number. Zero stands for a field that is not known.
type Look [4][8]byte

// Keys computes the keys of a row. provider is the gateway's part of its
// payment method id.
func (l *Ledger) Keys(provider string, row *bcapi.ImportRow) (Keys, error) {
	content, err := l.Content(row)
	if err != nil {
		return Keys{}, err
	}
	in := &row.Instrument
	keys := Keys{
		Content: content,
		Look: l.look(bcapi.StoredInstrument{
			Type: in.Type, IIN: in.IIN, Last4: in.Last4, Email: in.Email, MaskedAccountNumber: in.MaskedAccountNumber,
			ExpiryMonth: number(in.ExpiryMonth), ExpiryYear: number(in.ExpiryYear),
		}),
	}
	if in.VaultToken != "" {
		keys.Fingerprint = l.mac("fingerprint", row.PaymentMethodID, strconv.FormatInt(row.CustomerID, 10), in.VaultToken)
		keys.Vault = l.mac("vault", provider, in.VaultToken)
	}
	if in.ProviderCustomerID != "" {
		keys.Payer = l.mac("payer", provider, in.ProviderCustomerID)
	}
	return keys, nil
}

// Content computes the key of all of a row's values.
func (l *Ledger) Content(row *bcapi.ImportRow) (MAC, error) {
	content, err := json.Marshal(row)
	return l.mac("content", string(content)), err
}

func number(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// look gives the look of an instrument as the store shows it. Years count
// modulo 100, since the API takes and gives both forms, and of an iin the first
// six digits, which is what every store has.
func (l *Ledger) look(in bcapi.StoredInstrument) Look {
	var look Look
	set := func(i int, name, value string) {
		if value != "" {
			m := l.mac("look", name, value)
			copy(look[i][:], m[:])
		}
	}
	switch in.Type {
	case bcapi.CreditCard:
		set(0, "iin", in.IIN[:min(6, len(in.IIN))])
		set(1, "last_4", in.Last4)
		if in.ExpiryMonth != 0 {
			set(2, "month", strconv.Itoa(in.ExpiryMonth))
			set(3, "year", strconv.Itoa(in.ExpiryYear%100))
		}
	case bcapi.PayPalAccount:
		set(0, "email", strings.ToLower(in.Email))
	case bcapi.BankAccount:
		set(0, "account", in.MaskedAccountNumber)
	}
	return look
}

// Shows reports whether an instrument of the store can be the one that a row of
// this type and look has brought. A field that the store does not show fits
// anything.
func (l *Ledger) Shows(in bcapi.StoredInstrument, rowType bcapi.InstrumentType, look Look) bool {
	if in.Type != rowType {
		return false
	}
	shown := l.look(in)
	for i := range look {
		if shown[i] != [8]byte{} && look[i] != [8]byte{} && shown[i] != look[i] {
			return false
		}
	}
	return true
}

func (k Look) bytes() []byte {
	var b bytes.Buffer
	for _, field := range k {
		b.Write(field[:])
	}
	return b.Bytes()
}

func lookFrom(b []byte) Look {
	var look Look
	for i := range look {
		copy(look[i][:], b[min(i*8, len(b)):])
	}
	return look
}

// blob gives a MAC for storing; the zero MAC is stored as nothing.
func (m MAC) blob() []byte {
	if m == (MAC{}) {
		return []byte{}
	}
	return m[:]
}
