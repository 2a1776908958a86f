// Package osutil has what a server needs from its operating system besides sockets:
// signals, the limit of descriptors, the folder for its data and its lock, claims of
// Unix socket paths, and password input.
package osutil
