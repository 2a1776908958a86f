package json

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/protocol.md")

const (
	schemaFile = "../../../docs/protocol.schema.json"
	protocol   = "../../../docs/protocol.md"
)

// A shape is a part of the schema.
type shape struct {
	Description string           `json:"description"`
	Properties  map[string]shape `json:"properties"`
	Required    []string         `json:"required"`
}

// shapes returns the definitions of the schema.
func shapes(t *testing.T) map[string]shape {
	t.Helper()
	file, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defs map[string]shape `json:"$defs"`
	}
	if err := json.Unmarshal(file, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Defs
}

// table returns the table of the messages from one side, in the form of the page.
func table(all map[string]shape, side string) string {
	var b strings.Builder
	b.WriteString("| type | what it is | fields |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		kind, ok := strings.CutPrefix(name, side+".")
		if !ok {
			continue
		}
		var fields []string
		for _, field := range slices.Sorted(maps.Keys(all[name].Properties)) {
			switch {
			case field == "type", field == "cid":
			case slices.Contains(all[name].Required, field):
				fields = append(fields, "`"+field+"`")
			default:
				fields = append(fields, "`"+field+"`?")
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", kind, all[name].Description, strings.Join(fields, ", "))
	}
	return b.String()
}

func TestThePageHasTheSchemasTables(t *testing.T) {
	page, err := os.ReadFile(protocol)
	if err != nil {
		t.Fatal(err)
	}
	all := shapes(t)
	want := string(page)
	for _, side := range []string{"client", "server"} {
		from := fmt.Sprintf("<!-- %s: written by go test ./internal/codec/json -update -->\n", side)
		to := fmt.Sprintf("<!-- end of %s -->\n", side)
		before, rest, ok := strings.Cut(want, from)
		_, after, ok2 := strings.Cut(rest, to)
		if !ok || !ok2 {
			t.Fatalf("%s has no place for %s", protocol, side)
		}
		want = before + from + table(all, side) + to + after
	}
	if *update {
		if err := os.WriteFile(protocol, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Errorf("%s is not up to date: go test ./internal/codec/json -update", protocol)
	}
}

// Each field of a request is in the schema, and each in the schema is a field.
func TestTheSchemaHasTheFieldsOfRequests(t *testing.T) {
	in := map[string]bool{}
	for name, s := range shapes(t) {
		if strings.HasPrefix(name, "client.") {
			for field := range s.Properties {
				in[field] = true
			}
		}
	}
	own := map[string]bool{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Request]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		own[name] = true
		if !in[name] {
			t.Errorf("the schema has no %q", name)
		}
	}
	for name := range in {
		if !own[name] {
			t.Errorf("a request has no %q", name)
		}
	}
}
