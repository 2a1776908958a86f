// Package telnet is the server's side of the Telnet protocol (RFC 854) for
// event loops: a line discipline as pure functions over bytes. It opens no
// socket, starts no goroutine and keeps no clock.
//
// A [Decoder] takes input from a connection and returns one [Event] at a time,
// so that no callback is needed and the caller stays in control:
//
//	for ev, rest := d.Next(p); ev.Kind != telnet.None; ev, rest = d.Next(rest) {
//		switch ev.Kind {
//		case telnet.Line:
//			handle(ev.Text)
//		case telnet.Reply:
//			conn.Write(ev.Text)
//		}
//	}
//
// It serves Telnet clients in line mode and in character mode, and peers
// without Telnet, such as nc. The caller need not know which of them a
// connection is: the first lines of nc and of telnet look the same.
//
// [Clean] makes a received line safe to show on another user's terminal.
package telnet
