// Package proxyproto parses the header of the PROXY protocol, with which a proxy
// tells a server the address of the client. It does no input or output: it is given
// the first bytes of a connection as they arrive.
//
// The specification is
// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, sections 2.1 (version
// 1, a line of text) and 2.2 (version 2, binary). HAProxy sends version 1 with
// send-proxy and version 2 with send-proxy-v2; nginx, Envoy and most load balancers
// can send at least one of them.
//
// # Trust
//
// Anyone can send a header. Parse it only on connections from addresses of your own
// proxies, and then always: the specification forbids a receiver to guess whether
// there is a header (section 2). Close a connection whose header is missing, malformed
// or late.
//
// # What is ignored
//
// Version 2 may carry further values behind the addresses (TLVs, section 2.2.7), such as
// the client's certificate. Parse skips them. It also skips the paths of Unix sockets.
//
// Datagrams (UDP and SOCK_DGRAM in version 2) can't have come over the connection that
// the header is on. As section 2.2 requires of a receiver that does not support them, Parse
// accepts such a header and returns no addresses.
package proxyproto
