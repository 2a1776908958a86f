//go:build !aix

package tui

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/sudoXpg/netloop/internal/chatstate"
	"github.com/sudoXpg/netloop/internal/client"
)

// quiet are the codes of notices that the screen shows in other ways.
var quiet = map[string]bool{
	"talking-in": true, "entered": true, "edited": true, "saved": true, "left-room": true, "logged-in": true, "missed": true,
}

// event acts on an event.
func (m *Model) event(e client.Event) tea.Cmd {
	if answer := m.asked[cidOf(e)]; answer != nil {
		if !answer(e) {
			delete(m.asked, cidOf(e))
		}
		return nil
	}
	switch e := e.(type) {
	case client.Connected:
		m.connected(e)
	case client.Disconnected:
		return m.disconnected(e)
	case client.Lost:
		m.chat.Settle(e.CID)
		m.local(m.post(e.Room, e.To), chatstate.Refusal, m.t("tui.unknownOutcomeOf", "text", e.Text))
	case client.Held:
		text := m.o.Texts.Server(e.Code, e.Text, nil)
		if post := m.chat.Settle(e.CID); post != nil {
			text += ": " + post.Text
		}
		m.local(m.chat.Find(chatstate.Line(e.Room)), chatstate.Local, text)
	case client.Gap:
		m.chat.Missing(e.Room, m.t("tui.gap", "n", e.Missed), m.o.Now())
	case client.Rollback:
		r := m.chat.Apply(e).Room
		m.local(r, chatstate.Refusal, m.t("tui.rollback", "room", e.Room))
	case client.Bye:
		m.err = e
		m.local(m.active, chatstate.Refusal, m.o.Texts.Server(e.Code, e.Text, e.Args))
	default:
		return m.happened(e)
	}
	return nil
}

// happened acts on what happens in the chat.
func (m *Model) happened(e client.Event) tea.Cmd {
	change := m.chat.Apply(e)
	if change.Left != nil {
		m.left(change.Left)
	}
	if change.Roles {
		change.Room.Listed = false
	}
	switch e := e.(type) {
	case client.Joined:
		if e.CID != "" && e.CID == m.joining || m.active == nil {
			m.show(change.Room)
		}
		if change.Room != nil && change.Room == m.active && change.Room.NewFrom == nil && change.Room.Unread > 0 {
			change.Room.NewFrom = change.Room.FirstUnread()
		}
	case client.Notice:
		m.notice(e)
	case client.Failure:
		m.failure(e)
	case client.RoomEvent:
		if e.Room == "" {
			m.local(m.active, chatstate.Local, m.describe(e))
		}
	case client.Raw:
		m.raw(e)
	}
	m.list(m.active)
	if i := change.Item; i != nil && !i.Own {
		return m.arrived(change.Room, i)
	}
	return nil
}

// cidOf returns the CID of an answer, or "".
func cidOf(e client.Event) string {
	switch e := e.(type) {
	case client.Joined:
		return e.CID
	case client.Failure:
		return e.CID
	case client.Notice:
		return e.CID
	case client.History:
		return e.CID
	case client.Raw:
		return e.CID
	}
	return ""
}

func (m *Model) connected(e client.Connected) {
	m.chat.Apply(e)
	m.offline, m.lost = false, nil
	clear(m.asked)
	clear(m.loading)
	m.joining = ""
	if !e.Resumed {
		for _, r := range m.chat.Rooms() {
			r.Listed = false
		}
	}
	m.request(client.Request{Type: "whoami"}, m.silently)
	if m.o.Room != "" {
		m.join(m.o.Room, "")
		m.o.Room = ""
	}
	m.list(m.active)
}

func (m *Model) disconnected(e client.Disconnected) tea.Cmd {
	if err := m.o.Fatal(e.Err); err != nil {
		m.err = err
		return tea.Quit
	}
	if m.quitting {
		return tea.Quit
	}
	m.offline, m.lost = true, e.Err
	m.retryAt = m.o.Now().Add(e.Retry)
	if d, ok := m.dialog.(*question); ok { // the server has forgotten it
		d.close(m)
		m.say(m.t("tui.questionEnded"))
	}
	return m.tick()
}

// tick shows the countdown until the next attempt to connect.
func (m *Model) tick() tea.Cmd {
	if !m.offline || m.ticking {
		return nil
	}
	m.ticking = true
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return secondMsg{} })
}

// notice shows a notice, unless the screen shows it in another way.
func (m *Model) notice(e client.Notice) {
	if e.Code == "talking-in" && e.CID != "" && e.CID == m.joining {
		room, _ := e.Args["room"].(string)
		m.show(m.chat.Find(chatstate.Line(room)))
	}
	if !quiet[e.Code] {
		m.local(m.active, chatstate.Local, m.o.Texts.Server(e.Code, e.Text, e.Args))
	}
}

// failure shows why something was not done. The text of a message is not lost.
func (m *Model) failure(e client.Failure) {
	why := m.o.Texts.Server(e.Code, e.Text, e.Args)
	post := m.chat.Settle(e.CID)
	if e.Code == "in-room-already" && e.CID == m.joining {
		room, _ := e.Args["room"].(string)
		m.show(m.chat.Find(chatstate.Line(room)))
		return
	}
	if post == nil {
		m.local(m.active, chatstate.Refusal, why)
		return
	}
	r := m.post(post.Room, post.To)
	m.local(r, chatstate.Refusal, m.t("tui.notSent", "why", why, "text", post.Text))
	if r == m.active && m.input.Value() == "" && m.purpose == nil {
		m.input.SetValue(post.Text)
		m.layout()
	}
}

