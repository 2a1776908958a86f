package store

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/chat"
)

// Limits of one record.
const (
	// MaxText is the length of the longest text in a record, in bytes.
	MaxText = 1 << 18
	// MaxList is the length of the longest list in a record.
	MaxList = 100_000
	// MaxID is the highest ID, sequence number and epoch.
	MaxID = math.MaxInt64 - IDGap
)

// The range of times that can be stored.
var (
	minTime = time.Unix(0, math.MinInt64)
	maxTime = time.Unix(0, math.MaxInt64)
)

// Valid returns nil for a record that every store accepts, and otherwise an
// ErrInvalid that says what is wrong. It is called before a commit, so that an
// invalid record does not fail the others in its transaction.
func Valid(r chat.Record) error {
	c := &check{}
	switch r := r.(type) {
	case chat.Post:
		c.event(r.Event)
		c.text(r.Key)
		c.clientID(r)
	case chat.Redaction:
		c.redaction(r)
	case chat.Edit:
		c.edit(r)
	case chat.Account:
		c.account(r)
	case chat.RoomState:
		c.roomState(r)
	case chat.Sanction:
		c.id(r.ID, false)
		c.id(r.Account, true)
		c.text(r.Room, r.Target, r.Key, r.Skeleton, r.Reason, r.By)
		c.time(r.Since, r.Until)
	case chat.Mail:
		c.mail(r)
	case chat.Flag:
		c.id(r.ID, false)
		c.eventTexts(r.Event)
		c.text(r.Key, r.Why)
	case chat.Session:
		c.session(r)
	case chat.ReadMark:
		c.readMark(r)
	case chat.Act:
		c.text(r.By, r.Verb, r.Target, r.Room, r.Why)
		c.time(r.Time)
	case chat.End:
		c.end(r)
	default:
		c.drop(r)
	}
	return c.err
}

func (c *check) drop(r chat.Record) {
	switch r := r.(type) {
	case chat.DropAccount:
		c.id(r.ID, false)
	case chat.DropRoom:
		c.room(r.Name)
	case chat.DropSanction:
		c.id(r.ID, false)
	case chat.DropMail:
		c.ids(r.IDs)
	case chat.DropFlag:
		c.id(r.ID, false)
	case chat.DropSession:
		c.id(r.ID, false)
	default:
		c.fail(fmt.Sprintf("a record of type %T", r))
	}
}

func (c *check) clientID(p chat.Post) {
	c.field = "Owner"
	c.id(p.Owner, p.CID == "")
	c.field = "CID"
	c.text(p.CID)
	if len(p.CID) > chat.MaxCID {
		c.fail("a text that is too long")
	}
	c.field = ""
}

func (c *check) redaction(r chat.Redaction) {
	c.room(r.Room)
	c.ids(r.IDs)
	c.id(r.Account, true)
	c.text(r.Key)
	c.time(r.Since)
	c.field = "Time"
	c.time(r.Time)
	c.field = ""
	if len(r.IDs) == 0 && r.Account == 0 && r.Key == "" {
		c.fail("a redaction of nobody")
	}
}

func (c *check) edit(r chat.Edit) {
	c.field = "Room"
	c.room(r.Room)
	c.field = "ID"
	c.id(r.ID, false)
	c.field = "Body"
	c.text(r.Body)
	if r.Body == "" {
		c.fail("it is missing")
	}
	c.field = "Time"
	c.time(r.Time)
	if Nanos(r.Time) == 0 {
		c.fail("it is missing")
	}
	c.field = ""
}

func (c *check) account(r chat.Account) {
	c.id(r.ID, false)
	c.text(r.Name, r.Hash, r.Settings.Zone, r.Settings.Charset, string(r.Settings.Editing))
	c.time(r.Created, r.Seen)
	c.list(len(r.Ignores))
	c.text(r.Ignores...)
	c.list(len(r.Rooms))
	c.text(r.Rooms...)
}

func (c *check) readMark(r chat.ReadMark) {
	c.field = "Account"
	c.id(r.Account, false)
	c.field = "Room"
	c.room(r.Room)
	c.field = "Epoch"
	c.id(r.Epoch, false)
	c.field = "Seq"
	c.id(r.Seq, true)
	c.field = ""
}

