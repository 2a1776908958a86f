// Package tlsfilter runs TLS on an event loop: the standard crypto/tls, below the
// connections of package eventloop, without a goroutine for each.
//
// A server needs one line:
//
//	g.Listen("tcp", ":9443", tlsfilter.Server(config, accept))
//
// and so does a client:
//
//	g.Dial("tcp", "chat.example:9443", tlsfilter.Client(config, handler))
//
// The handler sees plain bytes; it need not know that there is TLS below it. State
// returns what was negotiated.
//
// A handshake is a coroutine that worker goroutines step whenever bytes have arrived; no part
// of it runs on a loop. It begins when the ClientHello is complete. Handshakes sets how many
// there may be, who steps them, and how long one may take. After the handshake, everything
// that a connection sends in one turn of its loop is sealed as one record of up to 16 KiB
// (set DynamicRecordSizingDisabled in the config, or crypto/tls begins with smaller ones),
// and an idle connection owns no buffer.
//
// A server's part of the handshake goes through the outbox of its connection, so
// eventloop.Options.OutboxLimit must have room for its certificates: some KB.
//
// The config is used as it is, never cloned, so that session tickets work: a
// crypto/tls.Config that is cloned for each connection has other ticket keys each time.
// To replace certificates or ticket keys at run time, use its GetCertificate and
// SetSessionTicketKeys.
//
// An unexpected end of the stream, without the peer's close_notify alert, is
// io.ErrUnexpectedEOF in Handler.Closed, unlike in crypto/tls, which does not distinguish
// such a truncation from a clean end if it is between two records.
package tlsfilter
