// Package account handles passwords: their hashes, the pool in which hashing is
// done off the loops, and the delays that make guessing slow.
//
// A hash takes about 25 ms of a processor and 19 MiB of memory, on purpose. So
// it never runs on a loop: a login asks the Throttle whether it may try,
// submits a Job that calls Verify to the Pool, and tells the Throttle the
// result.
package account
