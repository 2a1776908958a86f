package chatclient_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/testcert"
)

// withTLS returns a peer that adds TLS to the world's server.
func (w *world) withTLS(cert tls.Certificate) *peer {
	return newPeer(w.t, func(conn net.Conn) {
		secure := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
		server, err := w.connect(w.t.Context(), "", "")
		if err != nil {
			w.t.Error(err)
			return
		}
		defer server.Close()
		var copying sync.WaitGroup
		copying.Go(func() {
			_, _ = io.Copy(server, secure)
			half, ok := server.(interface{ CloseWrite() error })
			if !ok {
				w.t.Error("the connection can't be half closed")
				return
			}
			_ = half.CloseWrite() // the server may have closed it
		})
		_, _ = io.Copy(secure, server)
		_ = conn.Close()
		copying.Wait()
	})
}

// an accountHolder logs in to the account ada, with the password "secret words".
type accountHolder struct {
	*visitor
	asked   []string // what the user has been told before each question
	answers []string
}

func newAccountHolder(t *testing.T, w *world, answers ...string) *accountHolder {
	t.Helper()
	keyring.MockInit()
	if answer, _ := w.srv.Operate("test", "useradd ada", func(string, bool) (string, bool) { return "secret words", true }); !strings.Contains(answer, "account") {
		t.Fatal(answer)
	}
	return &accountHolder{visitor: newVisitor(t), answers: answers}
}

func (u *accountHolder) login(p *peer, change ...func(*chatclient.Login)) error {
	u.t.Helper()
	u.asked = nil
	l := &chatclient.Login{Dialer: u.dialer(p), Options: client.Options{Name: "ada", Timeout: patience, Idle: patience}}
	l.Ask = func() (string, error) {
		u.asked = append(u.asked, strings.Join(u.told, "; "))
		if len(u.answers) == 0 {
			return "", io.EOF
		}
		answer := u.answers[0]
		u.answers = u.answers[1:]
		return answer, nil
	}
	for _, c := range change {
		c(l)
	}
	c, err := l.Connect(u.t.Context())
	if err == nil {
		_ = c.Close()
	}
	return err
}

func save(l *chatclient.Login)     { l.Save = true }
func required(l *chatclient.Login) { l.Required = true }
func noTerminal(l *chatclient.Login) {
	l.Ask = nil
}
func plainText(l *chatclient.Login) { l.Dialer.Mode = chatclient.PlainText }

func (u *accountHolder) wasTold(part string) {
	u.t.Helper()
	if all := strings.Join(u.told, "\n"); !strings.Contains(all, part) {
		u.t.Errorf("%q is not in %q", part, all)
	}
}

func account(p *peer) chatclient.Account {
	return chatclient.Account{Name: "ada", Address: fmt.Sprintf("localhost:%d", p.port)}
}

func TestAPasswordIsSavedAndFound(t *testing.T) {
	w := newWorld(t)
	u, p := newAccountHolder(t, w, "secret words"), w.withTLS(testcert.New("localhost"))
	if err := u.login(p, save); err != nil {
		t.Fatal(err)
	}
	u.wasTold("is now in the keyring")
	for what, change := range map[string][]func(*chatclient.Login){
		"as a name that is registered": nil, "with --login": {required}, "without a terminal": {noTerminal}, "with --save-password": {save, required},
	} {
		if err := u.login(p, change...); err != nil || len(u.asked) > 0 || len(u.told) > 0 {
			t.Errorf("%s: %v, asked %q, told %q", what, err, u.asked, u.told)
		}
	}
	if err := account(p).ForgetPassword(t.Context()); err != nil {
		t.Error(err)
	}
	if err := account(p).ForgetPassword(t.Context()); !errors.Is(err, chatclient.ErrNoPassword) {
		t.Error(err)
	}
	u.answers = []string{"secret words"}
	if err := u.login(p); err != nil || len(u.asked) != 1 {
		t.Error(err, u.asked)
	}
}

