package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/codec/text"
	"github.com/sudoXpg/netloop/internal/safetext"
)

// JSON returns w as people see it whose clients speak JSON with the server. Such a client
// sends what its user types as requests, and shows what it receives as the server shows it to
// people: decoded into the types of package chat, and written by package text. The lines are
// thus the same only if the objects are complete.
//
// The client greets and asks for a name itself, and hides the echo of its user's own
// messages, as a terminal has shown them already.
func JSON(w World, now func() time.Time) World { return &jsonWorld{World: w, now: now} }

// jsonWorld is a World in which everybody has a client that speaks JSON.
type jsonWorld struct {
	World
	now func() time.Time
}

// Dial implements World.
func (w *jsonWorld) Dial(i int, from string) (Conn, error) {
	conn, err := w.World.Dial(i, from)
	if err != nil {
		return nil, err
	}
	c := &jsonClient{Conn: conn, now: w.now, edits: make(map[string]bool), unsaved: make(map[string]bool), rooms: make(map[string]bool)}
	return c, c.request(object{"type": "hello", "v": 1, "client": "e2e"})
}

// Rest implements World.
func (w *jsonWorld) Rest(conn Conn) (rest []byte, known bool, err error) {
	c, ok := conn.(*jsonClient)
	if !ok {
		return nil, false, fmt.Errorf("%T speaks no JSON", conn)
	}
	for {
		more, known, err := w.World.Rest(c.Conn)
		before := c.requests
		err = errors.Join(err, c.feed(more))
		if !known || err != nil || c.requests == before {
			rest, c.out = c.out, nil
			return rest, known, err
		}
	}
}

// An object is a JSON object.
type object map[string]any

// text returns a field that is a string.
func (o object) text(key string) string {
	s, _ := o[key].(string)
	return s
}

// is returns a field that is true or left out.
func (o object) is(key string) bool {
	yes, _ := o[key].(bool)
	return yes
}

// A jsonClient is a user's client that speaks JSON.
type jsonClient struct {
	Conn
	now func() time.Time

	in, out  []byte // received and not decoded yet; shown and not read yet
	line     []byte // typed, without its end yet
	ended    bool   // the server has closed
	requests int    // sent
	awaited  string // the CID of the ping that follows a request; "" if it was answered

	name    string // "" before the login
	claimed string // the name of the last login, and the CID of the request
	claim   string
	asked   bool            // the next line is an answer
	prompt  bool            // the cursor is behind a question
	room    string          // the current one
	rooms   map[string]bool // all
	former  string          // the user's name before the last change
	own     []own           // messages that were sent and not echoed yet
	held    []own           // those that wait for a review
	edits   map[string]bool // edits that were asked for, by the CID of the command
	unsaved map[string]bool // posts that are neither acknowledged nor refused, by their CID
	format  text.Format     // as the user's settings want it
	told    bool            // that the server shuts down
	saved   bool            // receipts are shown
	day     time.Time       // of the last message
	waits   string          // the CID of the request for the settings, which is answered first
	queue   []object        // what came meanwhile
}

// An own is a message of the user's own.
type own struct{ cid, text string }

// Read returns what the client shows.
func (c *jsonClient) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if err := c.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// receive waits for more from the server.
func (c *jsonClient) receive() error {
	var buf [16 << 10]byte
	n, err := c.Conn.Read(buf[:])
	c.ended = c.ended || err != nil
	return errors.Join(c.feed(buf[:n]), err)
}

// Write types p.
func (c *jsonClient) Write(p []byte) (int, error) {
	c.line = append(c.line, p...)
	for {
		line, rest, whole := bytes.Cut(c.line, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		c.line = rest
		if err := c.types(strings.TrimSuffix(string(line), "\r")); err != nil {
			return 0, err
		}
	}
}

// CloseWrite sends a line without an end, and closes the client's side.
func (c *jsonClient) CloseWrite() error {
	if len(c.line) > 0 {
		if err := c.types(string(c.line)); err != nil {
			return err
		}
	}
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return fmt.Errorf("%T has no half-close", c.Conn)
	}
	return half.CloseWrite()
}

