package store

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// reserved are names that Windows gives to devices.
var reserved = []string{
	"con", "prn", "aux", "nul",
	"com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}

// odd is the prefix of names that are the hash of a room's name.
const odd = "x-"

// FileName returns the file name, without extension, for a room: "lobby" for
// "#lobby". A name with characters other than a-z, 0-9, _ and -, or one that is
// special on some system, becomes x- and a hash: different rooms have different
// files on every system, and no file is outside its folder.
func FileName(room string) string {
	plain, ok := strings.CutPrefix(room, "#")
	if ok && isPlain(plain) {
		return plain
	}
	sum := sha256.Sum256([]byte(room))
	return odd + hex.EncodeToString(sum[:10])
}

func isPlain(name string) bool {
	if name == "" || len(name) > 64 || name[0] == '-' ||
		strings.HasPrefix(name, odd) || slices.Contains(reserved, name) {
		return false
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return false
		}
	}
	return true
}
