package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
)

const (
	prompt       = "Enter username : "
	dataGreeting = "*** Welcome to chatsrv.\r\n" + prompt
	greeting     = "\xff\xfd\x18\xff\xfd\x1f" + dataGreeting
	farewell     = "*** the server is shutting down: interrupt\r\n"
	full         = "*** the server is full: try again later"
	shown        = "*** your terminal will show what you type now\r\n"

	classicHead = "chat restoring . . .\n"
	classicTail = "Chat Restored\n" + prompt
)

// markers numbers the markers, so that all are different.
var markers atomic.Uint64

// A person is one end of a connection. Unread input stays in the socket until
// it reads.
type person struct {
	name      string
	as        string // the account that it has logged in to; "" for none
	conn      Conn
	in        []byte // read, but not yet seen
	ended     bool   // the server has closed
	here      bool   // is in a room, and so sees its messages
	elsewhere bool   // that is not the lobby
	mute      bool   // can send no more
	asked     bool   // the next line is an answer, not a command
	unproved  bool   // has sent lines that may not have been acted on yet

	numbers map[string]string // of the script, by name
}

func (p *person) send(raw string) error {
	if _, err := io.WriteString(p.conn, raw); err != nil {
		return fmt.Errorf("%s sends: %w", p.name, err)
	}
	p.asked = false
	// An incomplete line can't be proved to have arrived, and has no effect.
	p.unproved = strings.HasSuffix(raw, "\n") || strings.HasSuffix(raw, "\r") || strings.HasSuffix(raw, "\x00")
	return nil
}

// read waits for more input.
func (p *person) read() error {
	if p.ended {
		return fmt.Errorf("%s: closed by the server, having read %q", p.name, p.in)
	}
	var buf [64 << 10]byte
	n, err := p.conn.Read(buf[:])
	p.in = append(p.in, buf[:n]...)
	if errors.Is(err, io.EOF) {
		p.ended = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w, having read %q", p.name, err, p.in)
	}
	return nil
}

// unknown is text that a script does not know before it is seen.
var unknown = regexp.MustCompile(`\{([a-z]+)\}`)

// sees takes want from the front of what the server sends. In it {any} stands
// for unknown text within one line, and {NAME} for a number that is remembered.
func (p *person) sees(want string) error {
	known, some := want, unknown.FindStringIndex(want)
	if some != nil {
		known = want[:some[0]]
	}
	for !bytes.HasPrefix(p.in, []byte(known)) {
		if !strings.HasPrefix(known, string(p.in)) {
			return fmt.Errorf("%s sees %q, want %q", p.name, p.in, want)
		}
		if err := p.read(); err != nil {
			return fmt.Errorf("%w, want %q", err, want)
		}
	}
	if some != nil {
		return p.seesLike(want, want[some[1]:])
	}
	p.in = p.in[len(known):]
	return nil
}

// seesLike is sees for a text with something unknown in it, and rest after that.
func (p *person) seesLike(want, rest string) error {
	pattern := strings.NewReplacer(`\{any\}`, `[^\r\n]*`, `\{`, `(?P<`, `\}`, `>\d+)`).Replace(regexp.QuoteMeta(want))
	like, err := regexp.Compile("^" + pattern)
	if err != nil {
		return err
	}
	for {
		if found := like.FindSubmatch(p.in); found != nil {
			for i, name := range like.SubexpNames()[1:] {
				p.numbers[name] = string(found[i+1])
			}
			p.in = p.in[len(found[0]):]
			return nil
		}
		if bytes.Count(p.in, []byte{'\n'}) > strings.Count(rest, "\n") {
			return fmt.Errorf("%s sees %q, want %q", p.name, p.in, want)
		}
		if err := p.read(); err != nil {
			return fmt.Errorf("%w, want %q", err, want)
		}
	}
}

