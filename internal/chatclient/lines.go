package chatclient

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/safetext"
	"github.com/sudoXpg/netloop/internal/texts"
)

// Lines turns what happens in the chat into lines as users of telnet see them. Messages of
// other rooms than the current one begin with the room; the user's own messages are left out,
// since they were typed. All that comes from the server is cleaned. It belongs to one
// goroutine.
type Lines struct {
	// Zone is the user's time zone.
	Zone *time.Location
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Enter is set if an empty line tries to reconnect at once.
	Enter bool
	// Language is the user's; nil means English.
	Language *texts.Language

	name      string          // the user's
	room      string          // the current one
	connected bool            // at least once
	offline   bool            // now
	posts     []post          // that were not received yet
	acked     map[uint64]bool // that were acknowledged before they were received
	last      map[string]uint64
	made      *text.Wording // of Language; nil in English, or not yet
}

// A post is a message of the user.
type post struct {
	cid string
	client.Post
}

// Room returns the current room.
func (l *Lines) Room() string { return l.room }

// SetRoom changes the current room.
func (l *Lines) SetRoom(room string) { l.room = room }

// Posted tells of a message of the user, so that it is not shown when it is received.
func (l *Lines) Posted(cid string, p client.Post) { l.posts = append(l.posts, post{cid, p}) }

// Notice appends a line of the client itself.
func (l *Lines) Notice(dst []byte, what string) []byte { return l.end(dst, l.notice(what)) }

func (l *Lines) notice(what string) []byte { return text.Format{}.Notice(nil, said(what)) }

// Append appends the lines of an event, perhaps none.
func (l *Lines) Append(dst []byte, e client.Event) []byte {
	return l.end(dst, l.lines(e))
}

// end appends lines with the line ends of this system's terminals.
func (l *Lines) end(dst, lines []byte) []byte {
	return append(dst, bytes.ReplaceAll(lines, []byte("\r\n"), []byte("\n"))...)
}

// format returns the format of what happens in a room.
func (l *Lines) format(room string) text.Format {
	return text.Format{Zone: l.Zone, Room: room != "" && room != l.room, Wording: l.wording()}
}

func (l *Lines) lines(e client.Event) []byte {
	f, words := l.format(""), english(l.Language)
	switch e := e.(type) {
	case client.Connected:
		return l.online(e)
	case client.Disconnected:
		return l.disconnected(e)
	case client.Lost:
		l.settled(e.CID)
		return l.notice(words.T("chat.mayBeLost", "text", oneLine(e.Text)))
	case client.Message:
		return l.message(e)
	case client.Joined:
		return l.joined(e)
	case client.RoomEvent:
		return l.roomEvent(e)
	case client.Ack:
		l.acknowledged(e)
	case client.Failure:
		l.settled(e.CID)
		return l.notice(words.Server(e.Code, e.Text, e.Args))
	case client.Held:
		l.settled(e.CID)
		return l.notice(words.Server(e.Code, e.Text, nil))
	case client.Notice:
		l.follow(e)
		return l.notice(words.Server(e.Code, e.Text, e.Args))
	case client.Rollback:
		delete(l.last, e.Room)
		return l.notice(words.T("chat.rollback", "room", e.Room))
	case client.Gap:
		if e.Missed > 0 {
			return l.format(e.Room).Missed(nil, e.Room, uint64(e.Missed))
		}
		return l.notice(words.T("chat.gap", "room", e.Room))
	case client.History:
		return f.Answer(nil, chat.History{Room: e.Room, Events: messageEvents(e.Events), Older: e.Older, Newer: e.Newer})
	case client.Bye:
		return l.notice(words.Server(e.Code, e.Text, e.Args))
	case client.Raw:
		return l.raw(e)
	}
	return nil
}

func (l *Lines) disconnected(e client.Disconnected) []byte {
	words, still := english(l.Language), l.offline
	l.offline = true
	why, retry, enter := ReasonIn(words, e.Err), wait(e.Retry), ""
	if l.Enter {
		enter = words.T("chat.enter")
	}
	if still {
		return l.notice(words.T("chat.stillLost", "why", why, "wait", retry, "enter", enter))
	}
	return l.notice(words.T("chat.lost", "why", why, "wait", retry, "enter", enter))
}

func (l *Lines) online(e client.Connected) []byte {
	first := !l.connected
	l.connected, l.offline = true, false
	switch {
	case first:
		return nil
	case e.Resumed:
		return l.notice(english(l.Language).T("chat.again"))
	}
	return l.notice(english(l.Language).T("chat.newSession"))
}

// message returns the lines of a message that others have written.
func (l *Lines) message(m client.Message) []byte {
	own := l.own(m)
	if m.Room != "" && m.ID != 0 {
		if l.last == nil {
			l.last = make(map[string]uint64)
		}
		l.last[m.Room] = m.ID
	}
	if own {
		return nil
	}
	return l.format(m.Room).Event(nil, messageEvent(m))
}

