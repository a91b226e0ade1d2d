package schemas

import (
	"encoding/json"
	"strings"
	"testing"
)

func BenchmarkNew(b *testing.B) {
	b.Run("one field", func(b *testing.B) {
		for range b.N {
			mustNew[tokenInput](b)
		}
	})
	b.Run("import", func(b *testing.B) {
		for range b.N {
			mustNew[importInput](b)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	b.Run("one field", func(b *testing.B) {
		benchmarkDecode[tokenInput](b, []byte(`{"order_id": 123456}`))
	})
	b.Run("100 rows", func(b *testing.B) {
		const row = `{"payment_method_id": "braintree.credit_card", "currency_code": "USD", "customer_id": 1, "instrument": {"type": "credit_card",
			"vault_token": "5292sx35", "expiry_month": 11, "last_4": "1111"}, "billing_address": {"first_name": "Sam", "city": "Austin"},
			"trusted_shipping_addresses": [{"first_name": "Sam", "city": "Austin"}], "default_instrument": true},`
		rows := strings.TrimSuffix(strings.Repeat(row, 100), ",")
		benchmarkDecode[importInput](b, []byte(`{"instruments": [`+rows+`]}`))
	})
}

func benchmarkDecode[T any](b *testing.B, raw json.RawMessage) {
	s := mustNew[T](b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := s.Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
