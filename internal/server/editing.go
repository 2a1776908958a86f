package server

import (
	"bytes"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
)

// Sessions of clients in character mode, for which the server echoes and edits:
// prompt and line are the trailer of the connection.

var _ eventloop.Trailer = (*session)(nil)

// trail redraws the trailer, if the client has one. It is called whenever the
// trailer may have changed.
func (s *session) trail() { s.conn.Trail(s.dec.Editor() != nil) }

// Draw implements eventloop.Trailer.
func (s *session) Draw(dst []byte) []byte {
	s.dress()
	return s.dec.Draw(dst)
}

// Undraw implements eventloop.Trailer.
func (s *session) Undraw(dst []byte) []byte { return s.dec.Undraw(dst) }

// dress updates the editor, if there is one.
func (s *session) dress() {
	ed := s.dec.Editor()
	if ed == nil {
		return
	}
	ed.Prompt = s.encoding.Encode(append(ed.Prompt[:0], s.promptNow()...))
	ed.Cols, ed.Rows = int(s.cols), int(s.rows)
	ed.First = s.encoding.Charset.First()
	ed.Completes = s.stage == chatting && !s.asked()
}

// promptNow returns the prompt before the client's line.
func (s *session) promptNow() string {
	switch {
	case s.asked():
		return s.typing().question.words
	case s.stage == naming && !s.busy:
		return prompt
	}
	return ""
}

// adaptEditing turns the editing on or off, as the member has chosen.
func (s *session) adaptEditing() {
	ask := s.dec.StopEditing
	if s.member.Settings().Editing == chat.On {
		ask = s.dec.StartEditing
	}
	b := ask()
	if on := s.member.Settings().Editing == chat.On && len(b) > 0; on || s.typing() != nil {
		s.typed().keysAsked = on
	}
	if len(b) > 0 {
		_, _ = s.conn.Write(b)
	}
	s.trail()
}

// keysRefused tells a client why its lines are not edited if it has refused to
// send single keys, as BusyBox does once it has left character mode.
func (s *session) keysRefused() {
	x := s.typing()
	if x == nil || !x.keysAsked || s.dec.Hides() && s.dec.Editor() == nil { // not answered yet
		return
	}
	x.keysAsked = false
	if s.dec.Editor() == nil {
		s.notice(chat.NewNote("editing-refused"))
	}
}

// terminals are the prefixes of the names of terminals to which editing is
// offered. Clients with an input line of their own give other names.
var terminals = [][]byte{
	[]byte("XTERM"), []byte("VT"), []byte("ANSI"), []byte("LINUX"), []byte("SCREEN"), []byte("TMUX"), []byte("RXVT"),
	[]byte("KONSOLE"), []byte("GNOME"), []byte("ALACRITTY"), []byte("FOOT"), []byte("KITTY"), []byte("WEZTERM"), []byte("CYGWIN"),
}

// isTerminal reports whether the name that a client gives (RFC 1091) is that of a
// terminal whose client leaves the editing to it.
func isTerminal(name []byte) bool {
	name = bytes.ToUpper(name)
	for _, t := range terminals {
		if bytes.HasPrefix(name, t) {
			return true
		}
	}
	return false
}

// offerEditing offers, once, to edit the lines of a user whose client would let
// others' messages cut into them.
func (s *session) offerEditing() {
	if !s.terminal || s.dec.Editor() != nil || s.member.Settings().Editing != "" {
		return
	}
	s.notice(chat.NewNote("editing-offered"))
	s.srv.hub.Offered(&s.member)
}
