//go:build !aix

package tui

import (
	"maps"
	"time"

	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/sudoXpg/netloop/internal/chatstate"
	"github.com/sudoXpg/netloop/internal/client"
)

// A Session is the connection to the server: a client.Client.
type Session interface {
	Events() <-chan client.Event
	Post(p client.Post) (cid string, err error)
	Send(r client.Request) (cid string, err error)
	// Retry connects now if there is no connection.
	Retry()
	Err() error
}

// Texts are the texts in the user's language.
type Texts interface {
	T(key string, args ...any) string
	Server(code, text string, args map[string]any) string
	// Day returns the name of a day, and says so if it is that of now.
	Day(t, now time.Time) string
}

// Options say how a Model begins.
type Options struct {
	Session Session
	Texts   Texts
	// Emoji are names and characters, in order.
	Emoji []Emoji
	// Expand replaces the names of emoji in a text, as in :tea:.
	Expand func(text string) string
	// Fatal returns why the session can't go on after a connection was lost, or nil.
	Fatal func(error) error
	// Reason says why a connection was lost, in words for the user.
	Reason func(error) string
	// Answer returns the lines of the answer to a command, and whether it is one.
	Answer func(client.Raw) (lines []string, ok bool)
	// Room is the room to enter first; "" for none.
	Room string
	// Zone is the user's time zone; nil means time.Local.
	Zone *time.Location
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Bell rings, and Notify shows notifications of the terminal, for private messages and
	// mentions while the user looks elsewhere.
	Bell, Notify bool
}

// An Emoji has a name, without its colons.
type Emoji struct{ Name, Text string }

// Limits.
const (
	// MaxHistory is how many lines that were typed can be recalled.
	MaxHistory = 200
	// PasteAsk is how many lines can be pasted without being asked.
	PasteAsk = 5
	// maxAsked is how many answers are awaited.
	maxAsked = 256
	// batch is how many events are taken between two frames.
	batch = 512
	// frame is the time between two frames that events cause, so that many events are no more
	// work than few.
	frame = 40 * time.Millisecond
)

// A Model is the state of the screen.
type Model struct {
	o     Options
	chat  *chatstate.Chat
	words *writer

	width, height int
	blurred       bool // the terminal is not in use
	noSide        bool // the lists of rooms and people are hidden

	active  *chatstate.Room
	views   map[*chatstate.Room]*scroll
	loading map[*chatstate.Room]bool
	asked   map[string]func(client.Event) bool // by CID; false: that was the last answer
	joining string                             // CID of the request to enter a room

	input    textarea.Model
	drafts   map[*chatstate.Room]draft
	purpose  *purpose // what the input is for; nil: a message
	history  []string
	recalled int    // index in history; len(history): none
	latest   string // what was in the input before lines were recalled
	options  []option
	option   int
	said     string // the last complaint, until the next key

	dialog dialog // nil: none

	lost    error // why there is no connection
	offline bool
	retryAt time.Time
	ticking bool            // the countdown goes on
	reads   map[string]bool // rooms whose read position is to be told
	reading bool

	// The layout: widths of the lists beside the conversation, and its height.
	side, peopleSide, logHeight int

	quitting bool
	err      error // why the session has ended
}

// A purpose is what the input is for.
type purpose struct {
	item   *chatstate.Item
	edit   bool   // otherwise it is a reply
	before string // what was in the input before the edit
}

// A draft is what is in the input of a conversation that is not shown.
type draft struct {
	text    string
	purpose *purpose
}

// What the model tells itself.
type (
	eventsMsg []client.Event
	endMsg    struct{}
	secondMsg struct{}
	readMsg   struct{}
)

// New returns a model.
func New(o Options) *Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	m := &Model{
		o: o, chat: &chatstate.Chat{}, width: 80, height: 24,
		views: make(map[*chatstate.Room]*scroll), loading: make(map[*chatstate.Room]bool),
		asked: make(map[string]func(client.Event) bool), drafts: make(map[*chatstate.Room]draft), reads: make(map[string]bool),
	}
	m.chat.Describe = m.describe
	m.words = &writer{styles: newStyles(true), texts: o.Texts, zone: o.Zone, now: o.Now, measure: ansi.WcWidth}
	m.input = newInput()
	m.input.Focus()
	m.layout()
	return m
}