// post returns the conversation of a message.
func (m *Model) post(room, to string) *chatstate.Room {
	if to != "" {
		return m.chat.Person(chatstate.Line(to))
	}
	return m.chat.Find(chatstate.Line(room))
}

// raw shows the answers to commands.
func (m *Model) raw(e client.Raw) {
	if e.Type == "question" {
		m.ask(e)
		return
	}
	if lines, ok := m.o.Answer(e); ok {
		for _, line := range lines {
			m.local(m.active, chatstate.Local, line)
		}
	}
}

// local shows something in a conversation that only this user sees: below it if there is none.
func (m *Model) local(r *chatstate.Room, kind chatstate.Kind, text string) {
	if r == nil {
		r = m.active
	}
	if text == "" {
		return
	}
	if r == nil {
		m.say(chatstate.Line(text))
		return
	}
	m.chat.Add(r, &chatstate.Item{Kind: kind, Text: chatstate.Text(text), Time: m.o.Now()})
}

// arrived acts on a message of somebody else.
func (m *Model) arrived(r *chatstate.Room, i *chatstate.Item) tea.Cmd {
	watched := r == m.active && !m.blurred
	if r == m.active && r.NewFrom == nil && (m.blurred || !m.view(r).stuck()) {
		r.NewFrom = i
	}
	if watched || !i.Mention && !i.Private {
		return nil
	}
	out := ""
	if m.o.Notify {
		out += ansi.Notify(chatstate.Line(i.From + ": " + i.Text))
	}
	if m.o.Bell {
		out += "\a"
	}
	if out == "" {
		return nil
	}
	return tea.Raw(out)
}

// left forgets a conversation. What was being typed in it can be recalled.
func (m *Model) left(r *chatstate.Room) {
	kept := m.drafts[r]
	if r == m.active {
		kept = draft{m.input.Value(), m.purpose}
	}
	if text := strings.TrimSpace(kept.text); text != "" && (kept.purpose == nil || !kept.purpose.edit) {
		m.remember(text)
	}
	m.forget()
	if r != m.active {
		return
	}
	m.activate(nil)
	if rooms := m.chat.Rooms(); len(rooms) > 0 {
		m.show(rooms[0])
		return
	}
	m.input.Reset()
}

// describe says what has happened in a room.
func (m *Model) describe(e client.RoomEvent) string {
	why := ""
	if e.Text != "" {
		why = m.o.Texts.Server(e.Code, e.Text, e.Args)
	}
	switch {
	case e.What == "join" || e.What == "edit":
		return m.t("event."+e.What, "name", e.Name)
	case e.What == "leave" && why == "":
		return m.t("event.leave", "name", e.Name)
	case e.What == "leave":
		return m.t("event.leaveWhy", "name", e.Name, "why", why)
	case e.What == "nick":
		return m.t("event.nick", "name", e.Name, "to", e.NewName)
	case e.What == "redact" && why == "":
		return m.t("event.redact")
	case e.What == "announcement":
		return m.t("event.announcement", "text", why)
	case why != "":
		return why
	}
	return e.What
}

// load asks for more of a conversation if its beginning or end is near.
func (m *Model) load(r *chatstate.Room) {
	s := m.view(r)
	if r.Person || m.loading[r] || m.offline {
		return
	}
	switch {
	case r.Older && s.top != nil && r.Index(s.top) < m.height:
		m.page(r, client.Request{Before: r.First()}, chatstate.Before)
	case r.Detached && s.stuck():
		m.page(r, client.Request{After: r.Last()}, chatstate.After)
	}
}

// pageSize is how many messages are asked for at a time.
const pageSize = 100

// page asks for a page of history, and puts it in its place.
func (m *Model) page(r *chatstate.Room, q client.Request, what chatstate.Request) {
	q.Type, q.Room, q.Limit = "history", r.Name, pageSize
	end := m.view(r).top == nil
	last := lastOf(r)
	m.loading[r] = m.request(q, func(e client.Event) bool {
		if m.chat.Find(r.Key()) != r { // it was left meanwhile
			return false
		}
		m.loading[r] = false
		h, ok := e.(client.History)
		if !ok {
			m.happened(e)
			return false
		}
		m.chat.Page(h, what)
		if what == chatstate.After && end && last != nil { // the user sees where it goes on
			s := m.view(r)
			s.end()
			m.reveal(r, last, false)
		}
		if what == chatstate.Around {
			if i := r.ByID(q.Around); i != nil {
				m.view(r).cursor = i
				m.reveal(r, i, true)
			} else {
				m.say(m.t("notThere"))
			}
		}
		return false
	})
}

func lastOf(r *chatstate.Room) *chatstate.Item {
	if items := r.Items(); len(items) > 0 {
		return items[len(items)-1]
	}
	return nil
}

// resultsOf returns what a search has found.
func resultsOf(e client.Event) ([]client.Message, error) {
	r, ok := e.(client.Raw)
	if !ok || r.Type != "results" {
		if f, ok := e.(client.Failure); ok {
			return nil, f
		}
		return nil, errNoResults
	}
	var list struct {
		Events []client.Message `json:"events"`
	}
	if err := json.Unmarshal(r.JSON, &list); err != nil {
		return nil, err
	}
	return list.Events, nil
}

var errNoResults = errors.New("tui: not an answer to a search")
