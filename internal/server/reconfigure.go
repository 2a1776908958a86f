package server

import (
	"errors"
	"log/slog"

	"github.com/sudoXpg/netloop/internal/logs"
)

// withDefaults fills in what zero stands for.
func (l Limits) withDefaults() Limits {
	if l.MaxLine == 0 {
		l.MaxLine = 4096
	}
	if l.MaxLag == 0 {
		l.MaxLag = 1 << 20
	}
	return l
}

// Reconfigure changes the limits. It takes effect at once: for the next line of
// everybody, the next newcomer, the next shutdown. Nobody is closed because a
// limit has become smaller, and the login time of those who are asked for a name
// already stays what it was. MaxLag is a property of rooms that there are, and stays.
func (s *Server) Reconfigure(l Limits) {
	l = l.withDefaults()
	l.MaxLag = s.o.MaxLag
	s.limits.Store(&l)
	s.admission.reconfigure(l)
}

// Rehash has Options.Rehash read the settings anew, and logs that by whose wish
// it was done. It may read files, and must not be called on a loop.
func (s *Server) Rehash(by string) (report []string, err error) {
	if s.o.Rehash == nil {
		return nil, errors.New("there is nothing to reload: the settings are fixed")
	}
	s.o.Log.With(logs.In(logs.Config)).Info("rehash", slog.String("by", by))
	return s.o.Rehash()
}
