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

func TestABadPasswordIsRefusedWithItsReason(t *testing.T) {
	for name, c := range map[string]struct {
		password string
		want     error
	}{
		"empty":                {"", account.PasswordEmpty},
		"seven characters":     {"seven77", account.PasswordTooShort},
		"seven that take more": {"пароль7", account.PasswordTooShort},
		"seven when composed":  {strings.Repeat("e\u0301", 7), account.PasswordTooShort},
		"129 characters":       {strings.Repeat("x", 129), account.PasswordTooLong},
		"a megabyte":           {strings.Repeat("x", 1<<20), account.PasswordTooLong},
		"not UTF-8":            {"passw\xf6rter", account.PasswordNotUTF8},
		"half a character":     {"password\xc3", account.PasswordNotUTF8},
		"a tab":                {"pass\tword", account.PasswordBad},
		"an escape sequence":   {"\x1b[Apassword", account.PasswordBad},
		"invisible":            {"pass\u200bword", account.PasswordBad},
		"not assigned":         {"password\U000e0fff", account.PasswordBad},
		"the name":             {"alexandra", account.PasswordIsName},
		"the name in capitals": {"ALEXANDRA", account.PasswordIsName},
		"the name twice":       {"alexandraAlexandra", account.PasswordIsName},
	} {
		if err := account.CheckPassword(c.password, "alexandra"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
