package json

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sudoXpg/netloop/filter/ws"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// Version is the version of the format.
const Version = 1

// A Format is the format of what the server sends. Formats are comparable.
type Format struct {
	// CID is the identifier of the request that is being answered; "" for none.
	CID string
	// Framed makes each object a WebSocket message instead of a line, and Deflate compresses
	// large ones (see ws.AppendCompressed).
	Framed, Deflate bool
}

// done returns the lines that a method has appended behind dst, in the format's framing. JSON
// itself contains no line ends.
func (f Format) done(dst, lines []byte) []byte {
	if !f.Framed {
		return lines
	}
	from := len(dst)
	if rest := lines[from:]; bytes.IndexByte(rest, '\n') == len(rest)-1 && len(rest) <= inPlace { // nearly always
		n := len(rest) - 1
		var header [4]byte // enough for a short line
		return slices.Insert(lines[:from+n], from, ws.AppendHeader(header[:0], ws.Text, n)...)
	}
	all := bytes.Clone(lines[from:])
	lines = lines[:from]
	for line := range bytes.Lines(all) {
		line = line[:len(line)-1]
		if f.Deflate {
			lines = ws.AppendCompressed(lines, ws.Text, line)
		} else {
			lines = ws.AppendFrame(lines, ws.Text, line)
		}
	}
	return lines
}

// inPlace is the longest line that is framed without a copy: a longer one may be compressed.
const inPlace = ws.MinCompress

// Echo returns whether authors are shown their own messages: with them a program has the
// room's order.
func (Format) Echo() bool { return true }

// An object is a JSON object that is being written.
type object struct {
	dst  []byte
	more bool
}

// begin begins an object of a type.
func begin(dst []byte, kind string) object {
	o := object{dst: append(dst, '{')}
	o.text("type", kind)
	return o
}

func (o *object) key(key string) {
	if o.more {
		o.dst = append(o.dst, ',')
	}
	o.more = true
	o.dst = append(append(append(o.dst, '"'), key...), '"', ':')
}

func (o *object) text(key, value string) {
	o.key(key)
	o.dst = quote(o.dst, value)
}

// optional writes a text unless it is empty.
func (o *object) optional(key, value string) {
	if value != "" {
		o.text(key, value)
	}
}

func (o *object) number(key string, n uint64) {
	o.key(key)
	o.dst = strconv.AppendUint(o.dst, n, 10)
}

// id writes an ID: a string, because readers of JSON lose digits of large numbers.
func (o *object) id(key string, n uint64) {
	o.key(key)
	o.dst = append(strconv.AppendUint(append(o.dst, '"'), n, 10), '"')
}

func (o *object) is(key string) {
	o.key(key)
	o.dst = append(o.dst, "true"...)
}

// time writes the time of an event, if it has one.
func (o *object) time(t time.Time) {
	if !t.IsZero() {
		o.key("time")
		o.dst = appendTime(o.dst, t)
	}
}

// end ends an object, and line its line, too.
func (o *object) end() []byte { return append(o.dst, '}') }

func (o *object) line() []byte { return append(o.end(), '\n') }

// quote appends a string.
func quote(dst []byte, s string) []byte {
	out, err := jsontext.AppendQuote(dst, s)
	if err != nil { // invalid UTF-8, which it has replaced
		return out
	}
	return out
}

// appendTime appends a time as in RFC 3339, in UTC and with milliseconds.
func appendTime(dst []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(dst, '"'), "2006-01-02T15:04:05.000Z"), '"')
}

// Event appends an event of a room, or one for the client alone.
func (f Format) Event(dst []byte, e chat.Event, _ ...chat.Span) []byte {
	o := f.event(dst, e)
	return f.done(dst, o.line())
}

// kinds are the names of the events that are no messages.
var kinds = map[chat.Kind]string{
	chat.Edited: "edit", chat.Join: "join", chat.Leave: "leave", chat.Rename: "nick", chat.Notice: "notice", chat.Announcement: "announcement",
	chat.Away: "away", chat.Back: "back",
}

// deletions are the notices that messages were deleted: one, or all of a name.
var deletions = map[chat.Code]bool{"redacted": true, "redacted-all": true}

func (f Format) event(dst []byte, e chat.Event) object {
	switch e.Kind {
	case chat.Say, chat.Action:
		return message(dst, e)
	case chat.Private, chat.Sent, chat.Mailed:
		return f.private(dst, e)
	case chat.Refusal:
		return f.refusal(dst, e.Note)
	case chat.Notice:
		if e.Room == "" {
			return f.note(dst, e.Note)
		}
	default:
	}
	o := begin(dst, "event")
	what, id := kinds[e.Kind], uint64(0)
	if e.Note != nil && deletions[e.Note.Code] {
		what = "redact"
		id, _ = e.Note.Arg("id").(uint64)
	}
	o.text("what", what)
	place(&o, e)
	if id != 0 {
		o.id("redacted", id)
	}
	o.optional("name", e.Name)
	switch e.Kind {
	case chat.Join:
		o.optional("role", e.Body)
	case chat.Away:
		o.optional("why", e.Body)
	case chat.Rename:
		o.text("newName", e.Body)
	case chat.Edited:
		o.id("edited", e.ReplyTo)
		o.text("text", e.Body)
	default:
	}
	o.time(e.Time)
	words(&o, e.Note)
	return o
}

