// Command gen writes a file of made-up instruments for trying imports out:
//
//	go run ./examples/gen -rows 250000 -bad 0.5 -o vault.csv
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"bigcommerce-payments-mcp/examples/vaultfile"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	var o vaultfile.Options
	flag.IntVar(&o.Rows, "rows", 1000, "how many rows")
	flag.Uint64Var(&o.Seed, "seed", 1, "the same seed makes the same file")
	flag.StringVar((*string)(&o.Format), "format", string(vaultfile.CSV), "csv, json (one array) or jsonl (an object on each line)")
	flag.Float64Var(&o.Bad, "bad", 0, "how many rows are to be bad, in percent")
	path := flag.String("o", "", "the file to write; without it, standard output")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument: %s", flag.Arg(0))
	}
	out := io.WriteCloser(os.Stdout)
	if *path != "" {
		if out, err = os.Create(*path); err != nil {
			return err
		}
	}
	if err := vaultfile.Write(out, o); err != nil {
		return err
	}
	return out.Close()
}
