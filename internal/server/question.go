package server

import (
	"strings"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// Questions, most of them for passwords, and input typed ahead of them.

// typing is a session's state about questions and keys, if it needs any.
type typing struct {
	question *question // the next line answers it

	secret     bool      // a password is asked for, or was last: typed text is not shown
	discarding bool      // input received so far is discarded
	discarded  int       // lines since the last were told about
	quiet      time.Time // until then only commands count
	// interrupted is set when the interrupt key was pressed and has to be answered.
	interrupted bool
	// keysAsked is set when the client was asked to send single keys, for the editing.
	keysAsked bool
}

// quietFor is how long after a failed or rejected password dialogue only commands
// are accepted: pasted input may arrive in several pieces in that time.
const quietFor = time.Second

// A question is one that the next line answers.
type question struct {
	words  string
	hidden bool
	warned bool // about the answer not being hidden
	answer func(line string)
}

func (s *session) typing() *typing {
	x := s.rest.Load()
	if x == nil {
		return nil
	}
	return x.typing
}

// typed returns the session's typing, and creates it if there is none.
func (s *session) typed() *typing {
	x := s.more()
	if x.typing == nil {
		x.typing = &typing{}
	}
	return x.typing
}

// Ask implements chat.Outlet.
func (s *session) Ask(why, ask *chat.Note, hidden bool, answer func(line string)) {
	x, words := s.typed(), text.Words(ask)
	if why != nil { // the peer continues to hide what is typed
		s.notice(why)
	}
	telnet := s.dec.Negotiated()
	x.question = &question{words: words, hidden: hidden, warned: hidden && !telnet, answer: answer}
	x.secret = x.secret || hidden
	if x.question.warned {
		s.notice(showsTyping())
	}
	if hidden && telnet {
		if hide := s.dec.HidePassword(); len(hide) > 0 {
			_, _ = s.conn.Write(hide)
		}
	}
	if s.dec.Editor() != nil { // they are part of the trailer
		s.trail()
		return
	}
	s.reply(func(dst []byte) []byte { return append(dst, words...) })
}

// showsTyping returns the warning that a password will be visible.
func showsTyping() *chat.Note { return chat.NewNote("shows-typing") }

// warn asks again, with a warning, if the peer has just refused to hide the answer.
func (s *session) warn() {
	if !s.asked() || s.dec.Hides() {
		return
	}
	q := s.typing().question
	if !q.hidden || q.warned {
		return
	}
	q.warned = true
	s.interject(showsTyping())
	s.reply(func(dst []byte) []byte { return append(dst, q.words...) })
}

// answer passes the line to the question that it answers.
func (s *session) answer(line string) {
	q := s.typing().question
	s.typing().question = nil
	if s.stage == naming {
		s.due = true
	}
	q.answer(line)
	s.show()
}

// show turns the peer's echo on again when no more passwords are asked for, before
// the result is shown. Between two passwords it stays off: BusyBox would show the
// second.
func (s *session) show() {
	x := s.typing()
	if x == nil || !x.secret || s.busy || s.stage == leaving || x.question != nil && x.question.hidden {
		return
	}
	x.secret = false
	if show := s.dec.ShowPassword(); len(show) > 0 {
		_, _ = s.conn.Write(show)
	}
}

// Discard implements chat.Outlet.
func (s *session) Discard() {
	x := s.typed()
	if x.question == nil && !s.busy {
		x.discarding, x.quiet = true, s.now().Add(quietFor)
	}
}

// discards reports whether a line was typed ahead and is discarded.
func (s *session) discards(line string) bool {
	x := s.typing()
	if x == nil || !x.discarding && (x.quiet.IsZero() || strings.HasPrefix(line, "/")) {
		return false
	}
	if !x.discarding && !s.now().Before(x.quiet) {
		x.quiet = time.Time{}
		return false
	}
	if line != "" {
		x.discarded++
	}
	return true
}

// stopDiscarding is called when all input received before Discard is used up.
func (s *session) stopDiscarding() {
	x := s.typing()
	if x == nil {
		return
	}
	s.warn()
	x.discarding = false
	if n := x.discarded; n > 0 {
		x.discarded = 0
		s.notice(chat.NewNote("typed-ahead-dropped", "lines", n, "several", n > 1))
	}
	s.ask()
}

// slim releases the memory that the session needed for a while, such as for the password
// dialogue of its login. It is called when all input is used up and nothing is waited for.
func (s *session) slim() {
	x := s.rest.Load()
	if x == nil || s.stage != chatting {
		return
	}
	if x.typing != nil && *x.typing == (typing{}) {
		x.typing = nil
	}
	if x.typing == nil && x.job == nil && x.ahead == nil && len(x.views) == 0 && !x.ended && x.client == nil {
		s.rest.Store(nil)
	}
}

// asked reports whether the next line answers a question.
func (s *session) asked() bool {
	x := s.typing()
	return x != nil && x.question != nil
}