// Close closes, when the server has answered: otherwise it would see a reset.
func (c *jsonClient) Close() error {
	for (c.awaited != "" || len(c.unsaved) > 0) && !c.ended {
		if c.receive() != nil {
			break
		}
	}
	return c.Conn.Close()
}

// Reset closes with a reset.
func (c *jsonClient) Reset() error { return reset(c.Conn) }

// types acts on a line that the user has typed.
func (c *jsonClient) types(line string) error {
	if !utf8.ValidString(line) || strings.Contains(line, "\r") {
		return fmt.Errorf("%q is not for a program: server needs text", line)
	}
	for c.awaited != "" && !c.ended { // only then is it known what the line is
		if err := c.receive(); err != nil && !c.ended {
			return err
		}
	}
	c.prompt = false
	if c.ended {
		return nil
	}
	said := text.Parse(line)
	switch {
	case c.asked:
		c.asked = false
		return c.ask(object{"type": "answer", "text": line})
	case said.Name != "":
		return c.command(line, said)
	case c.name == "":
		c.claimed = strings.TrimSpace(line)
		err := c.ask(object{"type": "login", "name": c.claimed})
		c.claim = strconv.Itoa(c.requests - 1)
		return err
	case strings.TrimSpace(line) == "":
		return nil
	}
	c.speaks(said.Text)
	c.unsaved[strconv.Itoa(c.requests+1)] = true
	return c.request(object{"type": "post", "text": said.Text})
}

// command sends a command.
func (c *jsonClient) command(line string, said chat.Command) error {
	switch strings.ToLower(said.Name) {
	case "me":
		c.speaks(said.Text)
	case "edit":
		c.edits[strconv.Itoa(c.requests+1)] = true
	}
	return c.ask(object{"type": "command", "line": line})
}

// speaks notes that the next request is a message.
func (c *jsonClient) speaks(said string) {
	c.own = append(c.own, own{strconv.Itoa(c.requests + 1), string(safetext.Clean(nil, []byte(said)))})
}

// ask sends a request, and a ping: when that is answered, the request has been carried out.
func (c *jsonClient) ask(o object) error {
	if err := c.request(o); err != nil {
		return err
	}
	if err := c.request(object{"type": "ping"}); err != nil {
		return err
	}
	c.awaited = strconv.Itoa(c.requests)
	return nil
}

// request sends a request, with its number as its CID.
func (c *jsonClient) request(o object) error {
	c.requests++
	o["cid"] = strconv.Itoa(c.requests)
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = c.Conn.Write(append(line, '\n'))
	return err
}

// feed acts on what the server has sent.
func (c *jsonClient) feed(p []byte) error {
	c.in = append(c.in, p...)
	for {
		line, rest, whole := bytes.Cut(c.in, []byte("\n"))
		if !whole {
			return nil
		}
		c.in = rest
		var o object
		if err := json.Unmarshal(line, &o); err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
		if err := c.take(o); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
}

// take acts on an object, but while the settings are waited for only on them.
func (c *jsonClient) take(o object) error {
	if c.waits == "" {
		return c.show(o)
	}
	if o.text("type") != "settings" || o.text("cid") != c.waits {
		c.queue = append(c.queue, o)
		return nil
	}
	c.waits = ""
	settings, err := decode[chat.OwnSettings](map[string]any(o))
	if err != nil {
		return err
	}
	for _, s := range settings.List {
		c.set(s.Name, s.Value)
	}
	queue := c.queue
	c.queue = nil
	for _, o := range queue {
		if err := c.take(o); err != nil {
			return err
		}
	}
	return nil
}

// set changes how the user sees messages.
func (c *jsonClient) set(setting string, value any) {
	c.day = c.now()
	on, _ := value.(bool)
	switch setting {
	case "timestamps":
		c.format.Times = on
	case "colour":
		c.format.Colour = on
	case "bell":
		c.format.Bell = on
	case "receipts":
		c.saved = on
	case "zone":
		name, _ := value.(string)
		if zone, err := time.LoadLocation(name); err == nil {
			c.format.Zone = zone
		}
	}
}
