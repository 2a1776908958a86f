// Package osutil is what a server asks of its operating system besides sockets:
// signals, and as many descriptors as it may have.
package osutil
