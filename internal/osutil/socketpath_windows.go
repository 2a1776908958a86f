package osutil

// MaxSocketPath is the longest path of a Unix socket on this system, in bytes:
// UNIX_PATH_MAX without the NUL (afunix.h).
const MaxSocketPath = 107
