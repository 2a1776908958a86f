package chatclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/safetext"
	"github.com/sudoXpg/netloop/internal/texts"
)

// An Objects is a session for programs: the server's objects are written, one a line, and
// requests are read in the same form. The client needs Options.Objects.
type Objects struct {
	Client *client.Client
	// In has requests; nil: there are none.
	In  io.Reader
	Out io.Writer
	// Room is the room to enter first; "" for none. With Only, objects of other rooms are
	// not written.
	Room string
	Only bool
	// Tell is called with a sentence for the user: a request that was not sent, and what
	// has become of the connection.
	Tell func(text string)
	// Leave replaces LeaveTime; 0 means LeaveTime.
	Leave time.Duration
	// Language is the user's, for Tell; nil means English.
	Language *texts.Language

	offline bool
	ping    string // CID of a ping whose answer comes after all others; "" for none
	sent    int    // requests since the last ping
	leaving bool
	entered bool // Room
	joining string
	done    bool
}

// ErrUnanswered is returned for a session that has ended before all requests were answered.
var ErrUnanswered = errors.New("not all requests were answered: they may have been carried out or not")

// refused are the types of requests that belong to the client itself.
var refused = map[string]bool{"hello": true, "login": true, "register": true, "resume": true}

// Run runs the session until the input ends, ctx ends or the server ends the session. It
// closes the client.
func (o *Objects) Run(ctx context.Context) error {
	defer func() { _ = o.Client.Close() }()
	o.Language = english(o.Language)
	done := make(chan struct{})
	defer close(done)
	var typed <-chan input
	if o.In != nil {
		typed = readInput(o.In, done)
	}
	var late <-chan time.Time
	interrupt := ctx.Done()
	for !o.done {
		ready := typed
		if o.offline || o.leaving || o.ping != "" {
			ready = nil
		}
		select {
		case e, open := <-o.Client.Events():
			if !open {
				return o.over()
			}
			if err := o.event(e); err != nil {
				return err
			}
		case line, open := <-ready:
			if open {
				o.request(line)
			} else {
				typed, o.leaving = nil, true
			}
		case <-interrupt:
			interrupt, o.leaving = nil, true
		case <-late:
			return ErrUnanswered
		}
		if o.leaving && late == nil {
			timer := time.NewTimer(o.leaveTime())
			defer timer.Stop()
			late = timer.C
			o.barrier()
			o.done = o.ping == ""
		}
	}
	return nil
}

func (o *Objects) leaveTime() time.Duration {
	if o.Leave > 0 {
		return o.Leave
	}
	return LeaveTime
}

// maxSent is how many requests are sent before the answers are awaited.
const maxSent = 32

// barrier asks for an answer that comes after all others.
func (o *Objects) barrier() {
	o.sent = 0
	o.ping, _ = o.Client.Send(client.Request{Type: "ping"}) // "" without a connection
}

func (o *Objects) over() error {
	if o.leaving {
		return nil
	}
	if bye, ok := errors.AsType[client.Bye](o.Client.Err()); ok && bye.Code != "goodbye" {
		return ErrEnded
	} else if ok {
		return nil
	}
	return o.Client.Err()
}

// event acts on an event.
func (o *Objects) event(e client.Event) error {
	if room, ok := inRoom(e, o.joining); ok {
		o.entered, o.Room = true, room // as the server spells it
		return nil
	}
	switch e := e.(type) {
	case client.Connected:
		if o.offline {
			o.Tell(o.Language.T("chat.again"))
		}
		o.offline = false
		if o.Room != "" && !o.entered {
			o.joining, _ = o.Client.Send(client.Request{Type: "join", Room: o.Room})
		}
	case client.Disconnected:
		if u, ok := errors.AsType[*UntrustedError](e.Err); ok {
			return u
		}
		if o.leaving {
			return ErrUnanswered
		}
		o.offline, o.ping = true, ""
		o.Tell(o.Language.T("chat.lost", "why", ReasonIn(o.Language, e.Err), "wait", wait(e.Retry), "enter", ""))
	case client.Failure:
		if o.Only && e.CID == o.joining {
			return e
		}
	case client.Raw:
		if e.Type == "pong" && e.CID == o.ping && e.CID != "" {
			o.ping, o.done = "", o.leaving
			return nil
		}
		return o.write(e)
	}
	return nil
}

// write writes an object.
func (o *Objects) write(r client.Raw) error {
	if o.Only {
		var about struct{ Room string }
		if json.Unmarshal(r.JSON, &about) != nil || about.Room != o.Room {
			return nil
		}
	}
	line, err := safeJSON(r.JSON)
	if err != nil {
		return err
	}
	if _, err = o.Out.Write(line); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// safeJSON returns an object as one line, in which characters that control a terminal are
// escaped.
func safeJSON(object []byte) ([]byte, error) {
	var one bytes.Buffer
	if err := json.Compact(&one, object); err != nil {
		return nil, err
	}
	line := make([]byte, 0, one.Len()+1)
	for rest := one.Bytes(); len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if safetext.Harmless(r) && (r != utf8.RuneError || n > 1) {
			line = append(line, rest[:n]...)
		} else { // in a string: outside of them is only ASCII
			line = fmt.Appendf(line, `\u%04x`, r)
		}
		rest = rest[n:]
	}
	return append(line, '\n'), nil
}

// request checks a request, and sends it.
func (o *Objects) request(line input) {
	if err := o.send(line); err != nil {
		o.Tell(o.Language.T("chat.requestUnsent", "why", reasonOf(o.Language, err)))
	}
}

func (o *Objects) send(line input) error {
	if line.tooLong {
		return client.ErrTooLong
	}
	if len(bytes.TrimSpace([]byte(line.text))) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(line.text)))
	d.DisallowUnknownFields()
	var r client.Request
	if err := d.Decode(&r); err != nil {
		return fmt.Errorf("it is not a request: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one object on the line")
	}
	switch {
	case r.Type == "":
		return errors.New("it has no type")
	case refused[r.Type]:
		return fmt.Errorf("%s is sent by chat itself", r.Type)
	}
	_, err := o.Client.Send(r)
	if o.sent++; o.sent == maxSent {
		o.barrier()
	}
	return err
}
