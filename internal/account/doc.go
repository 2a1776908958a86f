// Package account guards the door to accounts: passwords and their hashes, the
// pool in which hashing is done away from the loops, and the delays that make
// guessing slow.
//
// A hash takes about 25 ms of a processor and 19 MiB of memory, on purpose. So
// it never runs on a loop: a log-in asks Throttle whether it may try, gives the
// Pool a Job that calls Verify, and tells Throttle how it ended.
package account
