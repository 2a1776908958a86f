package server

import (
	"errors"
	"log/slog"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/logs"
)

// withDefaults replaces zeros by the defaults.
func (l Limits) withDefaults() Limits {
	if l.MaxLine == 0 {
		l.MaxLine = 4096
	}
	if l.MaxLag == 0 {
		l.MaxLag = 1 << 20
	}
	return l
}

// Reconfigure changes the limits. It takes effect at once: for every client's next
// line, the next connection and the next shutdown. No connection is closed because a
// limit has become smaller, and the login time of clients that are already asked for
// a name does not change. MaxLag belongs to existing rooms and does not change.
func (s *Server) Reconfigure(l Limits) {
	l = l.withDefaults()
	l.MaxLag = s.o.MaxLag
	s.limits.Store(&l)
	s.admission.reconfigure(l)
}

// Rehash calls Options.Rehash to read the settings again, and logs it as
// requested by by. It may read files, and must not be called on a loop.
func (s *Server) Rehash(by string) (report []*chat.Note, err error) {
	if s.o.Rehash == nil {
		return nil, errors.New("there is nothing to reload: the settings are fixed")
	}
	s.o.Log.With(logs.In(logs.Config)).Info("rehash", slog.String("by", by))
	return s.o.Rehash()
}
