//go:build !aix

package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/osutil"
	"github.com/sudoXpg/netloop/internal/texts"
	"github.com/sudoXpg/netloop/internal/tui"
)

// wantsScreen reports whether the full-screen mode is to be used.
func (p program) wantsScreen(o *options) bool {
	out, ok := p.stdout.(*os.File)
	return ok && !o.plain && o.follow == "" && !o.json && o.send == "" && os.Getenv("TERM") != "dumb" && osutil.IsTerminal(p.stdin) && osutil.IsTerminal(out)
}

// screen runs the full-screen mode.
func (p program) screen(ctx context.Context, c *client.Client, o *options) error {
	defer func() { _ = c.Close() }()
	p.onScreen.Store(true)
	defer p.onScreen.Store(false)
	var emoji []tui.Emoji
	for _, e := range texts.Emojis() {
		emoji = append(emoji, tui.Emoji{Name: e.Name, Text: e.Character})
	}
	unsent, err := tui.Run(ctx, tui.Options{
		Session: c, Texts: p.texts, Emoji: emoji, Expand: texts.Expand, Room: o.room(), Zone: time.Local, Bell: o.bell, Notify: o.notify,
		Reason: func(err error) string { return chatclient.ReasonIn(p.texts, err) },
		Answer: func(r client.Raw) ([]string, bool) { return chatclient.AnswerLines(p.texts, r, time.Local) },
		Fatal: func(err error) error {
			if u, ok := errors.AsType[*chatclient.UntrustedError](err); ok {
				return u
			}
			return nil
		},
	}, p.stdin, p.stdout, p.told)
	p.onScreen.Store(false)
	for _, text := range unsent {
		p.tell(p.texts.T("tui.unsent", "text", text))
	}
	if bye, ok := errors.AsType[client.Bye](err); ok {
		if bye.Code == "goodbye" {
			return nil
		}
		return errors.New(p.texts.T("chat.endedBy", "why", chatclient.ReasonIn(p.texts, bye)))
	}
	return explain(p.texts, err)
}
