//go:build !aix

package tui

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/client"
)

// Whatever a user does and a server sends, in whatever order and at whatever size, the screen
// holds.
func TestTheScreenHolds(t *testing.T) { rapid.Check(t, holds) }

func FuzzTheScreenHolds(f *testing.F) { f.Fuzz(rapid.MakeFuzz(holds)) }

func holds(t *rapid.T) {
	s := newScreen(t, rapid.IntRange(0, 140).Draw(t, "width"), rapid.IntRange(0, 50).Draw(t, "height"))
	for range rapid.IntRange(1, 25).Draw(t, "steps") {
		switch rapid.IntRange(0, 9).Draw(t, "step") {
		case 0:
			s.update(tea.WindowSizeMsg{Width: rapid.IntRange(0, 300).Draw(t, "width"), Height: rapid.IntRange(0, 80).Draw(t, "height")})
		case 1:
			s.update(tea.PasteMsg{Content: anyText.Draw(t, "paste")})
		case 2:
			button := rapid.SampledFrom([]tea.MouseButton{tea.MouseLeft, tea.MouseWheelUp, tea.MouseWheelDown}).Draw(t, "button")
			x, y := rapid.IntRange(-1, 140).Draw(t, "x"), rapid.IntRange(-1, 50).Draw(t, "y")
			if button == tea.MouseLeft {
				s.update(tea.MouseClickMsg{Button: button, X: x, Y: y})
			} else {
				s.update(tea.MouseWheelMsg{Button: button, X: x, Y: y})
			}
		case 3:
			text := []rune(anyText.Draw(t, "typed"))
			s.press("'" + string(text[:min(len(text), 30)]))
		case 4, 5:
			s.press(rapid.SampledFrom(allKeys).Draw(t, "key"))
		default:
			s.happen(anyEvent(t, s))
		}
		s.rows()
		v := s.View()
		onlyOurs(t, v.Content)
		onlyOurs(t, v.WindowTitle)
	}
}

// allKeys are those of the help, and those of the selection and the menus.
var allKeys = func() []string {
	keys := []string{"enter", "esc", "up", "down", "left", "right", "tab", "shift+tab", "backspace", "delete", "ctrl+d", "ctrl+j", "ctrl+w", "alt+enter", "home", "end"}
	for _, b := range bindings() {
		keys = append(keys, b.keys...)
	}
	return append(keys, strings.Split("rewdcpkiumbovyn", "")...)
}()

// anyText returns texts with all that is hard to show.
var anyText = rapid.OneOf(
	rapid.SampledFrom([]string{
		"", "alice", "bob", "#lobby", "#tea", "/join #tea key", "/leave", "/me waves", "/msg bob psst", "/search tea", "//slash", ":tea", "@bo", "#te",
		"世界", "👩‍👩‍👧", "🇩🇪🇫🇷", "❤️", "☎︎", "e\u0301\u0302\u0303", "שלום עולם", "\u202eevil", "\x1b[2J\x1b]0;x\a", "\x9b31m", "\tx\t", "a\nb\nc\nd\ne\nf",
		"\xff\xfe", "\ufeff\u200d\u200d", "https://example.org/" + strings.Repeat("x", 200), strings.Repeat("long ", 400), strings.Repeat("字", 300), strings.Repeat("\n", 300),
		strings.Repeat("\u200d", 500), "\u00a0\u00a0\u00a0x", "\u1100\u1161\u11a8",
	}),
	rapid.String(),
)