// message writes a message of a room.
func message(dst []byte, e chat.Event) object {
	o := begin(dst, "message")
	place(&o, e)
	o.text("from", e.Name)
	if e.Account != 0 {
		o.is("registered")
	}
	if e.Kind == chat.Action {
		o.text("kind", "action")
	}
	o.text("text", e.Body)
	o.time(e.Time)
	if e.ReplyTo != 0 {
		o.id("replyTo", e.ReplyTo)
	}
	if !e.Edited.IsZero() {
		o.key("edited")
		o.dst = appendTime(o.dst, e.Edited)
	}
	return o
}

// private writes a private message, to or from the client.
func (f Format) private(dst []byte, e chat.Event) object {
	o := begin(dst, "message")
	o.is("private")
	if e.Kind == chat.Sent {
		o.optional("cid", f.CID)
		o.text("to", e.Name)
	} else {
		o.text("from", e.Name)
	}
	if e.Kind == chat.Mailed {
		o.is("mailed")
	}
	if e.Seq != 0 {
		o.number("number", e.Seq)
	}
	if e.Action {
		o.text("kind", "action")
	}
	o.text("text", e.Body)
	o.time(e.Time)
	return o
}

// place writes the place of an event, if it has one.
func place(o *object, e chat.Event) {
	o.optional("room", e.Room)
	if e.Seq != 0 {
		o.number("epoch", e.Epoch)
		o.number("seq", e.Seq)
	}
	if e.ID != 0 {
		o.id("id", e.ID)
	}
}

// words writes what the server says: a code and arguments for programs, a text for people.
func words(o *object, n *chat.Note) {
	if n == nil {
		return
	}
	o.text("code", string(n.Code))
	o.text("text", text.Words(n))
	if args := arguments(n); len(args) > 0 {
		o.key("args")
		o.dst = append(o.dst, '{')
		for i, a := range args {
			if i > 0 {
				o.dst = append(o.dst, ',')
			}
			o.dst = append(append(append(o.dst, '"'), camel(a.Name)...), '"', ':')
			if n, ok := a.Value.(uint64); ok {
				o.dst = append(strconv.AppendUint(append(o.dst, '"'), n, 10), '"')
			} else {
				o.dst = value(o.dst, a.Value)
			}
		}
		o.dst = append(o.dst, '}')
	}
}

// arguments returns the arguments of a note that are not left out, but for those that
// have a field of their own.
func arguments(n *chat.Note) []chat.Arg {
	var args []chat.Arg
	for _, a := range n.Args {
		if a.Name != fieldArg && !empty(a.Value) {
			args = append(args, a)
		}
	}
	return args
}

// fieldArg is the argument of a note that names the field of a request that is wrong.
const fieldArg = "field"

// note writes a note that is no refusal.
func (f Format) note(dst []byte, n *chat.Note) object {
	o := begin(dst, "notice")
	o.optional("cid", f.CID)
	words(&o, n)
	return o
}

// refusal writes why something was not done.
func (f Format) refusal(dst []byte, n *chat.Note) object {
	o := begin(dst, "error")
	o.optional("cid", f.CID)
	if field, ok := n.Arg(fieldArg).(string); ok {
		o.text("field", field)
	}
	words(&o, n)
	return o
}

// Notice appends a note of the server to one client.
func (f Format) Notice(dst []byte, what *chat.Note) []byte {
	o := f.note(dst, what)
	return f.done(dst, o.line())
}

// Error appends why a request was not carried out.
func (f Format) Error(dst []byte, why *chat.Note) []byte {
	o := f.refusal(dst, why)
	return f.done(dst, o.line())
}

// Bye appends why the connection is closed, and after which time it makes sense to come
// back, if that is known.
func (f Format) Bye(dst []byte, why *chat.Note) []byte {
	o := begin(dst, "bye")
	o.optional("cid", f.CID)
	if wait, ok := why.Arg("wait").(time.Duration); ok && wait > 0 {
		o.key("retryAfter")
		o.dst = seconds(o.dst, wait)
	}
	words(&o, why)
	if dst = f.done(dst, o.line()); f.Framed {
		dst = ws.AppendClose(dst, ws.CodeGoingAway, "")
	}
	return dst
}

// Missed appends that a reader was too slow for n events of a room, 0 for an unknown number.
func (f Format) Missed(dst []byte, room string, n uint64) []byte {
	return f.done(dst, missed(dst, room, n))
}

