// Package jsontest checks messages of the JSON protocol against its schema.
package jsontest

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Schema is docs/protocol.schema.json.
type Schema struct{ client, server *jsonschema.Schema }

// Load loads the schema from a file.
func Load(t testing.TB, path string) Schema {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	const name = "protocol.schema.json"
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	of := func(part string) *jsonschema.Schema {
		s, err := c.Compile(name + "#/$defs/" + part)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return Schema{of("client"), of("server")}
}

// Client returns what is wrong with a message from a client, or nil, and Server the same for
// one from the server.
func (s Schema) Client(line []byte) error { return check(s.client, line) }

// Server is like Client.
func (s Schema) Server(line []byte) error { return check(s.server, line) }

func check(s *jsonschema.Schema, line []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		return err
	}
	return s.Validate(v)
}