// anyEvent returns an event that may be well-formed or not.
func anyEvent(t *rapid.T, s *screen) client.Event {
	text := func() string { return anyText.Draw(t, "text") }
	room := rapid.SampledFrom([]string{"#lobby", "#lobby", "#tea", "", "@bob", "tea", "#", "#a b", "#" + strings.Repeat("x", 300)}).Draw(t, "room")
	number := rapid.OneOf(rapid.Uint64Range(0, 40), rapid.SampledFrom([]uint64{0, math.MaxUint64, math.MaxUint64 - 1}))
	id := func() uint64 { return number.Draw(t, "id") }
	small := rapid.SampledFrom([]int{0, 1, -1, 5000, math.MaxInt, math.MinInt})
	cid := ""
	if n := len(s.session.sent); n > 0 && rapid.Bool().Draw(t, "answer") {
		cid = s.session.sent[rapid.IntRange(max(0, n-3), n-1).Draw(t, "request")].CID
	} else if rapid.Bool().Draw(t, "last") {
		cid = fmt.Sprint("c", s.session.n)
	}
	at := client.Place{Epoch: rapid.Uint64Range(0, 2).Draw(t, "epoch"), Seq: id()}
	message := func() client.Message {
		kind := rapid.SampledFrom([]string{"", "action", "x"}).Draw(t, "kind")
		return client.Message{Room: room, Place: at, ID: id(), From: text(), Text: text(), Kind: kind, ReplyTo: id(), Time: noon.Add(time.Duration(id()))}
	}
	page := func() []client.Message {
		var list []client.Message
		for range rapid.IntRange(0, 12).Draw(t, "messages") {
			list = append(list, message())
		}
		return list
	}
	args := map[string]any{"room": room, "name": text(), "topic": text(), "what": text(), "most": small.Draw(t, "most"), "why": nil}
	switch rapid.IntRange(0, 16).Draw(t, "event") {
	case 0:
		return client.Connected{Server: text(), Resumed: rapid.Bool().Draw(t, "resumed"), MaxText: small.Draw(t, "text"), MaxLines: small.Draw(t, "lines"), Commands: []client.Command{{Name: text(), Args: text(), Aliases: []string{text()}}}}
	case 1:
		return client.Disconnected{Err: fmt.Errorf("lost: %s", text()), Retry: time.Duration(id())}
	case 2:
		return client.Joined{CID: cid, Room: room, Name: "alice", Topic: text(), Role: text(), Place: at, Others: small.Draw(t, "others"), Resumed: rapid.Bool().Draw(t, "resumed"), History: page()}
	case 3:
		m := message()
		m.Private, m.To, m.Number = true, text(), id()
		return m
	case 4:
		what := rapid.SampledFrom([]string{"join", "leave", "nick", "away", "back", "edit", "redact", "read", "notice", "announcement", "x", ""}).Draw(t, "what")
		code := rapid.SampledFrom([]string{"op", "deop", "has-set-topic", "x"}).Draw(t, "code")
		return client.RoomEvent{Room: room, Place: at, ID: id(), What: what, Name: text(), NewName: text(), Redacted: id(), Edited: id(), Text: text(), Code: code, Args: args, Time: noon}
	case 5:
		return client.Ack{CID: cid, Room: room, ID: id()}
	case 6:
		return client.Held{CID: cid, Room: room, Code: "held", Text: text()}
	case 7:
		return client.Failure{CID: cid, Code: rapid.SampledFrom([]string{"in-room-already", "x"}).Draw(t, "code"), Text: text(), Args: args}
	case 8:
		code := rapid.SampledFrom([]string{"left-room", "you-are", "room-deleted", "renamed", "logged-in", "talking-in", "you-are-logged-out", "you-are-away", "x"}).Draw(t, "code")
		return client.Notice{CID: cid, Code: code, Text: text(), Args: args}
	case 9:
		return client.Rollback{Room: room, Epoch: at.Epoch, KeptTo: id()}
	case 10:
		return client.Gap{Room: room, Missed: small.Draw(t, "missed")}
	case 11:
		return client.Filled{Room: room}
	case 12:
		return client.History{CID: cid, Room: room, Events: page(), Older: rapid.Bool().Draw(t, "older"), Newer: rapid.Bool().Draw(t, "newer")}
	case 13:
		return client.Lost{CID: cid, Room: room, To: text(), Text: text()}
	case 14:
		return client.Bye{Code: "x", Text: text()}
	case 15:
		return anyObject(t, cid, room, text())
	default:
		return message()
	}
}

// anyObject returns an object with fields of types that they may not have.
func anyObject(t *rapid.T, cid, room, text string) client.Event {
	kind := rapid.SampledFrom([]string{"members", "topic", "whoami", "question", "results", "x"}).Draw(t, "type")
	value := rapid.SampledFrom([]any{nil, text, -1, 1e300, true, []any{}, map[string]any{}, []any{map[string]any{"name": text, "role": "owner", "away": true, "from": text, "text": text, "id": "7", "room": room}}})
	object := map[string]any{"type": kind, "cid": cid, "room": room}
	for _, field := range []string{"list", "others", "text", "name", "role", "registered", "code", "hidden", "args", "events"} {
		if rapid.Bool().Draw(t, "there") {
			object[field] = value.Draw(t, field)
		}
	}
	line, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return client.Raw{Type: kind, CID: cid, JSON: line}
}
