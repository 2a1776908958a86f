package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/store"
)

func TestTheClassicStyleStoresNothingWithoutAFolder(t *testing.T) {
	if noPlaceholders() {
		t.Skip("Wine 8 has no placeholders in memory (VirtualAlloc2), which the SQLite library needs")
	}
	for _, c := range []struct {
		name  string
		set   config.Config
		keeps bool
	}{
		{"classic", config.Config{Style: config.StyleClassic}, false},
		{"classic in memory", config.Config{Style: config.StyleClassic, Data: config.DataNone}, false},
		{"classic with a chat log", config.Config{Style: config.StyleClassic, ChatLog: t.TempDir()}, true},
		{"classic with a folder", config.Config{Style: config.StyleClassic, Data: t.TempDir()}, true},
		{"default in memory", config.Config{Style: config.StyleDefault, Data: config.DataNone}, true},
	} {
		log, err := newLog(c.set, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		k, err := openData(c.set, log)
		if err != nil {
			t.Fatal(err)
		}
		var o server.Options
		if err := k.chat(&o, c.set); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := o.Chat.Journal != nil; got != c.keeps {
			t.Errorf("%s: keeps what is said: %v, want %v", c.name, got, c.keeps)
		}
		if !o.Chat.NoGuests {
			t.Errorf("%s: guests are let in against the settings", c.name)
		}
		if err := k.close(nil); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		log.close()
	}
}

// Numbers of messages jump only if some may have been given that are not on record.
func TestAFailedStartUsesNoMessageNumbers(t *testing.T) {
	if noPlaceholders() {
		t.Skip("Wine 8 has no placeholders in memory (VirtualAlloc2), which the SQLite library needs")
	}
	c := config.Config{Data: t.TempDir()}
	log, err := newLog(c, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer log.close()
	run := func(records ...chat.Record) (lastID uint64) {
		k, err := openData(c, log)
		if err != nil {
			t.Fatal(err)
		}
		var o server.Options
		if err := k.chat(&o, c); err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			k.writer.Write(nil, r)
		}
		if err := k.close(nil); err != nil {
			t.Fatal(err)
		}
		return o.Chat.State.LastID
	}
	run(chat.Account{ID: 5, Name: "ann"})
	for range 3 { // the port is in use, for instance
		if id := run(); id != 5 {
			t.Fatalf("the numbers go on from %d instead of 5", id)
		}
	}
}

// The log says where old messages have been moved.
func TestArchivedMessagesAreLogged(t *testing.T) {
	if noPlaceholders() {
		t.Skip("Wine 8 has no placeholders in memory (VirtualAlloc2), which the SQLite library needs")
	}
	c := config.Config{Data: t.TempDir()}
	var text bytes.Buffer
	log, err := newLog(c, &text)
	if err != nil {
		t.Fatal(err)
	}
	k, err := openData(c, log)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.May, 4, 0, 0, 0, 0, time.UTC)
	if _, err := k.store.Load(now); err != nil {
		t.Fatal(err)
	}
	post := chat.Event{ID: 1, Epoch: 1, Seq: 1, Room: chat.Lobby, Name: "ann", Kind: chat.Say, Body: "long ago", Time: now.AddDate(-1, 0, 0)}
	if err := k.store.Commit([]chat.Record{chat.Post{Event: post, Key: "ann"}}); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		if more, err = k.store.Expire(now, store.Keep{Age: time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.close(nil); err != nil {
		t.Error(err)
	}
	log.close()
	if line := text.String(); !strings.Contains(line, "msg=archived") || !strings.Contains(line, "messages=1") || !strings.Contains(line, "files=") {
		t.Errorf("the log is %q", line)
	}
}
