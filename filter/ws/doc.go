// Package ws is the server's side of WebSocket (RFC 6455) on an event loop, without a
// goroutine or a buffer for each connection.
//
// A server needs one line:
//
//	g.Listen("tcp", ":8080", ws.Server(ws.Options{}, accept))
//
// where accept returns a [Handler] for a request; with TLS, it is
//
//	g.Listen("tcp", ":8443", tlsfilter.Server(config, ws.Server(ws.Options{}, accept)))
//
// To send one message to many connections, publish it to a [Topic], which encodes it once.
//
// # Parts
//
// Server is made of parts that do no input or output, for servers with handlers of their own:
//
//   - http1.Parse parses the head of a request, and [IsUpgrade] tells whether it asks for
//     WebSocket or for a page.
//   - [Upgrader] makes the answer: the opening handshake (RFC 6455, section 4.2) with
//     subprotocols, a check of the Origin (section 10.2), and permessage-deflate (RFC 7692).
//   - [Decoder] takes input in pieces of any length and returns one [Event] at a time
//     (sections 5 to 8). It unmasks in place: a message that is there as a whole is not copied.
//   - [AppendFrame], [AppendCompressed], [AppendClose] and [AppendHeader] encode frames. A
//     server's frames are not masked, so the same bytes serve every client: append them
//     to an eventloop.Topic.
//   - [Heartbeat] tells when to send a Ping (section 5.5.2), and when a client is lost.
//
// Cookies are ignored: a connection has no identity but what its messages give it.
//
// # Limits
//
//   - The head of a request has at most 8 KiB (http1.MaxHead) and may take 5 s
//     (Options.HeadTimeout).
//   - A message has at most 16 KiB (MaxMessage), and 1,024 fragments (MaxFragments). The
//     lengths in headers are checked before anything is allocated, and memory grows
//     only with what has arrived. A compressed message is inflated up to the limit and one byte.
//     Longer ones end the connection with code 1009.
//   - A control frame has at most 125 bytes (section 5.5).
//   - A client of Server that sends nothing for 30 to 60 s is sent a Ping (PingInterval), and
//     is closed if it does not answer within 10 s (PongTimeout). It may take 5 s to answer
//     a Close frame (CloseTimeout).
//   - While more than 64 KiB wait to be sent to a client of Server, it is not read.
//
// # Compression
//
// permessage-deflate is agreed on with server_no_context_takeover and
// client_no_context_takeover: no connection has a window, and a compressed frame can be
// shared. The server's window has 15 bits, as compress/flate has no other, so nothing is
// compressed for a client that asks for a smaller one (server_max_window_bits). Only messages of at least 1 KiB (MinCompress) are
// compressed; for less it is not worth the time. Writers and readers are pooled.
//
// Compression of messages that hold a secret next to text of an attacker tells the secret by the
// lengths of frames. Send such messages with AppendFrame or Conn.Send.
package ws
