package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ErrSilent is the error of a connection on which the server does not answer any more.
var ErrSilent = errors.New("client: the server does not answer")

// ErrTooLarge is the error of a connection on which the server has sent an object of
// more than MaxObject bytes.
var ErrTooLarge = errors.New("client: the server has sent too large an object")

// sessionOver are the codes of a resume that can't be repeated: the client logs in.
var sessionOver = map[string]bool{"resume-unknown": true, "resume-reused": true, "resume-plain": true}

// partial are the codes of what goes wrong in a resume that goes on.
var partial = map[string]bool{"not-back-in": true, "history-unreadable": true}

// transient are the codes of a log-in or a resume that can be repeated.
var transient = map[string]bool{
	"name-taken":       true, // perhaps by the connection that was lost
	"resume-not-saved": true, "too-much-work": true, "too-many-logins": true,
	"too-many-wrong-passwords": true, "too-many-tries": true, "kicked-lately": true,
}

var pingLine, quitLine = []byte(`{"type":"ping"}` + "\n"), []byte(`{"type":"quit"}` + "\n")

// The CIDs of the log-in.
const (
	helloCID = "hello"
	loginCID = "login"
)

// A link is one connection. One goroutine reads from it, and another writes.
type link struct {
	conn    net.Conn
	in      *bufio.Reader
	line    []byte // the beginning of an object
	resumed bool
	moved   bool // the session continues on another connection
	welcome welcome
	joined  map[string]bool
	epoch   uint64  // the latest of the rooms
	early   []Event // that were received during the log-in
	object  *Raw    // the last object, with Options.Objects; nil: none to deliver
	objects bool    // Options.Objects

	ping     atomic.Bool // to be sent
	checking atomic.Bool // an answer has to come within checkTimeout
	deadline sync.Mutex  // taken to set that of reading
	quitting atomic.Bool // the client is closed
}

// connect makes a connection and logs in on it. If that fails, nothing of it has
// happened: the next one begins from the same places.
func (c *Client) connect(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	conn, err := c.o.dial(ctx)
	if err != nil {
		return nil, err
	}
	l := &link{conn: conn, in: bufio.NewReader(conn), joined: make(map[string]bool), objects: c.o.Objects}
	watched := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err = c.logIn(l)
	if !watched() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			err = ctx.Err()
		}
		return nil, err
	}
	return l, nil
}

