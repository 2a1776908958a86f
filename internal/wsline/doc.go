// Package wsline turns WebSocket messages into lines, and lines into messages, for clients
// of protocols with one object per line (docs/protocol.md, "WebSocket").
//
// [Upgrade] makes a connection to a server a [Conn], which is a net.Conn: each line that is
// written to it becomes one text message without the end of the line, and each text message
// that the server sends becomes one line.
package wsline
