package importfile_test

import (
	"fmt"
	"os"
	"path/filepath"

	"bigcommerce-payments-mcp/internal/importfile"
)

// A file's own headers are mapped to fields; what rows lack comes from defaults.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "cards.csv"), []byte("Customer,Token\n7,5292sx35\n8,6303ty46\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()
	file, err := importfile.Open(root, "cards.csv", importfile.Options{
		Columns:  map[string]string{"Customer": "customer_id", "Token": "instrument.vault_token"},
		Defaults: map[string]string{"payment_method_id": "braintree.credit_card", "currency_code": "USD", "instrument.type": "credit_card"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	for row, err := range file.Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(row.Number, row.Row.CustomerID, row.Row.PaymentMethodID)
	}
	// Output:
	// 1 7 braintree.credit_card
	// 2 8 braintree.credit_card
}
