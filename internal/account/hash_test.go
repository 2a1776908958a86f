package account_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sudoXpg/netloop/internal/account"
)

// cheap are the cheapest parameters, for tests that are not about the cost.
var cheap = account.Params{Memory: 8, Time: 1, Threads: 1, Salt: 16, Key: 32}

func mustHash(t *testing.T, password string, p account.Params) string {
	t.Helper()
	phc, err := account.Hash(password, p, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return phc
}

func ExampleVerify() {
	phc, err := account.Hash("correct horse", account.Default, bytes.NewReader([]byte("not chance at all")))
	fmt.Println(phc, err)
	fmt.Println(account.Verify(phc, "correct horse"))
	fmt.Println(account.Verify(phc, "battery staple"))
	// Output:
	// $argon2id$v=19$m=19456,t=2,p=1$bm90IGNoYW5jZSBhdCBhbA$7HtvEXrEtfzjws9pd/cnMgSkdWbjQ0JNvqiBDdDbHNA <nil>
	// true <nil>
	// false <nil>
}

// Made with the reference implementation (github.com/P-H-C/phc-winner-argon2,
// src/test.c, version 0x13).
func TestHashesOfTheReferenceImplementationVerify(t *testing.T) {
	for _, phc := range []string{
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	} {
		if match, err := account.Verify(phc, "password"); !match || err != nil {
			t.Errorf("%s: %v, %v", phc, match, err)
		}
		if match, err := account.Verify(phc, "Password"); match || err != nil {
			t.Errorf("%s with another password: %v, %v", phc, match, err)
		}
	}
}

func TestTheSamePasswordNeverHasTheSameHash(t *testing.T) {
	a, b := mustHash(t, "correct horse", cheap), mustHash(t, "correct horse", cheap)
	if a == b {
		t.Errorf("twice %s", a)
	}
}

func TestAPasswordMatchesHoweverItsLettersAreComposed(t *testing.T) {
	phc := mustHash(t, "na\u00efve caf\u00e9", cheap)
	for password, want := range map[string]bool{
		"nai\u0308ve cafe\u0301":    true,
		"na\u00efve\u00a0caf\u00e9": true, // no-break space
		"na\u00efve\u3000caf\u00e9": true, // ideographic space
		"naive cafe":                false,
		"Na\u00efve caf\u00e9":      false,
		"na\u00efve caf\u00e9 ":     false,
		"na\u00efve caf\u00e9\x00":  false,
		"":                          false,
		"\xff":                      false,
		strings.Repeat("na\u00efve caf\u00e9", 1<<16): false,
	} {
		if match, err := account.Verify(phc, password); match != want || err != nil {
			t.Errorf("%.20q: %v, %v", password, match, err)
		}
	}
}

func TestWithoutSaltThereIsNoHash(t *testing.T) {
	for _, random := range []io.Reader{strings.NewReader("short"), iotest.ErrReader(io.ErrClosedPipe)} {
		if phc, err := account.Hash("correct horse", cheap, random); err == nil {
			t.Errorf("got %s", phc)
		}
	}
}

func TestOnlyOtherParametersNeedARehash(t *testing.T) {
	phc := mustHash(t, "correct horse", cheap)
	if account.NeedsRehash(phc, cheap) {
		t.Errorf("%s needs a rehash for the parameters it has", phc)
	}
	for _, change := range []func(*account.Params){
		func(p *account.Params) { p.Memory++ },
		func(p *account.Params) { p.Time++ },
		func(p *account.Params) { p.Threads++ },
		func(p *account.Params) { p.Salt++ },
		func(p *account.Params) { p.Key++ },
	} {
		p := cheap
		change(&p)
		if !account.NeedsRehash(phc, p) {
			t.Errorf("%s needs no rehash for %+v", phc, p)
		}
	}
	if !account.NeedsRehash("$2y$10$abc", cheap) {
		t.Error("what can't be read needs no rehash")
	}
}

// The dummy costs what a real hash costs, because it has the same parameters.
func TestTheDummyMatchesNoPasswordAndCostsTheSame(t *testing.T) {
	dummy, err := account.Dummy(account.Default)
	if err != nil {
		t.Fatal(err)
	}
	if account.NeedsRehash(dummy, account.Default) {
		t.Errorf("%s has not the parameters it was to have", dummy)
	}
	for _, password := range []string{"", "password", "correct horse"} {
		if match, err := account.Verify(dummy, password); match || err != nil {
			t.Errorf("%q: %v, %v", password, match, err)
		}
	}
}

func TestParametersOutOfBoundsAreRefused(t *testing.T) {
	for _, p := range []account.Params{
		{},
		{Memory: 7, Time: 1, Threads: 1, Salt: 16, Key: 32},
		{Memory: 64, Time: 1, Threads: 9, Salt: 16, Key: 32},
		{Memory: account.MaxMemory + 1, Time: 1, Threads: 1, Salt: 16, Key: 32},
		{Memory: account.MaxMemory, Time: 5, Threads: 1, Salt: 16, Key: 32},
		{Memory: 8, Time: account.MaxTime + 1, Threads: 1, Salt: 16, Key: 32},
		{Memory: 8, Time: 1, Threads: 1, Salt: -1, Key: 32},
		{Memory: 8, Time: 1, Threads: 1, Salt: 16, Key: -1},
		{Memory: 8, Time: 1, Threads: 1, Salt: 16, Key: 1 << 30},
	} {
		if _, err := account.Hash("correct horse", p, rand.Reader); !errors.Is(err, account.ErrParams) {
			t.Errorf("Hash with %+v: %v", p, err)
		}
		if _, err := account.Dummy(p); !errors.Is(err, account.ErrParams) {
			t.Errorf("Dummy of %+v: %v", p, err)
		}
	}
}

func TestHostileHashesAreRefusedBeforeTheyCostAnything(t *testing.T) {
	const salt, key = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	good := "$argon2id$v=19$m=256,t=2,p=1$" + salt + "$" + key
	if _, err := account.Verify(good, "password"); err != nil {
		t.Fatal(err)
	}
	for name, phc := range map[string]string{
		"nothing":                "",
		"a password":             "password",
		"of bcrypt":              "$2b$12$KIXp8kDqzcyRPQyAp.aaaa",
		"of argon2i":             strings.Replace(good, "argon2id", "argon2i", 1),
		"of an old version":      strings.Replace(good, "v=19", "v=16", 1),
		"without a version":      strings.Replace(good, "$v=19", "", 1),
		"four gigabytes":         strings.Replace(good, "m=256", "m=4194304", 1),
		"more than 32 bits":      strings.Replace(good, "m=256", "m=4294967552", 1),
		"forever":                strings.Replace(good, "t=2", "t=4294967295", 1),
		"no passes":              strings.Replace(good, "t=2", "t=0", 1),
		"no lanes":               strings.Replace(good, "p=1", "p=0", 1),
		"256 lanes":              strings.Replace(good, "p=1", "p=256", 1),
		"less than a lane has":   strings.Replace(good, "m=256", "m=7", 1),
		"a sign":                 strings.Replace(good, "m=256", "m=+256", 1),
		"a minus":                strings.Replace(good, "t=2", "t=-2", 1),
		"a leading zero":         strings.Replace(good, "t=2", "t=02", 1),
		"an underscore":          strings.Replace(good, "m=256", "m=2_56", 1),
		"hexadecimal":            strings.Replace(good, "m=256", "m=0x100", 1),
		"another order":          strings.Replace(good, "m=256,t=2", "t=2,m=256", 1),
		"a parameter too many":   strings.Replace(good, "p=1", "p=1,data=AAAA", 1),
		"a parameter too few":    strings.Replace(good, ",p=1", "", 1),
		"a space":                " " + good,
		"a line feed":            good + "\n",
		"a line feed inside":     strings.Replace(good, salt, "c29t\nZXNhbHQ", 1),
		"padding":                strings.Replace(good, salt, salt+"=", 1),
		"bits left over":         strings.Replace(good, salt, "c29tZXNhbHR", 1),
		"another alphabet":       strings.Replace(good, "/uIPn", "_uIPn", 1),
		"a short salt":           strings.Replace(good, salt, "c29tZQ", 1),
		"a short hash":           strings.Replace(good, key, "nf65EOgLrQMR", 1),
		"no hash":                strings.Replace(good, key, "", 1),
		"a field too many":       good + "$",
		"a long salt":            strings.Replace(good, salt, strings.Repeat("A", 100), 1),
		"a megabyte":             strings.Replace(good, salt, strings.Repeat("A", 1<<20), 1),
		"something before":       "x" + good,
		"a hash of 65 bytes":     strings.Replace(good, key, strings.Repeat("A", 87), 1),
		"a memory out of bounds": strings.Replace(good, "m=256", fmt.Sprint("m=", account.MaxMemory+1), 1),
	} {
		match, err := account.Verify(phc, "password")
		if match || !errors.Is(err, account.ErrFormat) && !errors.Is(err, account.ErrParams) {
			t.Errorf("%s: %v, %v", name, match, err)
		} else if len(err.Error()) > 200 || strings.Contains(err.Error(), key) {
			t.Errorf("%s: the error repeats what it was given: %v", name, err)
		}
	}
}

func FuzzPHC(f *testing.F) {
	for _, s := range []string{
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=8,t=1,p=1$$",
		"$$$$$",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, phc string) {
		p, again, err := account.Parse(phc)
		if err != nil {
			return
		}
		if again != phc {
			t.Fatalf("%q was read as %q", phc, again)
		}
		if err := account.Check(p); err != nil {
			t.Fatalf("%q: %v", phc, err)
		}
	})
}
