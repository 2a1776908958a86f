package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/sudoXpg/netloop/internal/chat"
)

// A Hash chains an entry of the audit log to all that came before.
type Hash [sha256.Size]byte

// String returns h in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(h) {
		return fmt.Errorf("%w: a hash has %d hexadecimal digits", ErrInvalid, 2*len(h))
	}
	copy(h[:], b)
	return nil
}

// An Entry is an act in the audit log. N counts from 1 without a gap.
type Entry struct {
	N    uint64
	Act  chat.Act
	Hash Hash
}

// Chain returns the entry that follows prev (the zero Entry before the first)
// and records a. Its hash is SHA-256 over the hash before, the number, the time
// in Unix nanoseconds (0 for none) as 8 bytes each, big-endian, and By, Verb,
// Target, Room and Why, each after its length as 8 bytes.
func Chain(prev Entry, a chat.Act) Entry {
	b := append(make([]byte, 0, 256), prev.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, prev.N+1)
	b = binary.BigEndian.AppendUint64(b, uint64(Nanos(a.Time)))
	for _, s := range [...]string{a.By, a.Verb, a.Target, a.Room, a.Why} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	a.Time = FromNanos(Nanos(a.Time))
	return Entry{N: prev.N + 1, Act: a, Hash: sha256.Sum256(b)}
}

// Follows reports whether e is the result of Chain for its act after prev.
func (e Entry) Follows(prev Entry) bool {
	want := Chain(prev, e.Act)
	return e.N == want.N && e.Hash == want.Hash
}
