package account

import (
	"errors"
	"fmt"
)

// Params are the cost parameters of argon2id (RFC 9106, section 3.1).
type Params struct {
	Memory  uint32 // in KiB
	Time    uint32 // passes over the memory
	Threads uint8  // lanes, which are goroutines here
	Salt    int    // length in bytes
	Key     int    // length of the hash in bytes
}

// Default are the parameters of new hashes: 19 MiB, two passes, one lane (OWASP,
// "Password Storage Cheat Sheet").
var Default = Params{Memory: 19 << 10, Time: 2, Threads: 1, Salt: 16, Key: 32}

// The bounds of Params. They protect against hashes from elsewhere: an imported
// file must not make a login take gigabytes or minutes. Common defaults of Argon2
// are within them (64 MiB with three or four passes).
const (
	MaxMemory  = 128 << 10 // KiB
	MaxTime    = 64
	MaxWork    = 512 << 10 // Memory × Time
	MaxThreads = 16
	MinSalt    = 8
	MaxSalt    = 64
	MinKey     = 16
	MaxKey     = 64
)

// ErrParams is wrapped by errors for parameters that are out of bounds.
var ErrParams = errors.New("account: the parameters of argon2id are out of bounds")

// check returns nil if p is within the bounds.
func (p Params) check() error {
	for _, c := range []struct {
		what          string
		got, min, max uint64
	}{
		{"threads", uint64(p.Threads), 1, MaxThreads},
		// RFC 9106, section 3.1: at least 8 KiB for each lane.
		{"memory", uint64(p.Memory), 8 * uint64(p.Threads), MaxMemory},
		{"time", uint64(p.Time), 1, MaxTime},
		{"memory × time", uint64(p.Memory) * uint64(p.Time), 1, MaxWork},
		{"salt", uint64(max(p.Salt, 0)), MinSalt, MaxSalt},
		{"key", uint64(max(p.Key, 0)), MinKey, MaxKey},
	} {
		if c.got < c.min || c.got > c.max {
			return fmt.Errorf("%w: %s is %d, but must be from %d to %d", ErrParams, c.what, c.got, c.min, c.max)
		}
	}
	return nil
}