// logIn resumes the session, or begins one.
func (c *Client) logIn(l *link) error {
	request := c.login()
	switch {
	case c.token == "" && !c.who.canLogIn():
		return ErrPassword
	case c.token != "":
		c.mu.Lock()
		request = Request{Type: "resume", CID: loginCID, Token: c.token, Rooms: maps.Clone(c.rooms), Private: &c.private}
		c.mu.Unlock()
		l.resumed = true
	}
	if err := l.send(Request{Type: "hello", CID: helloCID, V: 1, Client: c.o.Agent}, request); err != nil {
		return err
	}
	for range maxHandshake {
		e, err := l.next()
		if err != nil {
			return err
		}
		if done, err := c.step(l, e); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("client: no answer to the log-in within %d objects", maxHandshake)
}

// step acts on an object during the log-in, and reports whether that is complete.
func (c *Client) step(l *link, e Event) (done bool, err error) {
	switch e := e.(type) {
	case welcome:
		l.welcome = e
		return false, nil
	case session:
		c.token = e.Token
		return l.resumed, nil
	case Bye:
		return false, e
	case Failure:
		if e.CID != loginCID || partial[e.Code] {
			break
		}
		if !l.resumed || !sessionOver[e.Code] {
			return false, e
		}
		c.token, l.resumed, l.early = "", false, nil
		if !c.who.canLogIn() {
			return false, ErrPassword
		}
		return false, l.send(c.login())
	case Joined:
		l.joined[e.Room] = true
		l.epoch = max(l.epoch, e.Epoch)
		if !l.resumed && e.CID == loginCID {
			c.first, done = false, true
		}
	}
	l.early = append(l.early, e)
	if l.object != nil {
		l.early = append(l.early, *l.object)
	}
	return done, nil
}

// login returns the request without a session.
func (c *Client) login() Request {
	r := Request{Type: "login", CID: loginCID, Name: c.who.name, Password: c.who.password}
	if c.first {
		r.Type = "register"
	}
	return r
}

// send sends requests during the log-in.
func (l *link) send(requests ...Request) error {
	var all []byte
	for _, r := range requests {
		line, err := r.line()
		if err != nil {
			return err
		}
		all = append(all, line...)
	}
	_, err := l.conn.Write(all)
	return err
}

// next returns the next object. Lines that are none come from a greeting for people.
func (l *link) next() (Event, error) {
	for {
		part, err := l.in.ReadSlice('\n')
		l.line = append(l.line, part...)
		switch {
		case len(l.line) > MaxObject:
			return nil, ErrTooLarge
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil: // what is in line so far is kept, for after a deadline
			return nil, err
		}
		line := bytes.TrimSpace(l.line)
		l.line = l.line[:0]
		if len(line) > 0 && line[0] == '{' {
			e, err := decode(line)
			if l.objects && err == nil {
				l.object, err = objectOf(e, line)
			}
			return e, err
		}
	}
}

// read returns the next object. If there is none for idle, it asks the writer for a ping with
// ask, and waits as long again.
func (l *link) read(idle time.Duration, ask func()) (Event, error) {
	for asked := false; ; asked = true {
		l.extend(idle)
		e, err := l.next()
		switch {
		case err == nil:
			l.received(e)
			return e, nil
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return nil, err
		case asked || l.checking.Load() || l.quitting.Load():
			return nil, ErrSilent
		}
		l.ping.Store(true)
		ask()
	}
}

// received notes what an object says about the connection.
func (l *link) received(e Event) {
	switch e := e.(type) {
	case Notice:
		l.moved = l.moved || e.Code == "resumed-elsewhere"
	case pong:
		l.checking.Store(false)
	}
}

// extend lets the connection be silent for idle from now on, unless it is ending.
func (l *link) extend(idle time.Duration) {
	l.deadline.Lock()
	defer l.deadline.Unlock()
	switch {
	case l.quitting.Load():
		return
	case l.checking.Load():
		idle = min(idle, checkTimeout)
	}
	_ = l.conn.SetReadDeadline(time.Now().Add(idle))
}

// check has the connection prove that it still exists. Its writer has to be woken.
func (l *link) check() {
	l.checking.Store(true)
	l.ping.Store(true)
	l.extend(checkTimeout)
}

// ending returns what a goodbye means.
func (l *link) ending(b Bye) error {
	if b.Code == "goodbye" && b.RetryAfter == 0 && !l.moved {
		return ended{b}
	}
	return b
}

// write sends lines. It may be called from any goroutine.
func (l *link) write(lines []byte) error {
	_ = l.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := l.conn.Write(lines)
	return err
}

// writeAll sends what the client has to send until ctx ends. If that is because the
// client is closed, it says goodbye, and leaves a second for the answer.
func (l *link) writeAll(ctx context.Context, c *Client) {
	for ctx.Err() == nil {
		lines := c.pending(l)
		if l.ping.Swap(false) {
			lines = append(lines, pingLine...)
		}
		if len(lines) > 0 {
			if l.write(lines) != nil {
				_ = l.conn.Close() // which read notices
				return
			}
			continue
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
		}
	}
	if c.stop.Err() == nil {
		return
	}
	l.deadline.Lock()
	l.quitting.Store(true)
	_ = l.conn.SetDeadline(time.Now().Add(quitTimeout))
	l.deadline.Unlock()
	_, _ = l.conn.Write(quitLine) // perhaps nobody is there any more
}