// until takes everything up to and including mark.
func (p *person) until(mark string) (before string, err error) {
	looked := 0
	for {
		if i := bytes.Index(p.in[looked:], []byte(mark)); i >= 0 {
			before = string(p.in[:looked+i])
			p.in = p.in[looked+i+len(mark):]
			return before, nil
		}
		looked = max(0, len(p.in)-len(mark))
		if err := p.read(); err != nil {
			return "", fmt.Errorf("%w, want %q", err, mark)
		}
	}
}

// seesTheEnd checks that the server closes after rest.
func (p *person) seesTheEnd(rest string) error {
	for !p.ended && strings.HasPrefix(rest, string(p.in)) {
		if err := p.read(); err != nil {
			return err
		}
	}
	p.here, p.mute = false, true
	err := p.conn.Close()
	if string(p.in) != rest {
		return fmt.Errorf("%s sees %q before the end, want %q", p.name, p.in, rest)
	}
	p.in = nil
	return err
}

// joins gives the name and reads everything until the person has joined.
func (p *person) joins() error {
	if err := p.send(p.name + "\r\n"); err != nil {
		return err
	}
	return p.enters(p.name)
}

// isRefused reports whether the server is full, and has closed.
func (p *person) isRefused() bool {
	line, err := p.until("\r\n")
	if err != nil {
		return false
	}
	if strings.HasSuffix(line, full) {
		return p.seesTheEnd("") == nil
	}
	p.in = append([]byte(line+"\r\n"), p.in...)
	return false
}

// logsIn is joins for a person with an account.
func (p *person) logsIn(a Account) error {
	if err := p.send(a.Name + "\r\n"); err != nil {
		return err
	}
	if _, err := p.until("Password: "); err != nil {
		return err
	}
	if err := p.send(a.Password() + "\r\n"); err != nil {
		return err
	}
	p.as = a.Name
	return p.enters(a.Name)
}

func (p *person) enters(name string) error {
	if _, err := p.until("*** you are in #lobby as " + name + ", with "); err != nil {
		return err
	}
	_, err := p.until("\r\n")
	p.here, p.unproved = true, false
	return err
}

// syncs returns when the server has acted on everything that p has sent. What
// it sent before that is then in p.in.
func (p *person) syncs() error {
	if p.asked {
		return fmt.Errorf("%s is asked something: a marker would be the answer", p.name)
	}
	marker := "marker-" + strconv.FormatUint(markers.Add(1), 10)
	if err := p.send("/" + marker + "\r\n"); err != nil {
		return err
	}
	before, err := p.until("*** unknown command /" + marker + ": /help lists the commands (//" + marker + " sends it as a message)\r\n")
	if err != nil {
		return err
	}
	if !p.here {
		if err := p.sees(prompt); err != nil {
			return err
		}
	}
	// In character mode the server has shown the command as it was typed.
	before = strings.Replace(before, "/"+marker+"\r\n", "", 1)
	p.in = append([]byte(before), p.in...)
	p.unproved = false
	return nil
}

// seesNothing checks that nothing was sent that p has not seen.
func (p *person) seesNothing() error {
	if err := p.syncs(); err != nil {
		return err
	}
	return p.sawAll()
}

func (p *person) sawAll() error {
	if len(p.in) > 0 {
		return fmt.Errorf("%s sees %q, want nothing", p.name, p.in)
	}
	return nil
}

func (p *person) halfCloses() error {
	p.mute, p.here = true, false
	half, ok := p.conn.(interface{ CloseWrite() error })
	if !ok {
		return fmt.Errorf("%T has no half-close", p.conn)
	}
	return half.CloseWrite()
}

func (p *person) leaves() error {
	p.mute, p.here, p.ended = true, false, true
	return p.conn.Close()
}

// drops resets the connection.
func (p *person) drops() error {
	p.mute, p.here, p.ended = true, false, true
	return reset(p.conn)
}

// reset closes a connection with a reset.
func reset(conn Conn) error {
	switch c := conn.(type) {
	case interface{ Reset() error }:
		return c.Reset()
	case *net.TCPConn:
		return errors.Join(c.SetLinger(0), c.Close())
	}
	return fmt.Errorf("%T has no reset: server needs tcp", conn)
}