func missed(dst []byte, room string, n uint64) []byte {
	o := begin(dst, "gap")
	o.text("room", room)
	if n > 0 {
		o.number("missed", n)
	}
	return o.line()
}

// Day appends nothing: each event has its time.
func (Format) Day(dst []byte, _ time.Time, _ chat.Event) []byte { return dst }

// Entered appends that the client is in a room, with its latest messages and the place in
// its order from which on it is sent everything.
//
// For a client that comes back these are the messages that it has missed; before them stands
// whether there are more, which ones are taken back, and which were deleted: a client that
// has received joined, with its place, has received everything up to there.
func (f Format) Entered(dst []byte, e chat.Entry, _ time.Time) []byte {
	return f.done(dst, f.entered(dst, e))
}

func (f Format) entered(dst []byte, e chat.Entry) []byte {
	if c := e.Catchup; c != nil && c.RolledBack {
		o := begin(dst, "rollback")
		o.text("room", e.Room.Name())
		o.number("epoch", c.Epoch)
		o.number("keptTo", c.KeptTo)
		dst = o.line()
	}
	if e.Catchup != nil && e.Catchup.Gap {
		dst = missed(dst, e.Room.Name(), 0)
	}
	if e.Catchup != nil {
		for _, c := range e.Catchup.Changes {
			dst = change(dst, e.Room.Name(), c)
		}
	}
	o := begin(dst, "joined")
	if e.Catchup != nil {
		o.is("resumed")
	}
	o.optional("cid", f.CID)
	o.text("room", e.Room.Name())
	o.text("name", e.Name)
	o.optional("role", string(e.Role))
	o.optional("topic", e.Topic)
	o.number("others", uint64(max(e.Others, 0)))
	o.number("epoch", e.Epoch)
	o.number("seq", e.Seq)
	if e.Read != nil {
		o.key("read")
		read := object{dst: append(o.dst, '{')}
		read.number("epoch", e.Read.Epoch)
		read.number("seq", e.Read.Seq)
		o.dst = read.end()
	}
	o.key("history")
	o.dst = events(o.dst, e.Recent)
	return o.line()
}

// change appends that a message was deleted or edited.
func change(dst []byte, room string, c chat.Change) []byte {
	o := begin(dst, "event")
	if c.Edited == nil {
		o.text("what", "redact")
		o.text("room", room)
		o.id("redacted", c.ID)
	} else {
		o.text("what", "edit")
		o.text("room", room)
		o.text("name", c.Edited.Name)
		o.id("edited", c.ID)
		o.text("text", c.Edited.Body)
	}
	o.time(c.Time)
	return o.line()
}

// events appends messages as an array.
func events(dst []byte, list []chat.Event) []byte {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		o := Format{}.event(dst, list[i])
		dst = o.end()
	}
	return append(dst, ']')
}

// Pong answers a ping.
func (f Format) Pong(dst []byte) []byte {
	o := begin(dst, "pong")
	o.optional("cid", f.CID)
	return f.done(dst, o.line())
}

// Question appends a question that an answer request answers; why, which may be nil, is
// what was wrong with the last answer.
func (f Format) Question(dst []byte, why, question *chat.Note, hidden bool) []byte {
	if why != nil {
		dst = f.Error(dst, why)
	}
	o := begin(dst, "question")
	o.optional("cid", f.CID)
	if hidden {
		o.is("hidden")
	}
	words(&o, question)
	return f.done(dst, o.line())
}

// A Welcome is what the server says first.
type Welcome struct {
	Server  string
	Session uint64
	// MaxText is the longest text of a message, in bytes.
	MaxText int
}

// Welcome appends the answer to a hello.
func (f Format) Welcome(dst []byte, w Welcome) []byte {
	o := begin(dst, "welcome")
	o.optional("cid", f.CID)
	o.number("v", Version)
	o.text("server", w.Server)
	o.id("session", w.Session)
	o.key("limits")
	limits := object{dst: append(o.dst, '{')}
	for _, l := range []struct {
		name string
		n    int
	}{
		{"object", MaxObject}, {"depth", MaxDepth}, {"text", w.MaxText}, {"lines", MaxLines}, {"cid", chat.MaxCID}, {"cidWindow", chat.CIDWindow},
	} {
		limits.number(l.name, uint64(max(l.n, 0)))
	}
	o.dst = limits.end()
	o.key("commands")
	o.dst = append(o.dst, commands...)
	return f.done(dst, o.line())
}

// commands are all commands, as an array of Usage.
var commands = func() []byte {
	var all []chat.Usage
	for _, v := range chat.Verbs() {
		all = append(all, chat.Usage{Name: v.Name, Aliases: v.Aliases, Args: v.Args, Help: v.Help})
	}
	return value(nil, all)
}()
