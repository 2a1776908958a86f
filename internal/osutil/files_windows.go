package osutil

// maxHandles is how many handles one process may have on 64-bit Windows
// (Russinovich, "Pushing the Limits of Windows: Handles"). There is nothing to
// raise.
const maxHandles = 16_711_680

// RaiseFileLimit returns how many handles a process may have: the number is
// fixed, and so large that memory runs out first.
func RaiseFileLimit() (limit uint64, err error) { return maxHandles, nil }
