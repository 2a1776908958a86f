package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
)

const (
	// prompt is what asks for a name, in both styles.
	prompt = "Enter username : "
	// maxTooLong is the number of lines over MaxLine after which a connection is closed.
	maxTooLong = 3
	// pauseAt is how many unsent bytes of replies stop the reading of more
	// commands, and maxReplies the number beyond which those that were read
	// already get no reply: less than the loop's OutboxLimit, which closes.
	pauseAt    = 64 << 10
	maxReplies = eventloop.DefaultOutboxLimit / 2
)

// A stage is how far a connection has come.
type stage uint8

const (
	silent   stage = iota // nothing was received, nothing sent
	greeted               // nothing was received
	naming                // asked for a name
	chatting              // has one
	leaving               // closing: nothing that comes counts any more
)

// link is what the sessions of all styles have in common. Its size counts, ten
// thousand times.
type link struct {
	srv     *Server
	conn    *eventloop.Conn
	member  chat.Member
	since   int64 // when it connected, in nanoseconds of Unix time
	stage   stage
	tooLong uint8 // lines over MaxLine up to now
}

func (l *link) begin(s *Server, c *eventloop.Conn) {
	l.srv, l.conn, l.since = s, c, c.Loop().Now().UnixNano()
}

func (l *link) now() time.Time { return l.conn.Loop().Now() }

// reply answers what the peer has sent, unless it does not read its replies.
func (l *link) reply(render func(dst []byte) []byte) {
	if l.conn.Buffered() < maxReplies {
		l.srv.write(l.conn, render)
	}
}

// notice replies with a line of the server.
func (l *link) notice(line string) {
	l.reply(func(dst []byte) []byte { return notice(dst, l.srv.o.Style, line) })
}

// await sets the time left to give a name.
func (l *link) await() { l.conn.SetDeadline(l.srv.limits.Load().LoginTimeout) }

// named is called when the peer has a name.
func (l *link) named() {
	l.stage = chatting
	l.conn.SetDeadline(0)
	l.srv.counts.logins.Add(1)
	l.srv.counts.users.Add(1)
	l.logLogin()
}

// atPrompt is a notice to somebody whose cursor is still behind the prompt.
func (l *link) atPrompt(line string) {
	l.srv.write(l.conn, func(dst []byte) []byte {
		return notice(append(dst, lineEnd(l.srv.o.Style)...), l.srv.o.Style, line)
	})
}

// loginTimeout closes a connection that has not given a name in time.
func (l *link) loginTimeout() {
	if l.stage != greeted && l.stage != naming {
		return
	}
	l.atPrompt("no user name within " + inWords(l.srv.limits.Load().LoginTimeout) + ": goodbye")
	l.leave("login timeout", "")
	l.conn.Close()
}

// hold stops reading from a peer that does not read the replies to what it
// sent before; Drained goes on.
func (l *link) hold() {
	if l.conn.Buffered() > pauseAt {
		l.conn.Pause()
	}
}

// lineTooLong answers a line over MaxLine, of which nothing was kept.
func (l *link) lineTooLong() {
	limit := strconv.Itoa(l.srv.limits.Load().MaxLine)
	if l.tooLong++; l.tooLong < maxTooLong {
		l.notice("that line has more than " + limit + " bytes and was dropped")
		return
	}
	l.notice("again a line of more than " + limit + " bytes: goodbye")
	l.leave("lines too long", "lines too long")
	l.conn.Close()
}

// alien closes a connection that does not speak our protocol.
func (l *link) alien(protocol string) {
	l.leave("not chat: "+protocol, "")
	l.conn.Close()
}

// leave takes the member out of the chat. logged is the reason in the log, told
// the one that the others see. What is received from now on is ignored.
func (l *link) leave(logged, told string) {
	if l.stage == leaving {
		return
	}
	l.logLeave(logged)
	if l.stage == chatting {
		l.srv.counts.users.Add(-1)
	}
	l.stage = leaving
	l.srv.hub.Leave(&l.member, told, l.now())
}

// closed ends a connection's life, whatever ended it.
func (l *link) closed(err error) {
	why := closeReason(err)
	if l.srv.stopping.Load() {
		why = "server shutdown"
	}
	l.leave(why, why)
	l.srv.admission.release(l.conn.RemoteAddr().Addr())
}

// closeReason puts the end of a connection into words.
func closeReason(err error) string {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return "connection closed"
	case errors.Is(err, eventloop.ErrStalled), errors.Is(err, eventloop.ErrOutboxFull):
		return "too slow"
	case errors.Is(err, eventloop.ErrClosed):
		return "server closed"
	}
	return "connection lost"
}

// The log. The checks come first: attributes cost more than a level that is off.

func on(log *slog.Logger) bool { return log.Enabled(context.Background(), slog.LevelInfo) }

func (l *link) logConnect() {
	if log := l.srv.log; on(log) {
		log.LogAttrs(context.Background(), slog.LevelInfo, "connect", l.id(), address(l.conn))
	}
}

func (l *link) logLogin() {
	if log := l.srv.chatLog; on(log) {
		log.LogAttrs(context.Background(), slog.LevelInfo, "login", l.id(), l.name())
	}
}

func (l *link) logLeave(why string) {
	if log := l.srv.chatLog; on(log) {
		log.LogAttrs(context.Background(), slog.LevelInfo, "leave", l.id(), l.name(), slog.String("reason", why),
			slog.Duration("duration", l.now().Sub(time.Unix(0, l.since)).Round(time.Millisecond)))
	}
}

func (l *link) id() slog.Attr   { return connID(&l.member) }
func (l *link) name() slog.Attr { return slog.String("name", l.member.Name()) }

// connID is the number that a connection has in every line of the log.
func connID(m *chat.Member) slog.Attr { return slog.Uint64("conn", m.ID()) }

// logRefused gives the refused a number, too, though nobody in the chat.
func (s *Server) logRefused(c *eventloop.Conn, reason string) {
	var nobody chat.Member
	s.hub.Admit(&nobody, nil)
	attrs := []slog.Attr{connID(&nobody), address(c), slog.String("reason", reason)}
	if slices.Contains(reasons, reason) {
		attrs = append(attrs, slog.String("remedy", "raise --"+strings.ReplaceAll(reason, "_", "-")+" if they are welcome"))
	}
	s.log.LogAttrs(context.Background(), slog.LevelWarn, "refused", attrs...)
}

// address is the peer's address; a Unix socket has none.
func address(c *eventloop.Conn) slog.Attr {
	if addr := c.RemoteAddr(); addr.IsValid() {
		return slog.String("address", addr.String())
	}
	return slog.String("address", "unix")
}