func TestAWrongStoredPasswordIsAskedForAgain(t *testing.T) {
	w := newWorld(t)
	u, p := newAccountHolder(t, w, "secret words", "secret words", "secret words"), w.withTLS(testcert.New("localhost"))
	if err := u.login(p); err != nil { // trusts the server
		t.Fatal(err)
	}
	if err := account(p).SavePassword(t.Context(), "old words"); err != nil {
		t.Fatal(err)
	}
	if err := u.login(p, noTerminal); err == nil || !strings.Contains(err.Error(), "in the keyring is wrong") {
		t.Error(err)
	}
	if err := u.login(p); err != nil || len(u.asked) != 1 || !strings.Contains(u.asked[0], "in the keyring is wrong") {
		t.Error(err, u.asked)
	}
	if err := u.login(p, required, save); err != nil || len(u.asked) != 1 {
		t.Error(err, u.asked)
	}
	if got, err := account(p).Password(t.Context()); got != "secret words" {
		t.Error(got, err)
	}
}

// A stored password goes to no server that is not known, and nowhere without TLS.
func TestAStoredPasswordIsKept(t *testing.T) {
	w := newWorld(t)
	u, p := newAccountHolder(t, w, "secret words"), w.withTLS(testcert.New("localhost"))
	if err := account(p).SavePassword(t.Context(), "secret words"); err != nil {
		t.Fatal(err)
	}
	if err := u.login(p, required, noTerminal); !errors.Is(err, chatclient.ErrStored) {
		t.Errorf("a new server: %v", err)
	}
	if err := u.login(p, required); err != nil || len(u.asked) != 1 || !strings.Contains(u.asked[0], "trusted before") {
		t.Errorf("a new server: %v, asked %q", err, u.asked)
	}
	_, port, _ := net.SplitHostPort(w.addr)
	insecure := &peer{}
	if _, err := fmt.Sscan(port, &insecure.port); err != nil {
		t.Fatal(err)
	}
	if err := account(insecure).SavePassword(t.Context(), "secret words"); err != nil {
		t.Fatal(err)
	}
	if err := u.login(insecure, plainText, noTerminal); err == nil || !strings.Contains(err.Error(), "registered") {
		t.Errorf("plain text: %v", err)
	}
	if err := u.login(insecure, noTerminal, required); !errors.Is(err, chatclient.ErrStored) {
		t.Errorf("no TLS: %v", err)
	}
	u.answers = []string{"secret words"}
	if err := u.login(insecure, plainText, save); err != nil || len(u.asked) != 1 {
		t.Error(err, u.asked)
	}
	u.wasTold("it was sent without TLS")
}

func TestWithoutAKeyring(t *testing.T) {
	w := newWorld(t)
	u, p := newAccountHolder(t, w, "secret words", "secret words", "secret words"), w.withTLS(testcert.New("localhost"))
	keyring.MockInitWithError(keyring.ErrUnsupportedPlatform)
	if err := u.login(p, save); err != nil || len(u.asked) != 1 || !strings.Contains(u.asked[0], "there is no keyring here") {
		t.Error(err, u.asked)
	}
	u.wasTold("the password is not saved: there is no keyring here")
	if err := u.login(p); err != nil || strings.Contains(strings.Join(u.told, ""), "keyring") {
		t.Error(err, u.told)
	}
	keyring.MockInitWithError(errors.New("it is locked"))
	if err := u.login(p); err != nil || len(u.asked) != 1 || !strings.Contains(u.asked[0], "the keyring can't be used: it is locked") {
		t.Error(err, u.asked)
	}
	if err := account(p).ForgetPassword(t.Context()); err == nil || !strings.Contains(err.Error(), "it is locked") {
		t.Error(err)
	}
}

func TestAGuestHasNothingToSave(t *testing.T) {
	w := newWorld(t)
	u, p := newAccountHolder(t, w), w.withTLS(testcert.New("localhost"))
	if err := u.login(p, save, func(l *chatclient.Login) { l.Options.Name = "eve" }); err != nil {
		t.Error(err)
	}
	u.wasTold("no password was needed")
}

func TestNoPasswordIsGiven(t *testing.T) {
	w := newWorld(t)
	u, p := newAccountHolder(t, w), w.withTLS(testcert.New("localhost"))
	var none *chatclient.PasswordError
	if err := u.login(p); !errors.As(err, &none) || !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if err := u.login(p, required, noTerminal); !errors.As(err, &none) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := account(p).Password(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, chatclient.ErrNoPassword) {
		t.Error(err)
	}
}
