package main

import (
	"io"
	"testing"

	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/server"
)

func TestTheClassicStyleKeepsNothingWithoutAFolder(t *testing.T) {
	if onWine() {
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
