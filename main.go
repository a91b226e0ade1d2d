// Command bigcommerce-payments-mcp gives an AI assistant a BigCommerce store's
// payment set-up, over the Model Context Protocol on stdin and stdout.
package main

import (
	"os"

	"bigcommerce-payments-mcp/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:])) }
