package vaultfile

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"strconv"
	"strings"
)

func writeCSV(w io.Writer, rows iter.Seq[Row]) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns[:]); err != nil {
		return err
	}
	cells := make([]string, 0, len(columns)+1)
	for row := range rows {
		cells = cells[:0]
		for _, path := range columns {
			cells = append(cells, row.Fields[path])
		}
		if more := row.Fields[extra]; more != "" {
			cells = append(cells, more)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func writeJSON(w io.Writer, rows iter.Seq[Row]) error {
	before := "[\n"
	for row := range rows {
		if err := writeObject(w, before, row); err != nil {
			return err
		}
		before = ",\n"
	}
	if before == "[\n" {
		before = "["
	} else {
		before = "\n"
	}
	_, err := io.WriteString(w, before+"]\n")
	return err
}

func writeJSONL(w io.Writer, rows iter.Seq[Row]) error {
	before := ""
	for row := range rows {
		if err := writeObject(w, before, row); err != nil {
			return err
		}
		before = "\n"
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// writeObject writes a row in the API's own shape.
func writeObject(w io.Writer, before string, row Row) error {
	object := make(map[string]any)
	for path, text := range row.Fields {
		if text == "" {
			continue
		}
		parent, name, nested := strings.Cut(path, ".")
		if !nested {
			object[path] = typed(path, text)
			continue
		}
		inner, _ := object[parent].(map[string]any)
		if inner == nil {
			inner = make(map[string]any)
			object[parent] = inner
		}
		inner[name] = typed(path, text)
	}
	encoded, err := json.Marshal(object)
	if err != nil {
		return err
	}
	_, err = w.Write(append([]byte(before), encoded...))
	return err
}

// typed gives a field the JSON type that it has, if its text can have it.
func typed(path, text string) any {
	switch path {
	case "customer_id", "instrument.expiry_month", "instrument.expiry_year":
		if _, err := strconv.Atoi(text); err == nil {
			return json.Number(text)
		}
	case "default_instrument":
		return text == "true"
	}
	return text
}
