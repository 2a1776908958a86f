package e2e

import (
	"fmt"
	"slices"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
)

// show shows an object.
func (c *jsonClient) show(o object) error {
	if err := complete(o); err != nil {
		return err
	}
	before, behind := len(c.out), c.prompt
	c.prompt = false
	defer func() { c.prompt = c.prompt || behind && len(c.out) == before }()
	if behind && ends(o) {
		c.out = append(c.out, "\r\n"...)
	}
	switch kind := o.text("type"); kind {
	case "session": // the client does not resume
	case "welcome":
		c.out = text.Format{}.Notice(c.out, chat.NewNote("welcome", "name", o.text("server")))
		c.askName()
	case "pong":
		if o.text("cid") == c.awaited {
			c.awaited = ""
			if c.name == "" && !c.asked && !c.ended {
				c.askName()
			}
		}
	case "joined":
		return c.joined(o)
	case "message", "event":
		return c.event(o)
	case "notice":
		return c.notice(o)
	case "error":
		return c.refused(o)
	case "question":
		c.out = append(c.out, o.text("text")...)
		c.asked, c.prompt = true, true
	case "bye":
		c.bye(o)
	case "gap":
		n, _ := o["missed"].(float64)
		c.out = c.format.Missed(c.out, o.text("room"), uint64(n))
	case "ack", "held":
		return c.acknowledged(o)
	default:
		return c.answer(kind, o)
	}
	return nil
}

// ends reports whether the server closes the connection after an object.
func ends(o object) bool { return o.text("type") == "bye" }

// bye shows why the server closes, unless the room was told already.
func (c *jsonClient) bye(o object) {
	c.ended = true
	if o.text("code") != "shutting-down" || !c.told {
		c.out = c.format.Bye(c.out, words(o))
	}
}

func (c *jsonClient) askName() {
	c.out = append(c.out, prompt...)
	c.prompt = true
}

// joined shows that the user is in a room.
func (c *jsonClient) joined(o object) error {
	list, err := decode[[]chat.Event](o["history"])
	if err != nil {
		return err
	}
	others, _ := o["others"].(float64)
	c.room, c.name, c.day = o.text("room"), o.text("name"), c.now()
	c.rooms[c.room] = true
	c.out = c.format.History(c.out, list, c.now())
	c.out = c.format.Notice(c.out, chat.NewNote("entered", "room", c.room, "name", c.name, "others", int(others)))
	return nil
}

// event shows what has happened, unless the user has done it.
func (c *jsonClient) event(o object) error {
	e, err := decode[chat.Event](map[string]any(o))
	if err != nil {
		return err
	}
	if e.Kind == chat.Away || e.Kind == chat.Back { // not for people at a terminal
		return nil
	}
	c.told = c.told || o.text("code") == "shutting-down"
	f := c.format
	if e.Room != "" {
		f.Bell, f.Room = false, e.Room != c.room && len(c.rooms) > 1
		c.out = f.Day(c.out, c.day, e)
		c.day = e.Time
	}
	if !c.isOwn(e) {
		c.out = f.Event(c.out, e)
	}
	return nil
}

// isOwn reports whether e is the user's own, of which they know.
func (c *jsonClient) isOwn(e chat.Event) bool {
	if e.Kind == chat.Rename && (e.Name == c.name || e.Body == c.name && e.Name == c.former) {
		c.name = e.Body
		return true
	}
	if e.Name != c.name || e.Room == "" {
		return false
	}
	switch e.Kind {
	case chat.Say, chat.Action:
		return c.echoes(e.Body)
	case chat.Edited:
		return c.edited(e)
	case chat.Join, chat.Leave:
		return true
	default:
		return false
	}
}

// echoes reports whether a message with the user's name comes from this client: another one
// of the same account may have sent it. Unwanted words are not as they were sent, but a message
// that waited for a review is.
func (c *jsonClient) echoes(said string) bool {
	same := func(o own) bool { return o.text == said }
	i := slices.IndexFunc(c.own, same)
	if i < 0 {
		if held := slices.IndexFunc(c.held, same); held >= 0 {
			c.held = slices.Delete(c.held, held, held+1)
			return true
		}
		i = 0
	}
	if len(c.own) == 0 {
		return false
	}
	c.own = slices.Delete(c.own, i, i+1)
	return true
}

// edited confirms an edit, which others see as an event.
func (c *jsonClient) edited(e chat.Event) bool {
	for cid := range c.edits {
		delete(c.edits, cid)
		c.out = c.format.Notice(c.out, chat.NewNote("edited", "id", e.ReplyTo))
		return true
	}
	return false
}

// refuses forgets a message that was not sent.
func (c *jsonClient) refuses(cid string) {
	c.own = slices.DeleteFunc(c.own, func(o own) bool { return o.cid == cid })
	delete(c.unsaved, cid)
	delete(c.edits, cid)
}

// notice shows a notice. Some change what the client does.
func (c *jsonClient) notice(o object) error {
	args, _ := o["args"].(map[string]any)
	a := object(args)
	switch o.text("code") {
	case "talking-in":
		c.room = a.text("room")
	case "left-room":
		delete(c.rooms, a.text("room"))
		c.room = a.text("current")
	case "you-are":
		delete(c.rooms, a.text("room"))
	case "set":
		c.set(a.text("setting"), a["value"])
	case "renamed", "you-are-logged-out", "displaced", "registered":
		c.renamed(a.text("name"))
	case "logged-in":
		c.renamed(a.text("name"))
		if err := c.request(object{"type": "settings"}); err != nil {
			return err
		}
		c.waits = fmt.Sprint(c.requests)
	}
	c.out = c.format.Notice(c.out, words(o))
	return nil
}

// renamed is called when the user has another name.
func (c *jsonClient) renamed(name string) {
	if c.name != "" {
		c.former, c.name = c.name, name
	}
}

// refused shows why a request was not carried out.
func (c *jsonClient) refused(o object) error {
	c.refuses(o.text("cid"))
	if o.text("code") == "name-registered" && c.claim != "" && o.text("cid") == c.claim {
		return c.ask(object{"type": "command", "line": "/login " + c.claimed})
	}
	c.out = c.format.Notice(c.out, words(o))
	return nil
}

// acknowledged shows that a message was saved, to users who want to know, or that it waits for
// a review.
func (c *jsonClient) acknowledged(o object) error {
	if o.text("type") == "held" {
		if i := slices.IndexFunc(c.own, func(own own) bool { return own.cid == o.text("cid") }); i >= 0 {
			c.held = append(c.held, c.own[i])
		}
		c.refuses(o.text("cid"))
		c.out = c.format.Notice(c.out, words(o))
		return nil
	}
	s, err := decode[chat.Saved](map[string]any(o))
	delete(c.unsaved, o.text("cid"))
	if err == nil && c.saved && s.Stored {
		c.out = c.format.Answer(c.out, s)
	}
	return err
}
