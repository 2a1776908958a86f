package account

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// maxPHC bounds the length of a PHC string: with everything at its bound it has
// about 230 bytes.
const maxPHC = 256

// ErrFormat is wrapped by errors for strings that are not hashes of argon2id.
var ErrFormat = errors.New("account: no PHC string of argon2id")

// unpadded is the base64 of PHC strings.
var unpadded = base64.RawStdEncoding.Strict()

// A record is a parsed PHC string.
type record struct {
	params    Params
	salt, key []byte
}

// String returns the record as a PHC string
// (github.com/P-H-C/phc-string-format): $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func (r record) String() string {
	p := r.params
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Time, p.Threads,
		unpadded.EncodeToString(r.salt), unpadded.EncodeToString(r.key))
}

// parse reads a PHC string with parameters within the bounds. It accepts only the
// form that String writes: no signs, spaces, leading zeros, padding or other
// orders. Errors never contain parts of the hash.
func parse(phc string) (record, error) {
	if len(phc) > maxPHC {
		return record{}, fmt.Errorf("%w: it has %d bytes, and %d are the most", ErrFormat, len(phc), maxPHC)
	}
	fields := strings.Split(phc, "$")
	if len(fields) != 6 || fields[0] != "" {
		return record{}, fmt.Errorf("%w: want $argon2id$v=19$m=M,t=T,p=P$SALT$HASH", ErrFormat)
	}
	if fields[1] != "argon2id" || fields[2] != "v="+strconv.Itoa(argon2.Version) {
		return record{}, fmt.Errorf("%w: only argon2id of version %d is known", ErrFormat, argon2.Version)
	}
	var r record
	if err := r.params.read(fields[3]); err != nil {
		return record{}, err
	}
	var errs [2]error
	r.salt, errs[0] = unpadded.DecodeString(fields[4])
	r.key, errs[1] = unpadded.DecodeString(fields[5])
	r.params.Salt, r.params.Key = len(r.salt), len(r.key)
	if errs[0] != nil || errs[1] != nil || r.String() != phc {
		return record{}, fmt.Errorf("%w: the salt or the hash is not in base64 without padding", ErrFormat)
	}
	return r, r.params.check()
}

// read parses parameters, such as m=19456,t=2,p=1.
func (p *Params) read(s string) error {
	fields := strings.Split(s, ",")
	if len(fields) != 3 {
		return fmt.Errorf("%w: want the parameters m, t and p, and no others", ErrFormat)
	}
	var numbers [3]uint64
	for i, f := range []struct {
		name string
		bits int
	}{{"m=", 32}, {"t=", 32}, {"p=", 8}} {
		digits, named := strings.CutPrefix(fields[i], f.name)
		n, err := strconv.ParseUint(digits, 10, f.bits)
		if !named || err != nil || strconv.FormatUint(n, 10) != digits {
			return fmt.Errorf("%w: want the parameters m, t and p as decimal numbers", ErrFormat)
		}
		numbers[i] = n
	}
	p.Memory, p.Time, p.Threads = uint32(numbers[0]), uint32(numbers[1]), uint8(numbers[2])
	return nil
}
