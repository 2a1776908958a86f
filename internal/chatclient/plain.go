package chatclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/texts"
)

// LeaveTime is how long a session that is to end waits until what was typed is acknowledged
// and answered.
const LeaveTime = 10 * time.Second

// ErrEnded is returned for a session that the server has ended. The reason was shown.
var ErrEnded = errors.New("the server has ended the session")

// ErrUnacknowledged is returned for a session that has ended before all messages were
// acknowledged.
var ErrUnacknowledged = errors.New("not all messages were acknowledged: they may have arrived or not")

// A Plain is a session in which lines are read, and lines are appended to the output, without
// any escape sequences. Its fields are not changed while it runs.
type Plain struct {
	Client *client.Client
	// In is what is typed; nil: nothing is.
	In  io.Reader
	Out io.Writer
	// Room is the room to enter first; "" for none.
	Room string
	// Only is set if nothing but Room is shown.
	Only bool
	// Hide keeps the terminal from showing what is typed, until restore. It reports
	// whether In is a terminal. nil: it is not.
	Hide func() (restore func() error, terminal bool, err error)
	// Zone is the user's time zone.
	Zone *time.Location
	// Leave replaces LeaveTime; 0 means LeaveTime.
	Leave time.Duration
	// Language is the user's; nil means English.
	Language *texts.Language

	lines     Lines
	input     <-chan input
	interrupt <-chan struct{}
	late      <-chan time.Time // when leaving has taken too long

	offline bool
	entered bool   // Room
	joining string // CID of the request to enter Room
	cid     string // of the last command
	barrier string // CID of the ping whose answer comes after that of a command; "" for none
	held    string // a command that waits until the messages before it are acknowledged
	asked   bool   // the next line is an answer
	void    bool   // the next line was to be an answer, but the connection was lost
	restore func() error
	leaving bool
	reason  string // for leaving
	quit    bool   // the server was told
}

// errLeft is the end of a session that was asked for.
var errLeft = errors.New("left")

// Run runs the session until the input ends, ctx ends or the server ends the session. It
// closes the client.
func (p *Plain) Run(ctx context.Context) error {
	defer func() { _ = p.Client.Close() }()
	defer p.show()
	p.Language = english(p.Language)
	p.lines.Zone, p.lines.Language = p.Zone, p.Language
	done := make(chan struct{})
	defer close(done)
	if p.In != nil {
		p.input = readInput(p.In, done)
	}
	p.interrupt = ctx.Done()
	for {
		out, err := p.step()
		if err == nil {
			out = append(out, p.advance()...)
		}
		if len(out) > 0 {
			if _, failed := p.Out.Write(out); failed != nil && err == nil {
				err = fmt.Errorf("write the output: %w", failed)
			}
		}
		switch {
		case errors.Is(err, errLeft), err == nil && p.quit && p.reason == "":
			return nil
		case err != nil:
			return err
		case p.leaving && p.late == nil:
			p.late = time.After(p.leaveTime())
		}
	}
}

// step waits for something to happen, and returns what to show.
func (p *Plain) step() (out []byte, err error) {
	ready := p.input
	if p.busy() {
		ready = nil
	}
	select {
	case e, open := <-p.Client.Events():
		if !open {
			return nil, p.over()
		}
		out := p.event(e)
		if err := p.fatal(e); err != nil {
			return nil, err // which says it
		}
		return out, nil
	case line, open := <-ready:
		if open {
			return p.typed(line), nil
		}
		p.input, p.leaving = nil, true
	case <-p.interrupt:
		p.interrupt, p.leaving = nil, true
	case <-p.late:
		return nil, p.giveUp()
	}
	return nil, nil
}

func (p *Plain) leaveTime() time.Duration {
	if p.Leave > 0 {
		return p.Leave
	}
	return LeaveTime
}

// busy reports whether no input is accepted now.
func (p *Plain) busy() bool {
	return p.leaving || p.lines.Room() == "" || p.barrier != "" || p.held != "" || p.Client.Unacked() >= client.MaxUnacked
}

// fatal returns why the session can't go on after an event.
func (p *Plain) fatal(e client.Event) error {
	switch e := e.(type) {
	case client.Disconnected:
		if u, ok := errors.AsType[*UntrustedError](e.Err); ok {
			return u
		}
	case client.Failure:
		if p.Only && e.CID == p.joining && !p.entered {
			return e
		}
	}
	return nil
}

// over returns why the events have ended.
func (p *Plain) over() error {
	if p.quit {
		return errLeft
	}
	if _, ok := errors.AsType[client.Bye](p.Client.Err()); ok {
		return ErrEnded
	}
	return p.Client.Err()
}

// giveUp returns what has become of a session that has not ended in time.
func (p *Plain) giveUp() error {
	if p.Client.Unacked() > 0 {
		return ErrUnacknowledged
	}
	return errLeft
}

