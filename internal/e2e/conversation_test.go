//go:build e2e && unix

package e2e

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store/sqlite"
)

var _ World = (*server)(nil)

// Dial implements World.
func (s *server) Dial(i int, from string) (Conn, error) {
	if from != "" {
		return nil, errors.New("comes from where it does: server needs sim")
	}
	conn, err := s.dial(i % len(s.places))
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil || s.secure == nil {
		return conn, err
	}
	return s.secure(conn)
}

// Rest implements World: the state of another process is not known.
func (s *server) Rest(Conn) (rest []byte, known bool, err error) { return nil, false, nil }

// Stop implements World.
func (s *server) Stop(terminated bool) error {
	if terminated {
		return s.signal(syscall.SIGTERM)
	}
	return s.signal(os.Interrupt)
}

// Exits implements World.
func (s *server) Exits(code int) error { return s.exits(code) }

// Start implements World.
func (s *server) Start() error {
	next := s.again()
	next.secure = s.secure
	*s = *next
	return nil
}

// Logs implements World.
func (s *server) Logs(want map[string]string) error {
	_, err := s.log.wait(s.ctx, want)
	return err
}

// Pass implements World.
func (s *server) Pass(time.Duration) error {
	return errors.New("time passes by itself: server needs sim")
}

func TestConversations(t *testing.T) {
	holdConversations(t, native(), append(transports(), more()...))
}

// holdConversations holds all conversations with a program, over its
// transports, on each of its backends.
func holdConversations(t *testing.T, p program, ways []transport) {
	t.Helper()
	scripts, err := Scripts()
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	known := p.backends(t)
	for _, s := range scripts {
		for _, way := range ways {
			if !s.Fits(func(need string) bool {
				return slices.Contains(way.has, need) || need == "signals" && p.signals
			}) {
				continue
			}
			for _, backend := range known {
				if way.backends != nil && !slices.Contains(way.backends, backend) {
					continue
				}
				t.Run(strings.Join([]string{s.File, s.Title, way.name, backend}, "/"), func(t *testing.T) {
					t.Parallel()
					if reason, ok := p.skip[s.Title]; ok {
						t.Skip(reason)
					}
					flags := append(way.flags(folder(t)), "--backend", backend)
					if len(s.Words) > 0 {
						file := filepath.Join(folder(t), "words")
						if err := os.WriteFile(file, []byte(strings.Join(s.Words, "\n")), 0o600); err != nil {
							t.Fatal(err)
						}
						flags = append(flags, "--words", file)
					}
					if len(s.Accounts) > 0 && p.noDisk != "" {
						t.Skip(p.noDisk)
					}
					if len(s.Accounts) > 0 {
						flags = append(flags, "--data", keep(t, s.Accounts))
					}
					srv := startProgram(t, p, append(flags, s.Flags...)...)
					srv.secure = way.dial
					var w World = srv
					if way.web {
						w = WebSocket(w)
					}
					if way.data {
						w = JSON(w, time.Now)
					}
					if err := Hold(w, s); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// hashes has the hashes of all passwords, computed once.
var hashes sync.Map

// keep makes a data folder with accounts.
func keep(t *testing.T, accounts []Account) (dir string) {
	t.Helper()
	dir = folder(t)
	keepIn(t, dir, accounts)
	return dir
}

// hashOf returns the hash of a password, which is computed once.
func hashOf(t *testing.T, password string) string {
	t.Helper()
	if hash, ok := hashes.Load(password); ok {
		return hash.(string)
	}
	hash, err := account.Hash(password, account.Default, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hashes.Store(password, hash)
	return hash
}

// keepIn is keep for an existing folder.
func keepIn(t *testing.T, dir string, accounts []Account) {
	t.Helper()
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	var records []chat.Record
	for i, a := range accounts {
		role, ok := chat.ParseRole(a.Role)
		if !ok {
			t.Fatalf("no role %s", a.Role)
		}
		records = append(records, chat.Account{ID: uint64(i + 1), Name: a.Name, Role: role, Hash: hashOf(t, a.Password()), Created: now, Seen: now})
	}
	_, err = s.Load(now)
	end := chat.End{LastID: uint64(len(accounts))}
	if err = errors.Join(err, s.Commit(append(records, end)), s.Close()); err != nil {
		t.Fatal(err)
	}
}

// A test that can't fail proves nothing: each of these must.
func TestAConversationThatIsNotHeldFails(t *testing.T) {
	const beginning = "-- x --\nalice joins; bob joins\nalice> hello\n"
	for wrong, why := range map[string]string{
		"":                                      "at the end: bob sees",
		"bob sees nothing":                      "bob sees nothing: bob sees",
		"bob sees   alice: hell":                "want \"alice: hell\\r\\n\"",
		"bob sees   alice: hello\nalice> again": "at the end: bob sees",
		"bob> hi\nalice sees   alice: hello":    "alice sees \"bob: hi",
		"bob sees the end":                      "bob sees \"alice: hello",
		"bob sees it; and":                      "want",
		"carol sees nothing":                    "nobody is called carol",
		"alice connects":                        "is connected already",
		"bob dances":                            "means nothing",
		"bob leaves\nalice sees   *** bob drowned":              "want",
		"bob leaves\nalice drops\nserver stops\nserver exits 1": "want exit code 1",
	} {
		t.Run(wrong, func(t *testing.T) {
			t.Parallel()
			scripts, err := parseScripts("x", beginning+wrong+"\n")
			if err != nil {
				t.Fatal(err)
			}
			if err := Hold(start(t, "--bind", "127.0.0.1"), scripts[0]); err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("%v, want something with %q", err, why)
			}
		})
	}
}
