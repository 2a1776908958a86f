package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// An Event is one of the types in this file. IDs are 0, and texts "", if there is none.
type Event interface{ event() }

// A Place is a place in a room's order.
type Place struct {
	Epoch uint64 `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Connected says that the client is logged in.
type Connected struct {
	Server string // its name
	// Commands are those that the server has, whatever this user may do.
	Commands []Command
	// Resumed is set if the session continues; otherwise it is a new one, and what was
	// said meanwhile is known only as far as the Joined that follow have it.
	Resumed bool
	// MaxText is the longest text of a message, in bytes, and MaxLines its most lines.
	MaxText, MaxLines int
}

// A Command is one of the server's.
type Command struct {
	Name    string   `json:"name"`
	Args    string   `json:"args"`
	Help    string   `json:"help"`
	Aliases []string `json:"aliases"`
}

// Disconnected says that the connection is lost, or could not be made again.
type Disconnected struct {
	Err   error
	Retry time.Duration // until the next attempt
}

// Lost is a message that may have arrived or not: that of a guest whose session has ended, or
// a private one that the server no longer recognizes. It is not sent again.
type Lost struct{ CID, Room, To, Text string }

// A Message is a message in a room, or a private one.
type Message struct {
	CID  string `json:"cid"`
	Room string `json:"room"`
	Place
	ID         uint64    `json:"id,string"`
	Private    bool      `json:"private"`
	Mailed     bool      `json:"mailed"` // it was stored while the user was away
	Number     uint64    `json:"number"` // of a private one in the session
	From       string    `json:"from"`
	To         string    `json:"to"`
	Registered bool      `json:"registered"` // the author has an account
	Kind       string    `json:"kind"`       // "action" or ""
	Text       string    `json:"text"`
	Time       time.Time `json:"time"`
	Edited     time.Time `json:"edited"` // when the text was last replaced
	ReplyTo    uint64    `json:"replyTo,string"`
}

// Joined says that the client is in a room.
type Joined struct {
	CID  string `json:"cid"`
	Room string `json:"room"`
	Name string `json:"name"` // of the client
	Role string `json:"role"` // of the client in the room: "owner", "operator", "voiced" or ""
	// Topic is the topic of the room.
	Topic string `json:"topic"`
	Place
	Others int `json:"others"`
	// Read is how far the account has read the room; zero for guests.
	Read Place `json:"read"`
	// Resumed is set if History is what was missed; otherwise it is the room's latest.
	Resumed bool      `json:"resumed"`
	History []Message `json:"history"`
}

// A RoomEvent is something else that happened in a room.
type RoomEvent struct {
	Room string `json:"room"`
	Place
	ID       uint64         `json:"id,string"`
	What     string         `json:"what"` // such as "join", "leave", "nick", "away", "back" and "redact"
	Name     string         `json:"name"`
	Role     string         `json:"role"` // in the room, of a person who joins
	Why      string         `json:"why"`  // a person is away
	NewName  string         `json:"newName"`
	Redacted uint64         `json:"redacted,string"` // the message that was deleted; 0: all of the name in Args
	Edited   uint64         `json:"edited,string"`   // the message that has a new Text
	Time     time.Time      `json:"time"`
	Code     string         `json:"code"`
	Text     string         `json:"text"`
	Args     map[string]any `json:"args"`
}

// An Ack says that a message is saved, or without Stored that it is delivered.
type Ack struct {
	CID  string `json:"cid"`
	Room string `json:"room"`
	Place
	ID     uint64 `json:"id,string"`
	To     string `json:"to"`
	Stored bool   `json:"stored"`
}

// A Held says that a message waits for a moderator's review. It is not sent again.
type Held struct {
	CID  string `json:"cid"`
	Room string `json:"room"`
	Code string `json:"code"`
	Text string `json:"text"`
}

// A Failure says why a request was not carried out. It is an error, too.
type Failure struct {
	CID   string         `json:"cid"`
	Field string         `json:"field"`
	Code  string         `json:"code"`
	Text  string         `json:"text"`
	Args  map[string]any `json:"args"`
}

// Error returns what the server says.
func (f Failure) Error() string { return fmt.Sprintf("chatsrv: %s (%s)", f.Text, f.Code) }

// A Notice is what the server says to this client.
type Notice struct {
	CID  string         `json:"cid"`
	Code string         `json:"code"`
	Text string         `json:"text"`
	Args map[string]any `json:"args"`
}

// A Rollback says that messages of an epoch after KeptTo were never saved.
type Rollback struct {
	Room   string `json:"room"`
	Epoch  uint64 `json:"epoch"`
	KeptTo uint64 `json:"keptTo"`
}

// A Gap says that events of a room were not sent: 0 for an unknown number. The messages
// among them follow if Options.FillGaps is set; edits and deletions of older messages do
// not.
type Gap struct {
	Room   string `json:"room"`
	Missed int    `json:"missed"`
}

// Filled says that the messages of all gaps of a room have arrived (Options.FillGaps).
type Filled struct{ Room string }

// A History is a page of a room's messages, oldest first.
type History struct {
	CID    string    `json:"cid"`
	Room   string    `json:"room"`
	Events []Message `json:"events"`
	Older  bool      `json:"older"` // there are older ones
	Newer  bool      `json:"newer"` // there are newer ones
}

// A Bye says why the server closes the connection. It is an error, too.
type Bye struct {
	RetryAfter float64        `json:"retryAfter"` // seconds; 0: not told
	Code       string         `json:"code"`
	Text       string         `json:"text"`
	Args       map[string]any `json:"args"`
}

// Error returns what the server says.
func (b Bye) Error() string { return fmt.Sprintf("chatsrv: %s (%s)", b.Text, b.Code) }

// Raw is an object of any other type. With Options.Objects it also follows each other event
// that is an object of the server.
type Raw struct {
	Type string          `json:"type"`
	CID  string          `json:"cid"`
	JSON json.RawMessage `json:"-"` // the whole object
}

func (Connected) event()    {}
func (Disconnected) event() {}
func (Lost) event()         {}
func (Filled) event()       {}
func (Message) event()      {}
func (Joined) event()       {}
func (RoomEvent) event()    {}
func (Ack) event()          {}
func (Held) event()         {}
func (Failure) event()      {}
func (Notice) event()       {}
func (Rollback) event()     {}
func (Gap) event()          {}
func (History) event()      {}
func (Bye) event()          {}
func (Raw) event()          {}

// What only the client itself uses.
type (
	welcome struct {
		Server string `json:"server"`
		Limits struct {
			Text  int `json:"text"`
			Lines int `json:"lines"`
		} `json:"limits"`
		Commands []Command `json:"commands"`
	}
	session struct {
		Token string `json:"token"`
	}
	pong struct{}
)

func (welcome) event() {}
func (session) event() {}
func (pong) event()    {}

// decode reads an object.
func decode(line []byte) (Event, error) {
	var r Raw
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, fmt.Errorf("client: read an object: %w", err)
	}
	switch r.Type {
	case "message":
		return as[Message](line)
	case "joined":
		return as[Joined](line)
	case "event":
		return as[RoomEvent](line)
	case "ack":
		return as[Ack](line)
	case "held":
		return as[Held](line)
	case "error":
		return as[Failure](line)
	case "notice":
		return as[Notice](line)
	case "rollback":
		return as[Rollback](line)
	case "gap":
		return as[Gap](line)
	case "history":
		return as[History](line)
	case "bye":
		return as[Bye](line)
	case "welcome":
		return as[welcome](line)
	case "session":
		return as[session](line)
	case "pong":
		if r.CID == "" {
			return pong{}, nil
		}
	}
	r.JSON = append(r.JSON, line...)
	return r, nil
}

func as[T Event](line []byte) (Event, error) {
	var v T
	if err := json.Unmarshal(line, &v); err != nil {
		return nil, fmt.Errorf("client: read an object: %w", err)
	}
	return v, nil
}

// objectOf returns the object that an event was read from; nil if it is one already, or is for
// the client alone.
func objectOf(e Event, line []byte) (*Raw, error) {
	switch e.(type) {
	case Raw, welcome, session, pong:
		return nil, nil //nolint:nilnil // there is none
	}
	r := &Raw{JSON: bytes.Clone(line)}
	if err := json.Unmarshal(line, r); err != nil {
		return nil, fmt.Errorf("client: read an object: %w", err)
	}
	return r, nil
}
