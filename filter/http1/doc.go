// Package http1 parses the heads of HTTP/1.1 requests, strictly, and writes responses. It
// does no input or output: it is given the first bytes of a connection as they arrive.
//
// It is for servers on an event loop that answer GET and HEAD only: that upgrade
// connections to WebSocket (package ws), or serve a few pages. [Parse] returns an
// [http.Request], or an [Error] that knows its own answer. No request has a body, so a
// head is all there is to a request, and the next one follows it at once.
//
// # What is refused
//
// Where RFC 9110 and RFC 9112 let a recipient be lenient, Parse is not: two recipients
// that repair a malformed request in different ways disagree on where it ends (request
// smuggling). Section numbers are those of RFC 9112, unless they say otherwise.
//
//   - 400: a line that does not end with CR LF, or a CR elsewhere (2.2); a malformed
//     request line (3); a target that is not a path or an absolute URL (3.2); no Host in
//     HTTP/1.1, more than one, or a malformed one (3.2); an absolute URL of another host
//     than Host (3.2.2); a malformed field, such as one with a space before its colon (5.1);
//     a field that continues on the next line (5.2); Content-Length or Transfer-Encoding (6);
//     Upgrade without "Connection: upgrade" (RFC 9110, 7.8).
//   - 405 for methods of RFC 9110 other than GET and HEAD, and 501 for others.
//   - 414 and 431: a request line, or a head, of more than MaxHead bytes (8 KiB).
//   - 505: a version other than HTTP/1.
//
// The connection must be closed after each of them. The package has no clock: a caller
// should give a client only a few seconds for its head, and answer 408 after that
// ([ErrTimeout]).
package http1
