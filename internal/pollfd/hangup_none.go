//go:build unix && !linux

package pollfd

// hangUpFlag is empty: a peer that has shut down its side is only readable here,
// and Read finds the end.
const hangUpFlag = 0
