//go:build e2e && unix

package e2e

import (
	"bytes"
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
	"github.com/sudoXpg/netloop/internal/store"
	"github.com/sudoXpg/netloop/internal/store/memory"
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
	return conn, conn.SetDeadline(time.Now().Add(patience))
}

// Rest implements World: another process says nothing about itself.
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
	holdConversations(t, native(), transports())
}

// holdConversations holds all of them with a program, over its transports, on
// each of its backends.
func holdConversations(t *testing.T, p program, ways []transport) {
	t.Helper()
	scripts, err := Scripts()
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	known := p.backends(t)
	for _, s := range scripts {
		for i, way := range ways {
			has := func(need string) bool {
				// Accounts are the same, however one comes to them: one way is enough.
				return need == way.kind || need == "signals" && p.signals || need == "accounts" && p.folders && i == 0
			}
			if !s.Fits(has) {
				continue
			}
			for _, backend := range known {
				t.Run(strings.Join([]string{s.File, s.Title, way.name, backend}, "/"), func(t *testing.T) {
					t.Parallel()
					if reason, ok := p.skip[s.Title]; ok {
						t.Skip(reason)
					}
					flags := slices.Concat(way.flags(folder(t)), []string{"--backend", backend}, p.keep(t, s), s.Flags)
					if err := Hold(startProgram(t, p, flags...), s); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// hashes are the passwords of accounts, which take long to hash.
var hashes sync.Map

// keep returns the flags for a server that has a script's accounts.
func (p program) keep(t *testing.T, s Script) []string {
	t.Helper()
	if len(s.Accounts) == 0 {
		return nil
	}
	kept := memory.New()
	for i, a := range s.Accounts {
		hash, ok := hashes.Load(a.Name)
		if !ok {
			made, err := account.Hash(a.Password(), account.Default, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			hash, _ = hashes.LoadOrStore(a.Name, made)
		}
		role, ok := chat.ParseRole(a.Role)
		if !ok {
			t.Fatalf("no role %s", a.Role)
		}
		record := chat.Account{ID: uint64(i + 1), Name: a.Name, Role: role, Hash: hash.(string), Created: time.Now(), Seen: time.Now()}
		if err := kept.Commit([]chat.Record{record}); err != nil {
			t.Fatal(err)
		}
	}
	dir := folder(t)
	var all bytes.Buffer
	if err := store.WriteExport(&all, kept); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "accounts")
	if err := os.WriteFile(file, all.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	tool(t, nil, append(slices.Clone(p.words), "import", file, "--data", data)...)
	return []string{"--data", data}
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
