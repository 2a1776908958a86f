// Package afd is the backend of Windows: polls of the driver behind all sockets,
// \Device\Afd, whose ends arrive at an I/O completion port. Its cost does not
// grow with the number of connections, unlike WSAPoll's, and it does not pass a
// buffer to the system for each of them, unlike overlapped reads.
//
// The driver's interface is not in Microsoft's documentation, but wepoll, libuv, mio
// and others have relied on it since Windows Vista; their sources document it.
package afd
