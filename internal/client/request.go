package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Errors of requests.
var (
	// ErrClosed is returned after Close, or when the client has given up.
	ErrClosed = errors.New("client: closed")
	// ErrOffline is returned for requests, other than messages, while there is no
	// connection.
	ErrOffline = errors.New("client: not connected")
	// ErrQueueFull is returned when MaxUnacked messages wait for their acknowledgement,
	// or too many other requests wait to be sent.
	ErrQueueFull = errors.New("client: too many requests are waiting")
	// ErrTooLong is returned for a request that is longer than the server accepts.
	ErrTooLong = errors.New("client: the request is too long")
)

// maxRequest is the longest object that the server accepts, in bytes.
const maxRequest = 16 << 10

// A Request is an object to the server. Which fields it has depends on its Type.
type Request struct {
	Type     string           `json:"type"`
	CID      string           `json:"cid,omitempty"`
	V        int              `json:"v,omitempty"`
	Client   string           `json:"client,omitempty"`
	Name     string           `json:"name,omitempty"`
	Password string           `json:"password,omitempty"`
	Room     string           `json:"room,omitempty"`
	Key      string           `json:"key,omitempty"`
	To       string           `json:"to,omitempty"`
	Text     string           `json:"text,omitempty"`
	Kind     string           `json:"kind,omitempty"`
	ID       uint64           `json:"id,string,omitempty"`
	Line     string           `json:"line,omitempty"`
	Prefix   string           `json:"prefix,omitempty"`
	Query    string           `json:"query,omitempty"`
	Value    string           `json:"value,omitempty"`
	Reason   string           `json:"reason,omitempty"`
	Before   uint64           `json:"before,string,omitempty"`
	After    uint64           `json:"after,string,omitempty"`
	Around   uint64           `json:"around,string,omitempty"`
	Limit    int              `json:"limit,omitempty"`
	Token    string           `json:"token,omitempty"`
	Rooms    map[string]Place `json:"rooms,omitempty"`
	Private  *uint64          `json:"private,omitempty"`
	ReplyTo  uint64           `json:"replyTo,string,omitempty"`
	Epoch    *uint64          `json:"epoch,omitempty"`
	Seq      uint64           `json:"seq,omitempty"`
}

// line returns the request as it is sent.
func (r Request) line() (line []byte, err error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it would make a text of < six times as long
	err = e.Encode(r)
	switch {
	case err != nil:
		return nil, fmt.Errorf("client: write a request: %w", err)
	case b.Len()-len("\n") > maxRequest:
		return nil, ErrTooLong
	}
	return b.Bytes(), nil
}

// Send sends any other request, and returns the CID that its answer has: r.CID, or one
// that is made up if that is "". It does not wait. If the connection is lost before
// the answer, there is none. It returns ErrOffline, ErrQueueFull, ErrTooLong or
// ErrClosed.
func (c *Client) Send(r Request) (cid string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return "", ErrClosed
	case c.link == nil:
		return "", ErrOffline
	case len(c.requests) >= maxRequests:
		return "", ErrQueueFull
	}
	if r.CID == "" {
		r.CID = c.nextCID()
	}
	line, err := r.line()
	if err != nil {
		return "", err
	}
	if r.Type == "leave" {
		delete(c.rooms, r.Room)
	}
	if r.Type == "join" && r.Key != "" {
		c.keys[r.Room] = r.Key
	}
	c.requests = append(c.requests, line)
	c.ring()
	return r.CID, nil
}

// nextCID returns an identifier that no other request of this account has. c.mu is held.
func (c *Client) nextCID() string {
	c.cids++
	return fmt.Sprintf("%s-%d", c.prefix, c.cids)
}
