package bench

import (
	"strings"
	"testing"
)

// converse feeds text in segments of n bytes and returns all answers.
func converse(l *login, text string, n int) (answers string, done bool, err error) {
	for len(text) > 0 && err == nil {
		var a string
		k := min(n, len(text))
		a, done, err = l.feed([]byte(text[:k]))
		answers, text = answers+a, text[k:]
	}
	return answers, done, err
}

func TestEveryDialectLogsInHoweverSegmentsSplit(t *testing.T) {
	const classic = "chat restoring . . .\nann: Enter\nChat Restored\nEnter username : "
	const negotiation = "\xff\xfd\x18\xff\xfd\x1fWelcome to chatsrv.\r\nEnter username : "
	for _, n := range []int{1, 2, 7, 1000} {
		l := &login{dialect: LoginClassic, name: "u1"}
		if a, done, err := converse(l, classic, n); a != "u1\n" || !done || err != nil {
			t.Errorf("classic in segments of %d: answered %q, done %v, error %v", n, a, done, err)
		}
		l = &login{dialect: LoginDefault, name: "u2"}
		if a, done, err := converse(l, negotiation, n); a != "u2\n" || done || err != nil {
			t.Errorf("default in segments of %d: answered %q, done %v, error %v", n, a, done, err)
		}
		if a, done, err := converse(l, "--- last 50 lines ---\r\n", n); a != "" || !done || err != nil {
			t.Errorf("welcome in segments of %d: answered %q, done %v, error %v", n, a, done, err)
		}
	}
}

func TestARefusedNameIsAnErrorWithTheReason(t *testing.T) {
	l := &login{dialect: LoginDefault, name: "u1"}
	_, _, err := converse(l, "Enter username : ", 1000)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = converse(l, "The name u1 is taken.\r\nEnter username : ", 1000)
	if err == nil || !strings.Contains(err.Error(), "u1 is taken") {
		t.Errorf("error %v, want the server's reason", err)
	}
}

func TestALongLogBeforeThePromptIsNotBuffered(t *testing.T) {
	l := &login{dialect: LoginClassic, name: "u1"}
	if _, done, err := converse(l, strings.Repeat("ann: hello\n", 100_000), 4096); done || err != nil || len(l.heard) > 64 {
		t.Errorf("done %v, error %v, %d bytes kept", done, err, len(l.heard))
	}
}

func TestAnAccountLogsInWithItsPasswordHoweverSegmentsSplit(t *testing.T) {
	const warning = "*** your terminal will show what you type now\r\nPassword: "
	for _, n := range []int{1, 3, 1000} {
		l := &login{dialect: LoginDefault, name: "v1", password: "correct horse"}
		if a, done, err := converse(l, "Enter username : ", n); a != "v1\n" || done || err != nil {
			t.Errorf("prompt in segments of %d: answered %q, done %v, error %v", n, a, done, err)
		}
		if a, done, err := converse(l, warning, n); a != "correct horse\n" || done || err != nil {
			t.Errorf("question in segments of %d: answered %q, done %v, error %v", n, a, done, err)
		}
		if a, done, err := converse(l, "*** you are logged in as v1\r\n", n); a != "" || !done || err != nil {
			t.Errorf("answer in segments of %d: answered %q, done %v, error %v", n, a, done, err)
		}
	}
}

func TestAWrongPasswordIsAnError(t *testing.T) {
	l := &login{dialect: LoginDefault, name: "v1", password: "wrong"}
	_, _, err := converse(l, "Enter username : ", 1000)
	if err == nil {
		_, _, err = converse(l, "Password: ", 1000)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = converse(l, "*** wrong name or password\r\nEnter username : ", 1000)
	if err == nil || !strings.Contains(err.Error(), "wrong name or password") {
		t.Errorf("error %v, want the server's reason", err)
	}
}
