// Package osutil is what a server asks of its operating system besides sockets
// for everybody: signals, as many descriptors as it may have, the folder for its
// data and the lock on it, a door for the administrator on the same machine, and a
// password that is typed.
package osutil
