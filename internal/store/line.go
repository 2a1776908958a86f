package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sudoXpg/netloop/internal/chat"
)

// A Line is a part of an export: one of its fields is set.
type Line struct {
	// Record is a Post, Redaction, Account, RoomState, Sanction, Mail, Flag or
	// ReadMark, or an End that has only LastID.
	Record chat.Record
	// Entry is of the audit log.
	Entry *Entry
	// Kept is the last sequence number of a room in an epoch.
	Kept *Kept
}

// Kept is the last seq of a room and an epoch that was stored, and the last seq of
// its messages that were archived, 0 for none.
type Kept struct {
	Room       string
	Epoch, Seq uint64
	Removed    uint64 `json:",omitempty"`
}

// A postLine is the form of a message in exports and archives.
type postLine struct {
	Time    time.Time `json:"time"`
	Room    string    `json:"room"`
	ID      uint64    `json:"id"`
	Epoch   uint64    `json:"epoch"`
	Seq     uint64    `json:"seq"`
	Account uint64    `json:"account,omitempty"`
	Name    string    `json:"name"`
	Key     string    `json:"key"`
	ReplyTo uint64    `json:"reply_to,omitempty"`
	Edited  time.Time `json:"edited,omitzero"`
	Action  bool      `json:"action,omitempty"`
	Kind    chat.Kind `json:"kind,omitempty"` // if it is neither Say nor Action
	Text    string    `json:"text"`
}

// jsonLine is a Line in JSON: an object with one member, named after its kind.
type jsonLine struct {
	Post      *postLine       `json:"post,omitempty"`
	Redaction *chat.Redaction `json:"redaction,omitempty"`
	Account   *chat.Account   `json:"account,omitempty"`
	Room      *chat.RoomState `json:"room,omitempty"`
	Sanction  *chat.Sanction  `json:"sanction,omitempty"`
	Mail      *chat.Mail      `json:"mail,omitempty"`
	Flag      *chat.Flag      `json:"flag,omitempty"`
	ReadMark  *chat.ReadMark  `json:"read_mark,omitempty"`
	LastID    *uint64         `json:"last_id,omitempty"`
	Act       *Entry          `json:"act,omitempty"`
	Kept      *Kept           `json:"kept,omitempty"`
}

// PostJSON appends a message to dst as one line of an archive: an object with
// time, room, id, epoch, seq, account, name, key, reply_to, edited, action and
// text.
func PostJSON(dst []byte, p chat.Post) ([]byte, error) {
	return appendJSON(dst, newPostLine(p))
}

// appendJSON appends v and the end of a line.
func appendJSON(dst []byte, v any) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

func newPostLine(p chat.Post) *postLine {
	e := p.Event
	l := &postLine{
		Time: e.Time.UTC(), Room: e.Room, ID: e.ID, Epoch: e.Epoch, Seq: e.Seq, Account: e.Account,
		Name: e.Name, Key: p.Key, ReplyTo: e.ReplyTo, Edited: e.Edited.UTC(), Action: e.Kind == chat.Action, Text: e.Body,
	}
	if e.Kind != chat.Say && e.Kind != chat.Action {
		l.Kind = e.Kind
	}
	return l
}

func (l *postLine) post() chat.Post {
	kind := l.Kind
	switch {
	case l.Action:
		kind = chat.Action
	case kind == 0:
		kind = chat.Say
	}
	return chat.Post{Key: l.Key, Event: chat.Event{
		Room: l.Room, Epoch: l.Epoch, Seq: l.Seq, ID: l.ID, Account: l.Account, Kind: kind,
		Name: l.Name, Body: l.Text, Time: l.Time, ReplyTo: l.ReplyTo, Edited: l.Edited,
	}}
}

// appendLine appends l as a line of JSON.
func appendLine(dst []byte, l Line) ([]byte, error) {
	j := jsonLine{Act: l.Entry, Kept: l.Kept}
	switch r := l.Record.(type) {
	case nil:
	case chat.Post:
		j.Post = newPostLine(r)
	case chat.Redaction:
		j.Redaction = &r
	case chat.Account:
		j.Account = &r
	case chat.RoomState:
		j.Room = &r
	case chat.Sanction:
		j.Sanction = &r
	case chat.Mail:
		j.Mail = &r
	case chat.Flag:
		j.Flag = &r
	case chat.ReadMark:
		j.ReadMark = &r
	case chat.End:
		j.LastID = &r.LastID
	default:
		return dst, fmt.Errorf("%w: a record of type %T can't be exported", ErrInvalid, r)
	}
	return appendJSON(dst, j)
}

// parseLine is strict: exactly one known member, with known members inside.
func parseLine(text []byte) (Line, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return Line{}, fmt.Errorf("%w: not an object in JSON: %w", ErrInvalid, err)
	}
	if len(members) != 1 {
		return Line{}, fmt.Errorf("%w: an object with %d members instead of one", ErrInvalid, len(members))
	}
	var j jsonLine
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&j); err != nil {
		return Line{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	l := Line{Entry: j.Act, Kept: j.Kept, Record: j.record()}
	if l.Record == nil && l.Entry == nil && l.Kept == nil {
		return l, fmt.Errorf("%w: null", ErrInvalid)
	}
	return l, l.valid()
}

func (l Line) valid() error {
	switch {
	case l.Entry != nil:
		return Valid(l.Entry.Act)
	case l.Kept != nil:
		c := &check{}
		c.room(l.Kept.Room)
		c.id(l.Kept.Epoch, false)
		c.id(l.Kept.Seq, true)
		c.id(l.Kept.Removed, true)
		return c.err
	}
	return Valid(l.Record)
}

func (j *jsonLine) record() chat.Record {
	switch {
	case j.Post != nil:
		return j.Post.post()
	case j.Redaction != nil:
		return *j.Redaction
	case j.Account != nil:
		return *j.Account
	case j.Room != nil:
		return *j.Room
	case j.Sanction != nil:
		return *j.Sanction
	case j.Mail != nil:
		return *j.Mail
	case j.Flag != nil:
		return *j.Flag
	case j.ReadMark != nil:
		return *j.ReadMark
	case j.LastID != nil:
		return chat.End{LastID: *j.LastID}
	}
	return nil
}
