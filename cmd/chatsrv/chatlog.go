package main

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/store/chatlog"
)

// openChatLog opens the text logs of rooms, or returns nil if c asks for none.
func openChatLog(c config.Config, log *slog.Logger) (*chatlog.Log, error) {
	if c.ChatLog == "" {
		return nil, nil
	}
	l, err := chatlog.Open(chatlog.Options{
		Dir: c.ChatLog, MaxBytes: int64(c.ChatLogSize), Keep: c.ChatLogKeep,
		Trouble: func(err error) {
			log.Error("chat_log_trouble", slog.String("cause", err.Error()),
				slog.String("remedy", "make room on the disk of the chat log, or make it writable; nothing has to be restarted"))
		},
		Missed: func(room string, lines int) {
			log.Warn("chat_log_lines_lost", slog.String("room", room), slog.Int("count", lines))
		},
	})
	return l, chatLogErr(err)
}

func chatLogErr(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("chat log: %w (see --chatlog)", err)
}

// discard is a chat.Journal that stores nothing.
type discard struct{}

// Write implements chat.Journal.
func (discard) Write(done func(error), _ ...chat.Record) {
	if done != nil {
		done(nil)
	}
}

// Full implements chat.Journal.
func (discard) Full(func()) bool { return false }

// A followed journal also writes the messages of rooms to the chat log, once
// they are saved. Messages that were not published, and private ones, are not
// Posts.
type followed struct {
	chat.Journal
	log *chatlog.Log
}

// Write implements chat.Journal.
func (f followed) Write(done func(error), records ...chat.Record) {
	if !slices.ContainsFunc(records, func(r chat.Record) bool { _, is := r.(chat.Post); return is }) {
		f.Journal.Write(done, records...)
		return
	}
	f.Journal.Write(func(err error) {
		for _, r := range records {
			if post, is := r.(chat.Post); is && err == nil {
				f.log.Follow(post.Event)
			}
		}
		if done != nil {
			done(err)
		}
	}, records...)
}
