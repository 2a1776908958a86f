//go:build unix && !linux

package pollfd

// hangUpFlag is empty: a peer that has shut down its side is only readable here,
// and Read finds the end. On illumos that also applies to a connection that
// failed, or it is only writable, as long as the error was not returned (so_poll
// of sockcommon_sops.c): Read and Write find it.
const hangUpFlag = 0
