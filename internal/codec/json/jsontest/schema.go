// Package jsontest checks messages of the JSON protocol against its schema.
package jsontest

import (
	"bytes"
	"os"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Schema is docs/protocol.schema.json.
type Schema struct{ client, server *jsonschema.Schema }

// loaded are the schemas by their paths: compiling one takes long.
var loaded sync.Map

// Load loads the schema from a file.
func Load(t testing.TB, path string) Schema {
	t.Helper()
	load, _ := loaded.LoadOrStore(path, sync.OnceValues(func() (Schema, error) { return compile(path) }))
	s, err := load.(func() (Schema, error))()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func compile(path string) (s Schema, err error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(file))
	if err != nil {
		return s, err
	}
	c := jsonschema.NewCompiler()
	const name = "protocol.schema.json"
	if err := c.AddResource(name, doc); err != nil {
		return s, err
	}
	if s.client, err = c.Compile(name + "#/$defs/client"); err == nil {
		s.server, err = c.Compile(name + "#/$defs/server")
	}
	return s, err
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
