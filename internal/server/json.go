package server

import (
	"bytes"
	"crypto/rand"
	"strconv"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/filter/ws"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/json"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// A jsonSession is one connection of a program that speaks JSON.
type jsonSession struct {
	peer
	part    []byte // the beginning of a line; nil while there is none
	discard bool   // the rest of a line that is too long
	hello   bool   // the client has said hello
	opened  bool   // a session that can be resumed was asked for
	changed bool   // its name, rooms or settings may be others
	deflate bool   // the client can inflate what ws.AppendCompressed makes
	begun   bool   // a request is incomplete, and has to be complete by the deadline
	beat    ws.Heartbeat
	cid     string // of the request that is being carried out
	asking  *asking
	socket  *socket // nil: its objects are lines
}

// asking is what a session has to do with questions, most of them for passwords. A login
// or a registration has brought the answers along; a command asks the client.
type asking struct {
	answers []string // of the request, in the order of the questions
	alone   bool     // the request has to answer all questions itself
	answer  func(string)
	ending  bool // a dialogue is being cancelled
}

var (
	_ input                     = (*jsonSession)(nil)
	_ eventloop.DeadlineHandler = (*jsonSession)(nil)
	_ eventloop.DrainHandler    = (*jsonSession)(nil)
)

var jsonProtocol = protocol{name: "json", match: isJSON, start: startJSON, wire: json.Format{}}

// isJSON: an object. No name and no command begins with a brace.
func isJSON(head []byte) verdict { return begins(head, "{") }

func startJSON(srv *Server, c *eventloop.Conn, in arrival) eventloop.Handler {
	x := &jsonSession{}
	x.begin(srv, c, in, x)
	return x
}

// Opened implements eventloop.Handler: the client speaks first.
func (x *jsonSession) Opened(*eventloop.Conn) {
	x.stage = naming
	x.await()
}

// takeLines is take for a client that sends lines.
func (x *jsonSession) takeLines(p []byte) {
	for x.stage != leaving {
		if x.waits() {
			x.readAhead(p)
			return
		}
		line, rest, whole := bytes.Cut(p, []byte{'\n'})
		if !x.collect(line, whole) {
			return
		}
		p = rest
	}
}

// collect adds a part of a line, and carries out the request when it is whole. It returns
// false if the line goes on.
func (x *jsonSession) collect(line []byte, whole bool) bool {
	if len(x.part)+len(line) > json.MaxObject && !x.discard {
		x.part, x.discard = nil, true
		x.tooLarge()
	}
	x.begun = x.begun && !whole
	switch {
	case x.discard:
		x.discard = !whole
		return whole
	case !whole:
		x.part = append(x.part, line...)
		return false
	case x.part != nil:
		line = append(x.part, line...)
		x.part = nil
	}
	if line = bytes.TrimSpace(line); len(line) > 0 {
		x.request(line)
	}
	return true
}

// tooLarge answers a line that is too long, of which nothing is kept.
func (x *jsonSession) tooLarge() {
	x.overlong(json.MaxObject, func() { x.fail(chat.NewNote("object-too-long", "most", json.MaxObject)) })
}

// request carries out one request.
func (x *jsonSession) request(line []byte) {
	if x.asking != nil && x.asking.alone { // of the request before
		x.asking = nil
	}
	r, err := json.Parse(line)
	x.cid = r.CID
	switch {
	case err != nil:
		x.fail(chat.Why(err))
	case r.Type == "hello":
		x.greet(r)
	case !x.hello:
		x.fail(chat.NewNote("json-hello-first", "type", r.Type))
	default:
		x.carryOut(r)
	}
	x.settle()
}

// fail answers a request that is not carried out.
func (x *jsonSession) fail(why *chat.Note) {
	x.reply(func(dst []byte) []byte { return x.format().Error(dst, why) })
}

// greet answers a hello.
func (x *jsonSession) greet(r json.Request) {
	if r.V != json.Version {
		x.fail(chat.NewNote("json-version", "field", "v", "version", json.Version))
		return
	}
	x.hello = true
	x.reply(func(dst []byte) []byte {
		return x.format().Welcome(dst, json.Welcome{Server: x.srv.o.Name, Session: x.member.ID(), MaxText: x.srv.limits.Load().MaxLine})
	})
}

// jsonVerbs are the requests that are commands, with the command's arguments.
var jsonVerbs = map[string]func(json.Request) chat.Command{
	"join":  func(r json.Request) chat.Command { return command("join", r.Room, r.Key) },
	"leave": func(r json.Request) chat.Command { return command("leave", r.Room) },
	"who":   func(r json.Request) chat.Command { return command("list", r.Room) },
	"rooms": func(json.Request) chat.Command { return command("rooms") },
	"whois": func(r json.Request) chat.Command { return command("whois", r.Name) },
	"settings": func(r json.Request) chat.Command {
		return command("set", r.Name, r.Value)
	},
	"whoami": func(json.Request) chat.Command { return command("whoami") },
	"logout": func(json.Request) chat.Command { return command("logout") },
	"quit":   func(r json.Request) chat.Command { return command("quit", r.Reason) },
}

// command returns a command with arguments, of which those at the end may be missing.
func command(name string, args ...string) chat.Command {
	c := chat.Command{Name: name}
	for _, a := range args {
		if a == "" {
			break
		}
		if c.Text != "" {
			c.Text += " "
		}
		c.Text += a
	}
	return c
}

// carryOut carries out a request after the hello.
func (x *jsonSession) carryOut(r json.Request) {
	hub, m, now := x.srv.hub, &x.member, x.now()
	switch r.Type {
	case "ping":
		x.reply(x.format().Pong)
	case "login":
		x.login(r)
	case "register":
		x.alone(r.Password, r.Password)
		hub.Run(m, command("register", r.Name), now)
	case "resume":
		x.comeBack(r)
	case "answer":
		x.answered(r.Text)
	case "post":
		x.post(r)
	case "redact":
		if r.ID == 0 {
			x.fail(chat.NewNote("json-missing", "field", "id"))
		} else if r.Room == "" || hub.TalkIn(m, r.Room) {
			hub.Run(m, command("redact", strconv.FormatUint(r.ID, 10)), now)
		}
	case "edit":
		hub.Edit(m, r.Room, r.ID, r.Text, now)
	case "read":
		hub.Read(m, r.Room, r.Epoch, r.Seq, now)
	case "history":
		hub.History(m, r.Room, chat.Page{Before: r.Before, After: r.After, Around: r.Around, Limit: r.Limit}, now)
	case "search":
		hub.Search(m, r.Query, r.Before, now)
	case "complete":
		hub.Complete(m, r.Prefix, now)
	case "command":
		x.command(r)
	default:
		verb := jsonVerbs[r.Type]
		if verb == nil {
			x.fail(chat.NewNote("json-unknown-type", "field", "type", "type", clipped(r.Type)))
			return
		}
		hub.Run(m, verb(r), now)
	}
}

// clipped returns a client's word to repeat it.
func clipped(word string) string {
	const most = 32
	if r := []rune(word); len(r) > most {
		return string(r[:most]) + "..."
	}
	return word
}

// command carries out a line with a command, with or without its slash.
func (x *jsonSession) command(r json.Request) {
	c := text.Parse("/" + string(bytes.TrimPrefix([]byte(r.Line), []byte{'/'})))
	if c.Name == "" {
		x.fail(chat.NewNote("json-missing", "field", "line"))
		return
	}
	if r.Room == "" || x.srv.hub.TalkIn(&x.member, r.Room) {
		x.asking = nil
		x.srv.hub.Run(&x.member, c, x.now())
	}
}

// post sends a message.
func (x *jsonSession) post(r json.Request) {
	l := chat.Line{Kind: chat.Say, Room: r.Room, To: r.To, Text: r.Text, CID: r.CID, ReplyTo: r.ReplyTo}
	limit := x.srv.limits.Load().MaxLine
	switch {
	case len(r.Text) > limit:
		x.fail(chat.NewNote("text-too-long", "field", "text", "most", limit))
		return
	case r.Kind == "action":
		l.Kind = chat.Action
	case r.Kind != "":
		x.fail(chat.NewNote("json-kind", "field", "kind", "kind", clipped(r.Kind)))
		return
	}
	x.srv.hub.Post(&x.member, l, x.now())
}

// login gives the client a name: of a guest, or with a password of an account.
func (x *jsonSession) login(r json.Request) {
	hub, m := x.srv.hub, &x.member
	switch {
	case r.Name == "":
		x.fail(chat.NewNote("json-missing", "field", "name"))
	case x.stage == chatting && r.Password == "":
		x.fail(chat.NewNote("json-missing", "field", "password"))
	case r.Password != "":
		x.alone(r.Password)
		hub.Run(m, command("login", r.Name), x.now())
	default:
		if err := hub.Login(m, r.Name); err != nil {
			x.fail(chat.Why(err))
			return
		}
		hub.Arrive(m, x.now())
	}
}

// comeBack continues a session.
func (x *jsonSession) comeBack(r json.Request) {
	if x.exposesTokens() {
		x.fail(chat.NewNote("resume-plain"))
		return
	}
	seen := chat.Seen{Rooms: make([]chat.Position, 0, len(r.Rooms)), Private: r.Private}
	for room, place := range r.Rooms {
		seen.Rooms = append(seen.Rooms, chat.Position{Room: room, Epoch: place.Epoch, Seq: place.Seq})
	}
	x.srv.hub.Resume(&x.member, r.Token, seen, x.now())
}

// exposesTokens reports whether a token would cross a network unencrypted although that is not
// allowed.
func (x *jsonSession) exposesTokens() bool { return !x.srv.o.ResumePlain && x.crossesPlain() }

// alone has the request that is carried out answer questions itself.
func (x *jsonSession) alone(answers ...string) {
	x.asking = &asking{answers: answers, alone: true}
}

// Ask implements chat.Outlet.
func (x *jsonSession) Ask(why, question *chat.Note, hidden bool, answer func(string)) {
	if x.asking == nil {
		x.asking = &asking{}
	}
	a := x.asking
	switch {
	case len(a.answers) > 0 && why == nil && a.answers[0] != "":
		next := a.answers[0]
		a.answers = a.answers[1:]
		answer(next)
	case a.alone:
		x.cancel(why, answer)
	default:
		a.answer = answer
		x.reply(func(dst []byte) []byte { return x.format().Question(dst, why, question, hidden) })
	}
}

// cancel ends a dialogue whose question the request can't answer.
func (x *jsonSession) cancel(why *chat.Note, answer func(string)) {
	switch inner, ok := orEmpty(why).Arg("why").(*chat.Note); {
	case ok: // "try again" is not for programs
		x.fail(inner)
	case why != nil:
		x.fail(why)
	default:
		x.fail(chat.NewNote("json-missing", "field", "password"))
	}
	x.asking = &asking{ending: true}
	answer("")
	x.asking = nil
}

// orEmpty returns n, or an empty note for nil.
func orEmpty(n *chat.Note) *chat.Note {
	if n == nil {
		return &chat.Note{}
	}
	return n
}

// answered passes an answer on to the question that was asked.
func (x *jsonSession) answered(line string) {
	if x.asking == nil || x.asking.answer == nil {
		x.fail(chat.NewNote("json-no-question"))
		return
	}
	answer := x.asking.answer
	x.asking = nil
	answer(line)
}

// Discard implements chat.Outlet: a program sends no lines by mistake.
func (x *jsonSession) Discard() {}

// Deliver implements chat.Outlet.
func (x *jsonSession) Deliver(e chat.Event) {
	if x.asking != nil && x.asking.ending { // that the dialogue was cancelled
		return
	}
	x.peer.Deliver(e)
}

// Post implements chat.Outlet. What others do to the member answers none of its requests. It
// is done even if the connection is gone and the session is not.
func (x *jsonSession) Post(f func()) {
	_ = x.conn.Loop().Complete(func() {
		if x.stage == leaving {
			return
		}
		cid := x.cid
		x.cid = ""
		f()
		x.cid = cid
		x.settle()
	})
}

// EOF implements eventloop.EOFHandler. A line without an end counts.
func (x *jsonSession) EOF(c *eventloop.Conn) {
	if x.ends() {
		return
	}
	if len(x.part) > 0 && x.stage != leaving && !x.busy {
		x.collect(nil, true)
	}
	c.Close()
}

// Closed implements eventloop.Handler. A member who may come back does not leave yet.
func (x *jsonSession) Closed(c *eventloop.Conn, err error) {
	wait, may := time.Duration(0), false
	if x.stage == chatting && !x.srv.stopping.Load() {
		wait, may = x.srv.hub.Linger(&x.member, x.now())
	}
	if !may || !x.srv.lingerOne() {
		x.peer.Closed(c, err)
		return
	}
	if more := x.rest.Load(); more != nil && more.job != nil {
		more.job.gone.Store(true)
	}
	x.unwatch()
	x.srv.admission.release(x.Addr(), x.extra)
	why := x.srv.closeReason(err)
	c.Loop().AfterFunc(wait, func() {
		x.srv.lingering.Add(-1)
		x.leave(why, why)
	})
}

// Draining implements eventloop.DrainHandler.
func (x *jsonSession) Draining(*eventloop.Conn) { x.bye(x.srv.farewell) }

// format returns the format of what answers the request that is being carried out.
func (x *jsonSession) format() json.Format {
	f := x.framing()
	f.CID = x.cid
	return f
}

// framing returns the format of what everybody in a room gets.
func (x *jsonSession) framing() json.Format {
	if x.socket == nil {
		return json.Format{}
	}
	return json.Format{Framed: true, Deflate: x.deflate}
}

// wire implements input.
func (x *jsonSession) wire(r *chat.Room) wire {
	if r == nil {
		return x.format()
	}
	return x.framing()
}

// settle implements input.
func (x *jsonSession) settle() {
	if x.busy {
		return
	}
	x.cid = ""
	switch {
	case x.stage != chatting || x.exposesTokens():
	case !x.opened:
		x.opened = true
		x.srv.hub.OpenSession(&x.member, x.now())
	case x.changed:
		x.changed = false
		x.srv.hub.NoteSession(&x.member, x.now())
	}
}

// Exit implements chat.Outlet.
func (x *jsonSession) Exit(r *chat.Room) {
	x.changed = true
	x.peer.Exit(r)
}

// Ignore implements chat.Outlet.
func (x *jsonSession) Ignore(r *chat.Room, key string, yes bool) {
	x.changed = true
	x.peer.Ignore(r, key, yes)
}

// Adapt implements chat.Outlet.
func (x *jsonSession) Adapt() {
	x.changed = true
	x.peer.Adapt()
}

// mentioned implements input: a program reads the messages itself.
func (x *jsonSession) mentioned(string) {}

// interject implements input: it says why the connection is closed.
func (x *jsonSession) interject(what *chat.Note) { x.bye(what) }

// maxLingering is how many members may be without a connection at a time and still be seen
// by others. Beyond it they leave at once, and may come back all the same.
const maxLingering = 10_000

// lingerOne counts a member without a connection, if there is room for one more.
func (s *Server) lingerOne() bool {
	if s.lingering.Add(1) > maxLingering {
		s.lingering.Add(-1)
		return false
	}
	return true
}

// newToken returns the bits of a token.
func newToken() (bits [32]byte) {
	_, _ = rand.Read(bits[:]) // never fails
	return bits
}