// Err returns why the session has ended, or nil if the user has left.
func (m *Model) Err() error { return m.err }

// Init begins to receive.
func (m *Model) Init() tea.Cmd {
	return tea.Batch(m.receive(time.Time{}), tea.RequestBackgroundColor)
}

// receive returns a command that waits for events until a time has come, and takes all that are
// there.
func (m *Model) receive(earliest time.Time) tea.Cmd {
	return func() tea.Msg {
		e, open := <-m.o.Session.Events()
		if !open {
			return endMsg{}
		}
		<-time.After(time.Until(earliest))
		return m.drain(e)
	}
}

// drain takes the events that are there after the first one.
func (m *Model) drain(first client.Event) tea.Msg {
	list := eventsMsg{first}
	for len(list) < batch {
		select {
		case e, open := <-m.o.Session.Events():
			if !open {
				return list // the next call finds the end
			}
			list = append(list, e)
		default:
			return list
		}
	}
	return list
}

// wholeScreen lets all rows scroll, without moving the cursor. The library limits scrolling to some
// rows, and then to as many as it believes that there are. If the terminal has more by then, because
// it was resized meanwhile, the limit stays, and later line ends scroll what should not be. So the
// limit is removed after each resize, and the screen drawn again.
const wholeScreen = "\x1b7\x1b[r\x1b8" // DECSC, DECSTBM, DECRC

// Update acts on a message.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmds []tea.Cmd
	switch msg := msg.(type) {
	case eventsMsg:
		for _, e := range msg {
			cmds = append(cmds, m.event(e))
		}
		cmds = append(cmds, m.receive(time.Now().Add(frame)))
	case endMsg:
		if !m.quitting {
			m.err = m.o.Session.Err()
		}
		return m, tea.Quit
	case secondMsg:
		m.ticking = false
		cmds = append(cmds, m.tick())
	case readMsg:
		m.tellRead()
	case tellMsg:
		m.tell(string(msg))
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.layout()
		m.input, _ = m.input.Update(nil) // which scrolls to the cursor
		cmds = append(cmds, tea.Sequence(tea.Raw(wholeScreen), tea.ClearScreen))
	case tea.BackgroundColorMsg:
		m.words.styles = newStyles(msg.IsDark())
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeUnicodeCore && (msg.Value == ansi.ModeReset || msg.Value == ansi.ModeSet || msg.Value == ansi.ModePermanentlySet) {
			m.words.measure = ansi.GraphemeWidth // as the renderer does
		}
	case tea.FocusMsg:
		m.blurred = false
	case tea.BlurMsg:
		m.blurred = true
	case tea.MouseMsg:
		m.mouse(msg)
	default:
		cmds = append(cmds, m.typed(msg))
	}
	m.settle()
	cmds = append(cmds, m.seen())
	return m, tea.Batch(cmds...)
}

// settle lets the screen follow the conversation if its end is visible now.
func (m *Model) settle() {
	m.layout()
	r := m.active
	if r == nil {
		return
	}
	s := m.view(r)
	if !s.stuck() {
		s.move(r, m.content(r), m.logHeight, 0)
	}
	if items, was := r.Items(), s.cursor; was != nil { // it may have been dropped
		s.cursor = nil
		if at := r.Index(was); len(items) > 0 {
			s.cursor = items[min(at, len(items)-1)]
		}
	}
}

// typed acts on what comes from the keyboard.
func (m *Model) typed(msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyPressMsg); ok && key.Text != "" { // also of a paste without brackets
		if key.Text = chatstate.Line(key.Text); key.Text == "" {
			return nil
		}
		msg = key
	}
	if m.dialog != nil {
		return m.dialog.update(m, msg)
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		m.said = ""
		return m.key(msg)
	case tea.PasteMsg:
		return m.paste(msg.Content)
	}
	return m.edit(msg)
}