// own reports whether a message is one that was posted here.
func (l *Lines) own(m client.Message) bool {
	if l.acked[m.ID] {
		delete(l.acked, m.ID)
		return true
	}
	i := slices.IndexFunc(l.posts, func(p post) bool {
		if m.Private {
			return m.CID == p.cid && m.CID != ""
		}
		return m.From == l.name && m.Room == p.Room && strings.TrimSpace(m.Text) == strings.TrimSpace(p.Text) && (m.Kind == "action") == p.Action
	})
	if i < 0 {
		return false
	}
	l.posts = slices.Delete(l.posts, i, i+1)
	return true
}

// settled forgets a message whose outcome is known, and reports whether it was not received yet.
func (l *Lines) settled(cid string) bool {
	n := len(l.posts)
	l.posts = slices.DeleteFunc(l.posts, func(p post) bool { return p.cid == cid })
	return len(l.posts) < n
}

func (l *Lines) acknowledged(e client.Ack) {
	if !l.settled(e.CID) || e.ID == 0 {
		return
	}
	if l.acked == nil || len(l.acked) > client.MaxUnacked {
		l.acked = make(map[uint64]bool)
	}
	l.acked[e.ID] = true
}

// joined returns the lines for a room that the client has entered, or has resumed.
func (l *Lines) joined(e client.Joined) []byte {
	if l.name = e.Name; l.room == "" {
		l.room = e.Room
	}
	var shown []byte
	if e.Resumed {
		for _, m := range e.History {
			shown = append(shown, l.message(m)...)
		}
		return shown
	}
	known := l.last[e.Room]
	events := messageEvents(slices.DeleteFunc(slices.Clone(e.History), func(m client.Message) bool { return l.own(m) || m.ID <= known && m.ID != 0 }))
	now := time.Now
	if l.Now != nil {
		now = l.Now
	}
	f := l.format("")
	return f.Notice(f.History(nil, events, now()), chat.NewNote("entered", "room", e.Room, "name", e.Name, "others", max(0, e.Others)))
}

// follow changes the current room if the server says so.
func (l *Lines) follow(e client.Notice) {
	room := ""
	switch e.Code {
	case "talking-in":
		room, _ = e.Args["room"].(string)
	case "left-room":
		room, _ = e.Args["current"].(string)
	}
	if room != "" {
		l.room = room
	}
}

// roomKinds are the kinds of the events that are no messages.
var roomKinds = map[string]chat.Kind{
	"join": chat.Join, "leave": chat.Leave, "nick": chat.Rename, "edit": chat.Edited, "announcement": chat.Announcement,
	"notice": chat.Notice, "redact": chat.Notice,
}

func (l *Lines) roomEvent(e client.RoomEvent) []byte {
	kind, known := roomKinds[e.What]
	if !known {
		return nil
	}
	own := e.Name == l.name
	if own && kind == chat.Rename {
		l.name = e.NewName
	}
	if own && (kind == chat.Join || kind == chat.Leave || kind == chat.Rename) {
		return nil // the server says it to this user in other words
	}
	event := chat.Event{Room: e.Room, Kind: kind, Name: e.Name, Time: e.Time}
	if e.Text != "" {
		event.Note = said(english(l.Language).Server(e.Code, e.Text, e.Args))
	}
	switch kind {
	case chat.Rename:
		event.Body = e.NewName
	case chat.Edited:
		event.Body = cleanBody(e.Text)
	case chat.Notice, chat.Announcement:
		if e.Text == "" {
			return nil // the changes of a resumed session
		}
	default:
	}
	return l.format(e.Room).Event(nil, event)
}

func (l *Lines) raw(r client.Raw) []byte {
	a, err := answerOf(english(l.Language), r)
	switch {
	case err != nil:
		return l.notice(english(l.Language).T("chat.oddAnswer", "why", err))
	case a == nil:
		return nil
	}
	return l.format("").Answer(nil, a)
}

// messageEvents returns messages as events.
func messageEvents(list []client.Message) []chat.Event {
	all := make([]chat.Event, len(list))
	for i, m := range list {
		all[i] = messageEvent(m)
	}
	return all
}

func messageEvent(m client.Message) chat.Event {
	e := chat.Event{Room: m.Room, ID: m.ID, Kind: chat.Say, Name: m.From, Body: cleanBody(m.Text), Time: m.Time, Edited: m.Edited}
	switch {
	case m.Private && m.To != "":
		e.Kind, e.Name = chat.Sent, m.To
	case m.Mailed:
		e.Kind = chat.Mailed
	case m.Private:
		e.Kind = chat.Private
	case m.Kind == "action":
		e.Kind = chat.Action
	}
	return e
}

// cleanBody cleans a message line by line.
func cleanBody(body string) string {
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		lines[i] = string(safetext.Clean(nil, []byte(line)))
	}
	return strings.Join(lines, "\n")
}

// wait returns a time to wait in words: at least 0.1s.
func wait(d time.Duration) string { return max(d.Round(time.Second/10), time.Second/10).String() }

// oneLine returns a text with spaces for its line ends.
func oneLine(body string) string { return strings.ReplaceAll(body, "\n", " ") }
