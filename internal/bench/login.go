package bench

import (
	"bytes"
	"fmt"
)

var (
	prompt   = []byte("Enter username : ")
	asksWord = []byte("Password: ")
	joined   = []byte(`{"type":"joined"`)
	failure  = []byte(`{"type":"error"`)
	bye      = []byte(`{"type":"bye"`)
)

// login logs one connection in with its dialect: bytes of the server in,
// answers out.
type login struct {
	dialect Dialect
	name    string
	// password is the account's password; "" for a guest, and once it was sent.
	password string
	named    bool   // the prompt has been answered
	heard    []byte // input since the last step, at least its end
}

// feed takes input from the server. It returns the answer, and whether the
// client may talk now. For a refused login it returns an error with the
// server's reason.
func (l *login) feed(p []byte) (answer string, done bool, err error) {
	if l.dialect == LoginNone || l.dialect == LoginEcho {
		return "", true, nil
	}
	if l.dialect == LoginJSON {
		return l.object(p)
	}
	l.heard = append(l.heard, p...)
	asked := bytes.Contains(l.heard, prompt)
	switch {
	case l.named && asked:
		return "", false, fmt.Errorf("bench: login as %s refused: %q", l.name, l.heard)
	case l.named && l.password != "":
		if !bytes.Contains(l.heard, asksWord) {
			return "", false, nil
		}
		answer, l.password, l.heard = l.password+"\n", "", nil
		return answer, false, nil
	case l.named:
		// Any whole line after the name is the welcome.
		return "", bytes.IndexByte(l.heard, '\n') >= 0, nil
	case asked:
		l.named, l.heard = true, nil
		return l.name + "\n", l.dialect == LoginClassic, nil
	}
	// Before the prompt a server may restore a megabyte of log.
	if cut := len(l.heard) - len(prompt); cut > 0 {
		l.heard = l.heard[cut:]
	}
	return "", false, nil
}

// object is feed for JSON: the client speaks first.
func (l *login) object(p []byte) (answer string, done bool, err error) {
	if !l.named {
		l.named = true
		return fmt.Sprintf(`{"type":"hello","v":1}`+"\n"+`{"type":"login","name":"%s"}`+"\n", l.name), false, nil
	}
	l.heard = append(l.heard, p...)
	for {
		line, rest, whole := bytes.Cut(l.heard, []byte("\n"))
		switch {
		case !whole:
			return "", false, nil
		case bytes.HasPrefix(line, joined):
			return "", true, nil
		case bytes.HasPrefix(line, failure), bytes.HasPrefix(line, bye):
			return "", false, fmt.Errorf("bench: login as %s refused: %q", l.name, line)
		}
		l.heard = rest
	}
}
