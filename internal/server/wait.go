package server

import (
	"bytes"
	"sync/atomic"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/account"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/clientaddr"
)

// maxAhead is how many bytes are received from a peer while work is done for it.
// Reading continues up to that, because it detects a peer that hangs up.
const maxAhead = 16 << 10

// A job is work that is done elsewhere for a session.
type job struct {
	kind  chat.WorkKind
	began time.Time
	// gone is set when nothing waits for the job, and late when the peer sends
	// nothing more: it may have hung up, or may be waiting for the answers to what
	// it has sent.
	gone, late atomic.Bool
}

// Work implements chat.Outlet. The login timeout does not run while a password is
// hashed or waits to be.
func (p *peer) Work(kind chat.WorkKind, work, done func()) error {
	if p.busy {
		return chat.NewRefused("busy")
	}
	j := &job{kind: kind, began: p.now()}
	from, _ := clientaddr.Of(p.Addr())
	err := p.srv.execute(kind, account.Job{
		Run: func() {
			work()
			p.finish(done)
		},
		From: from, Alive: func() bool { return !j.gone.Load() }, Late: j.late.Load,
	})
	if err != nil {
		return err
	}
	p.more().job = j
	p.busy = true
	if kind != chat.Disk && p.stage < chatting {
		p.conn.SetDeadline(0)
	}
	return nil
}

// Await implements chat.Outlet.
func (p *peer) Await(start func(finish func()), done func()) {
	p.more()
	p.busy = true
	start(func() { p.finish(done) })
}

// finish ends a wait. It may be called from any goroutine.
func (p *peer) finish(done func()) {
	_ = p.conn.Complete(func() {
		p.busy = false // before done, which may begin more
		if x := p.rest.Load(); x != nil && x.job != nil {
			j := x.job
			x.job = nil
			p.hashed(j)
		}
		if p.stage != leaving {
			done()
		}
		p.in().settle()
		if !p.busy {
			p.resume()
		}
	})
}

// hashed lets the login timeout continue.
func (p *peer) hashed(j *job) {
	limit := p.srv.limits.Load().LoginTimeout
	if j.kind == chat.Disk || p.stage >= chatting || limit == 0 {
		return
	}
	x := p.more()
	x.hashed += uint32(max(p.now().Sub(j.began).Milliseconds(), 0))
	p.conn.SetDeadline(max(limit-p.age()+time.Duration(x.hashed)*time.Millisecond, time.Second))
}

// readAhead keeps what was received during a wait.
func (p *peer) readAhead(b []byte) {
	if len(b) == 0 {
		return
	}
	x := p.more()
	if x.ahead = append(x.ahead, b...); len(x.ahead) >= maxAhead {
		p.conn.Pause()
	}
}

// ends reports whether the end of the peer's input has to wait for the work that is
// done for it. It does not if the only input was the password of a client that can't
// send a line after it: that work is dropped.
func (p *peer) ends() bool {
	if !p.busy || p.stage == leaving {
		return false
	}
	x := p.more()
	if x.job != nil && x.job.kind == chat.Matching && p.stage < chatting && len(bytes.Trim(x.ahead, "\r\n\x00")) == 0 {
		return false
	}
	x.ended = true
	if x.job != nil {
		x.job.late.Store(true)
	}
	return true
}

// waits reports whether the next line has to wait: for work in progress, for the
// client to read earlier replies, or for the journal, which is full. Then nothing
// is read either, until resume.
func (p *peer) waits() bool {
	switch {
	case p.busy:
		return true
	case p.conn.Buffered() > pauseAt:
		p.held = true
	case p.stage != chatting || !p.srv.hub.Full(nil) || !p.srv.hub.Full(func() { _ = p.conn.Complete(p.resume) }):
		return false
	}
	p.busy = true
	p.conn.Pause()
	return true
}

// resume continues after a wait, with what was received before.
func (p *peer) resume() {
	p.busy = false
	if p.stage == leaving {
		return
	}
	p.in().settle()
	var ahead []byte
	if x := p.rest.Load(); x != nil {
		ahead, x.ahead = x.ahead, nil
	}
	p.in().take(ahead)
	switch {
	case p.busy:
	case p.hasEnded():
		p.in().EOF(p.conn)
	default:
		p.conn.Resume()
	}
}

// hasEnded reports whether the client sends nothing more.
func (p *peer) hasEnded() bool {
	x := p.rest.Load()
	return x != nil && x.ended
}

// Drained implements eventloop.Handler: the replies are sent.
func (p *peer) Drained(*eventloop.Conn) {
	p.resumeSolos()
	if p.held {
		p.held = false
		p.resume()
	}
}
