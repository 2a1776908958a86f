package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store/chatlog"
)

// A drawer is a Journal that answers with whatever err is.
type drawer struct {
	err     error
	records int
}

func (d *drawer) Write(done func(error), records ...chat.Record) {
	d.records += len(records)
	if done != nil {
		done(d.err)
	}
}

func (d *drawer) Full(func()) bool { return false }

func TestTheChatLogGetsSavedMessagesOnly(t *testing.T) {
	dir := folder(t)
	log, err := chatlog.Open(chatlog.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	said := func(text string) chat.Record {
		return chat.Post{Event: chat.Event{Room: chat.Lobby, Kind: chat.Say, Name: "ann", Body: text, Time: time.Unix(1, 0)}}
	}
	d := &drawer{}
	j := followed{d, log}
	j.Write(nil, said("kept"))
	answers := 0
	done := func(err error) {
		if answers++; !errors.Is(err, d.err) {
			t.Errorf("answered with %v, want %v", err, d.err)
		}
	}
	j.Write(done, chat.Act{Verb: "ban"}, said("kept, too"))
	j.Write(done, chat.Mail{Body: "private"}, chat.Flag{Event: chat.Event{Room: chat.Lobby, Kind: chat.Say, Body: "held"}, Held: true})
	d.err = errors.New("no disk")
	j.Write(done, said("lost"))
	log.Close()
	text, err := os.ReadFile(filepath.Join(dir, "lobby.log"))
	if err != nil {
		t.Fatal(err)
	}
	want := "1970-01-01 00:00:01 <ann> kept\n1970-01-01 00:00:01 <ann> kept, too\n"
	if string(text) != want || answers != 3 || d.records != 6 {
		t.Errorf("%q, %d answers, %d records", text, answers, d.records)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Errorf("%s, %v", strings.Join(files, " "), err)
	}
}
