// Package json is the wire format for programs: one JSON object (RFC 8259) per line, in
// both directions. docs/protocol.md describes it, and docs/protocol.schema.json is its
// schema. The package is pure: it knows no sockets.
package json
