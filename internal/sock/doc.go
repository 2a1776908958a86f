// Package sock is the part of a backend that opens and uses sockets: Net
// implements eventloop.Net with the non-blocking sockets of each system, and
// Waker ends a blocked poll of any kind.
package sock
