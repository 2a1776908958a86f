package client

import (
	"errors"
	"strings"
)

// ErrPassword is the reason for the end of a client that has to log in again to an account
// whose password it does not know: the user has logged in to it, or has made it, with a command.
var ErrPassword = errors.New("client: the session has ended, and the password of the account is not known")

// An identity is the name to log in with.
type identity struct {
	name     string
	password string // of the account; "" if it is not known
	account  bool   // otherwise a guest's
}

// identity returns that of the first log-in.
func (o *Options) identity() identity {
	return identity{name: o.Name, password: o.Password, account: o.Password != ""}
}

// canLogIn reports whether a new session is possible.
func (i identity) canLogIn() bool { return !i.account || i.password != "" }

// noticed follows what the server says about the user's name and rooms.
func (c *Client) noticed(n Notice) {
	name, _ := n.Args["name"].(string)
	room, _ := n.Args["room"].(string)
	switch n.Code {
	case "renamed", "displaced", "you-are-logged-out":
		if name != "" {
			c.who = identity{name: name}
		}
	case "logged-in", "registered":
		if name == "" {
			return
		}
		c.who = identity{name: name, account: true}
		if strings.EqualFold(name, c.o.Name) {
			c.who.password = c.o.Password
		}
	case "left-room", "you-are", "has-deleted-room", "room-deleted":
		c.mu.Lock()
		delete(c.rooms, room)
		c.mu.Unlock()
	}
}