func (c *check) session(r chat.Session) {
	c.id(r.ID, false)
	c.field = "Account"
	c.id(r.Account, true)
	c.field = "Name"
	c.text(r.Name)
	c.field = "Hash"
	if r.Hash == ([32]byte{}) {
		c.fail("it is missing")
	}
	c.field = "Rotated"
	c.time(r.Rotated)
	c.field = "Seen"
	c.time(r.Seen)
	c.field = "Rooms"
	c.list(len(r.Rooms))
	c.text(r.Rooms...)
	c.field = "Ignores"
	c.list(len(r.Ignores))
	c.text(r.Ignores...)
	c.field = "Mutes"
	c.ids(r.Mutes)
	c.field = "Settings"
	c.text(r.Settings.Zone, r.Settings.Charset, string(r.Settings.Editing))
	c.field = ""
}

func (c *check) mail(r chat.Mail) {
	c.id(r.ID, false)
	c.id(r.To, false)
	c.id(r.FromAccount, true)
	c.text(r.From, r.Body)
	c.time(r.Time)
}

func (c *check) end(r chat.End) {
	c.id(r.LastID, true)
	c.list(len(r.Orders))
	for _, o := range r.Orders {
		c.room(o.Room)
		c.id(o.Seq, true)
	}
}

// A check records the first error.
type check struct {
	err   error
	field string // the name of what is checked; "" for none
}

func (c *check) fail(what string) {
	switch {
	case c.err != nil:
	case c.field != "":
		c.err = fmt.Errorf("%w: %s: %s", ErrInvalid, c.field, what)
	default:
		c.err = fmt.Errorf("%w: %s", ErrInvalid, what)
	}
}

func (c *check) id(id uint64, mayBeZero bool) {
	switch {
	case id > MaxID:
		c.fail("a number that is too large")
	case id == 0 && !mayBeZero:
		c.fail("a number is missing")
	}
}

func (c *check) ids(ids []uint64) {
	c.list(len(ids))
	for _, id := range ids {
		c.id(id, false)
	}
}

func (c *check) list(n int) {
	if n > MaxList {
		c.fail("a list that is too long")
	}
}

func (c *check) room(name string) {
	if name == "" {
		c.fail("a room without a name")
	}
	c.text(name)
}

func (c *check) text(texts ...string) {
	for _, s := range texts {
		switch {
		case len(s) > MaxText:
			c.fail("a text that is too long")
		case !utf8.ValidString(s):
			c.fail("a text that is not UTF-8")
		case strings.IndexByte(s, 0) >= 0:
			c.fail("a text with a NUL character")
		}
	}
}

func (c *check) time(times ...time.Time) {
	for _, t := range times {
		if !t.IsZero() && (t.Before(minTime) || t.After(maxTime)) {
			c.fail("a time that is too far away")
		}
	}
}

func (c *check) event(e chat.Event) {
	c.room(e.Room)
	c.id(e.ID, false)
	c.id(e.Epoch, false)
	c.id(e.Seq, false)
	c.eventTexts(e)
}

func (c *check) eventTexts(e chat.Event) {
	c.id(e.ID, true)
	c.id(e.Epoch, true)
	c.id(e.Seq, true)
	c.id(e.Account, true)
	c.text(e.Room, e.Name, e.Body)
	c.time(e.Time)
	c.field = "ReplyTo"
	c.id(e.ReplyTo, true)
	c.field = "Edited"
	c.time(e.Edited)
	c.field = ""
}

func (c *check) roomState(r chat.RoomState) {
	c.room(r.Name)
	c.text(r.Topic, r.Key)
	c.time(r.Created)
	c.id(r.Founder, true)
	c.ids(r.Operators)
	c.ids(r.Members)
	c.ids(r.Voiced)
}

// Size returns approximately how many bytes a record takes while it waits.
func Size(r chat.Record) int {
	const base = 128
	switch r := r.(type) {
	case chat.Post:
		return base + len(r.Event.Body) + len(r.Event.Name) + len(r.Key) + len(r.CID)
	case chat.Redaction:
		return base + 8*len(r.IDs)
	case chat.Edit:
		return base + len(r.Body)
	case chat.Account:
		return base + len(r.Hash) + listSize(r.Ignores) + listSize(r.Rooms)
	case chat.Session:
		return 2*base + len(r.Name) + listSize(r.Rooms) + listSize(r.Ignores) + 8*len(r.Mutes)
	case chat.RoomState:
		return base + len(r.Topic) + 8*(len(r.Operators)+len(r.Members)+len(r.Voiced))
	case chat.Mail:
		return base + len(r.Body)
	case chat.DropMail:
		return base + 8*len(r.IDs)
	case chat.Flag:
		return base + len(r.Event.Body) + len(r.Why)
	case chat.Act:
		return base + len(r.Target) + len(r.Why)
	case chat.End:
		return base + 64*len(r.Orders)
	}
	return base
}

func listSize(list []string) (n int) {
	for _, s := range list {
		n += len(s) + 16
	}
	return n
}
