package chatclient

import (
	"context"
	"errors"
	"strings"

	"github.com/sudoXpg/netloop/internal/client"
)

// ErrUnknownOutcome is returned by Send if the connection was lost before the server has
// answered.
var ErrUnknownOutcome = errors.New("the connection was lost: the message may have arrived or not")

// Send sends one message to a room, which begins with #, or to a person, and returns nil when
// the server has acknowledged it. It closes the client. If the server refuses, the error is a
// client.Failure. If ctx ends, the error is that of ctx.
func Send(ctx context.Context, c *client.Client, to, text string) error {
	defer func() { _ = c.Close() }()
	s := sending{c: c, post: client.Post{Text: text}}
	if strings.HasPrefix(to, "#") {
		s.room = to
	} else {
		s.post.To = to
	}
	for {
		select {
		case e, open := <-c.Events():
			if !open {
				if _, ok := errors.AsType[client.Bye](c.Err()); ok {
					return ErrUnknownOutcome
				}
				return c.Err()
			}
			if done, err := s.event(e); done || err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// A sending is the message of Send: first the room is entered, then it is posted.
type sending struct {
	c       *client.Client
	room    string
	post    client.Post
	joining string // CIDs of the requests
	posted  string
}

func (s *sending) event(e client.Event) (done bool, err error) {
	if room, ok := inRoom(e, s.joining); ok {
		return false, s.entered(room)
	}
	switch e := e.(type) {
	case client.Connected:
		return false, s.begin()
	case client.Disconnected:
		if u, ok := errors.AsType[*UntrustedError](e.Err); ok {
			return false, u
		}
	case client.Ack:
		return e.CID == s.posted, nil
	case client.Failure:
		if e.CID != "" && (e.CID == s.posted || e.CID == s.joining) {
			return false, e
		}
	case client.Lost:
		return false, ErrUnknownOutcome
	}
	return false, nil
}

// begin enters the room, or posts to a person, unless that was done before the connection was
// lost.
func (s *sending) begin() (err error) {
	switch {
	case s.posted != "":
	case s.room == "":
		s.posted, err = s.c.Post(s.post)
	default:
		s.joining, err = s.c.Send(client.Request{Type: "join", Room: s.room})
	}
	if errors.Is(err, client.ErrOffline) {
		return nil // the next connection begins again
	}
	return err
}

// entered posts, once.
func (s *sending) entered(room string) (err error) {
	if s.posted == "" {
		s.post.Room = room
		s.posted, err = s.c.Post(s.post)
	}
	return err
}