// say shows a complaint.
func (m *Model) say(text string) { m.said = text }

// t returns a text in the user's language.
func (m *Model) t(key string, args ...any) string { return m.o.Texts.T(key, args...) }

// view returns the part of a conversation that is shown.
func (m *Model) view(r *chatstate.Room) *scroll {
	s := m.views[r]
	if s == nil {
		s = &scroll{}
		m.views[r] = s
	}
	return s
}

// show makes a conversation the active one.
func (m *Model) show(r *chatstate.Room) {
	if r == nil || r == m.active || m.chat.Find(r.Key()) != r { // it was left meanwhile
		return
	}
	if m.active != nil {
		m.active.NewFrom = nil
		m.drafts[m.active] = draft{m.input.Value(), m.purpose}
		m.view(m.active).cursor = nil
	}
	m.activate(r)
	if r.Unread > 0 {
		r.NewFrom = r.FirstUnread()
	}
	kept := m.drafts[r]
	delete(m.drafts, r)
	m.purpose = kept.purpose
	m.input.SetValue(kept.text)
	m.recalled, m.latest = len(m.history), ""
	m.list(r)
	m.forget()
	m.layout()
}

// activate makes a conversation, or nil, the active one, and ends what belongs to another.
func (m *Model) activate(r *chatstate.Room) {
	m.active, m.chat.Shown = r, r
	m.purpose, m.options = nil, nil
	if stale(m.dialog, r) {
		m.dialog = nil
	}
}

// forget drops what is known of conversations that are no longer there.
func (m *Model) forget() {
	gone := func(r *chatstate.Room) bool { return m.chat.Find(r.Key()) != r }
	maps.DeleteFunc(m.views, func(r *chatstate.Room, _ *scroll) bool { return gone(r) })
	maps.DeleteFunc(m.drafts, func(r *chatstate.Room, _ draft) bool { return gone(r) })
	maps.DeleteFunc(m.loading, func(r *chatstate.Room, _ bool) bool { return gone(r) })
}

// step shows the conversation before or after the active one.
func (m *Model) step(by int) {
	rooms := m.chat.Rooms()
	for i, r := range rooms {
		if r == m.active {
			m.show(rooms[(i+by+len(rooms))%len(rooms)])
			return
		}
	}
}

// seen records that the active conversation is read to its end, if the user sees it.
func (m *Model) seen() tea.Cmd {
	r := m.active
	if r == nil || m.blurred || m.dialog != nil || r.Detached || !m.view(r).stuck() || m.view(r).cursor != nil {
		return nil
	}
	if _, moved := r.MarkRead(); !moved || !m.chat.Me.Registered {
		return nil
	}
	m.reads[r.Name] = true
	if m.reading {
		return nil
	}
	m.reading = true
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return readMsg{} })
}

// tellRead tells the server how far rooms are read.
func (m *Model) tellRead() {
	m.reading = false
	for name := range m.reads {
		if r := m.chat.Find(name); r != nil {
			at := r.Read()
			m.request(client.Request{Type: "read", Room: name, Epoch: &at.Epoch, Seq: at.Seq}, func(client.Event) bool { return false })
		}
	}
	clear(m.reads)
}

// request sends a request. answer is called with what has its CID, until it returns false.
func (m *Model) request(r client.Request, answer func(client.Event) bool) bool {
	cid, err := m.o.Session.Send(r)
	if err != nil {
		return false
	}
	if len(m.asked) >= maxAsked {
		clear(m.asked) // a server that does not answer
		clear(m.loading)
	}
	if answer != nil {
		m.asked[cid] = answer
	}
	return true
}

// list asks for the people of a room, once: events keep the list up to date.
func (m *Model) list(r *chatstate.Room) {
	if r == nil || r.Person || r.Listed || m.offline {
		return
	}
	r.Listed = m.request(client.Request{Type: "who", Room: r.Name}, m.silently)
}

// silently lets the state have an answer that is not shown.
func (m *Model) silently(e client.Event) bool {
	m.chat.Apply(e)
	return false
}