// event acts on an event, and returns what to show.
func (p *Plain) event(e client.Event) (out []byte) {
	if room, ok := inRoom(e, p.joining); ok {
		p.entered, p.Room = true, room // as the server spells it
		if _, there := e.(client.Failure); there {
			return nil
		}
	}
	switch e := e.(type) {
	case client.Connected:
		p.offline = false
		if p.Room != "" && !p.entered {
			out = p.command("/join", client.Request{Type: "join", Room: p.Room})
			p.joining = p.cid
		}
	case client.Disconnected:
		p.offline, p.barrier = true, ""
		p.lines.Enter = p.input != nil && !p.leaving
		if p.held != "" {
			out = p.lines.Notice(out, p.Language.T("chat.heldOffline", "what", name(p.held)))
			p.held = ""
		}
		if p.asked {
			p.show()
			p.asked, p.void = false, true
		}
	case client.Joined:
		if e.CID != "" && e.CID == p.cid {
			p.lines.SetRoom(e.Room)
		}
	case client.Raw:
		switch {
		case e.Type == "pong" && e.CID == p.barrier:
			p.barrier = ""
		case e.Type == "question":
			return p.question(e)
		}
	}
	if p.Only && !about(e, p.Room) {
		p.lines.Append(nil, e) // which has to know
		return out
	}
	return p.lines.Append(out, e)
}

// about reports whether an event is one of a room, or about the connection.
func about(e client.Event, room string) bool {
	switch e := e.(type) {
	case client.Message:
		return e.Room == room
	case client.RoomEvent:
		return e.Room == room
	case client.Joined:
		return e.Room == room
	case client.Gap:
		return e.Room == room
	case client.Rollback:
		return e.Room == room
	case client.History:
		return e.Room == room
	case client.Notice:
		return e.Code != "talking-in"
	}
	return true
}

// question shows a question, and hides the answer if it is a secret.
func (p *Plain) question(e client.Raw) (out []byte) {
	q := questionOf(e)
	p.asked = true
	if q.Hidden && p.Hide != nil && p.restore == nil {
		restore, terminal, err := p.Hide()
		switch {
		case err != nil:
			out = p.lines.Notice(out, p.Language.T("chat.showsTyping", "why", err))
		case terminal:
			p.restore = restore
		}
	}
	return p.lines.Notice(out, p.Language.Question(q.Code, q.Text, q.Args))
}

// show lets the terminal show what is typed.
func (p *Plain) show() {
	if p.restore != nil {
		_ = p.restore()
		p.restore = nil
	}
}

// typed acts on a line.
func (p *Plain) typed(line input) []byte {
	switch {
	case line.tooLong:
		return p.lines.Notice(nil, p.Language.T("chat.lineTooLong"))
	case p.void:
		p.void = false
		return p.lines.Notice(nil, p.Language.T("chat.lateAnswer"))
	case p.asked:
		p.show()
		p.asked = false
		return p.answer(line.text)
	case line.text == "":
		p.Client.Retry()
		return nil
	}
	c := text.Parse(line.text)
	switch {
	case c.Name == "":
		return p.post(client.Post{Room: p.lines.Room(), Text: c.Text})
	case strings.EqualFold(c.Name, "me") && strings.TrimSpace(c.Text) != "":
		return p.post(client.Post{Room: p.lines.Room(), Text: c.Text, Action: true})
	case strings.EqualFold(c.Name, "quit"), strings.EqualFold(c.Name, "exit"), strings.EqualFold(c.Name, "q"):
		p.leaving, p.reason = true, c.Text
		return nil
	}
	if p.offline {
		return p.lines.Notice(nil, p.Language.T("chat.heldOffline", "what", name(line.text)))
	}
	p.held = line.text // advance sends it
	return nil
}

// post queues a message.
func (p *Plain) post(m client.Post) []byte {
	cid, err := p.Client.Post(m)
	if err != nil {
		return p.lines.Notice(nil, p.Language.T("chat.notSent", "why", reasonOf(p.Language, err)))
	}
	p.lines.Posted(cid, m)
	return nil
}

// answer answers a question. An empty line ends its dialogue.
func (p *Plain) answer(line string) []byte {
	if line == "" {
		line = "/cancel"
	}
	return p.command(p.Language.T("chat.theAnswer"), client.Request{Type: "answer", Text: line})
}

// command sends a request, and a ping whose answer comes after its answer.
func (p *Plain) command(what string, r client.Request) []byte {
	cid, err := p.Client.Send(r)
	if err == nil {
		p.cid = cid
		p.barrier, err = p.Client.Send(client.Request{Type: "ping"})
	}
	if err != nil {
		return p.lines.Notice(nil, p.Language.T("chat.whatNotSent", "why", reasonOf(p.Language, err), "what", what))
	}
	return nil
}

// advance does what was waiting for an event.
func (p *Plain) advance() []byte {
	if p.barrier != "" || p.Client.Unacked() > 0 {
		return nil
	}
	if line := p.held; line != "" {
		p.held = ""
		return p.command(name(line), client.Request{Type: "command", Line: line, Room: p.lines.Room()})
	}
	if p.leaving && !p.quit {
		p.quit = true
		if p.reason == "" {
			return nil
		}
		if _, err := p.Client.Send(client.Request{Type: "quit", Reason: p.reason}); err != nil {
			p.reason = "" // Close says goodbye
		}
	}
	return nil
}

// name returns the name of a command.
func name(line string) string {
	word, _, _ := strings.Cut(line, " ")
	return word
}

// reasonOf returns an error of internal/client in words for the user.
func reasonOf(words *texts.Language, err error) string {
	switch {
	case errors.Is(err, client.ErrOffline):
		return words.T("chat.offline")
	case errors.Is(err, client.ErrTooLong):
		return words.T("chat.tooLong")
	case errors.Is(err, client.ErrQueueFull):
		return words.T("chat.queueFull")
	case errors.Is(err, client.ErrClosed):
		return words.T("chat.ended")
	}
	return err.Error()
}
