//go:build unix && !linux

package pollfd

// hangUpFlag is empty: a peer that has shut down its side is only readable here,
// and Read finds the end. On illumos a connection that failed is, too, or only
// writable, as long as nobody has been told the error (so_poll of
// sockcommon_sops.c): Read and Write find it.
const hangUpFlag = 0
