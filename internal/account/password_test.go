package account_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/internal/account"
)

func TestGoodPasswordsAreTaken(t *testing.T) {
	for _, password := range []string{
		"8 signs!", strings.Repeat("x", 128), strings.Repeat("\U00012000", 128),
		"correct horse battery staple", "пароль-пароль", "密码密码密码密码", "💥💥💥💥💥💥💥💥",
		"alice likes bob", "alicealic", "  spaces  ",
	} {
		if err := account.CheckPassword(password, "alice"); err != nil {
			t.Errorf("%.20q: %v", password, err)
		}
	}
}

func TestABadPasswordIsToldWhatIsWrongWithIt(t *testing.T) {
	for name, c := range map[string]struct{ password, says string }{
		"empty":                {"", "empty"},
		"seven characters":     {"seven77", "too short"},
		"seven that take more": {"пароль7", "too short"},
		"seven when composed":  {strings.Repeat("e\u0301", 7), "too short"},
		"129 characters":       {strings.Repeat("x", 129), "too long"},
		"a megabyte":           {strings.Repeat("x", 1<<20), "too long"},
		"not UTF-8":            {"passw\xf6rter", "UTF-8"},
		"half a character":     {"password\xc3", "UTF-8"},
		"a tab":                {"pass\tword", "character"},
		"an escape sequence":   {"\x1b[Apassword", "character"},
		"invisible":            {"pass\u200bword", "character"},
		"not assigned":         {"password\U000e0fff", "character"},
		"the name":             {"alexandra", "your name"},
		"the name in capitals": {"ALEXANDRA", "your name"},
		"the name twice":       {"alexandraAlexandra", "your name"},
	} {
		err := account.CheckPassword(c.password, "alexandra")
		_, sentence := errors.AsType[account.PasswordError](err)
		if !sentence || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want a PasswordError about %q", name, err, c.says)
		} else if len(c.password) > 1 && strings.Contains(err.Error(), c.password) {
			t.Errorf("%s: the password is in the error: %v", name, err)
		}
	}
}
