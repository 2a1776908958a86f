package e2e

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A World is where a script runs: a server, and ways to reach it.
type World interface {
	// Dial connects the i-th person; from is the source address, "" for any.
	// Only the simulation supports others.
	Dial(i int, from string) (Conn, error)
	// Rest returns the rest of the input, after the server has acted on
	// everything sent. If that can't be known from outside, known is false.
	Rest(c Conn) (rest []byte, known bool, err error)
	// Stop stops the server, like SIGTERM or like SIGINT.
	Stop(terminated bool) error
	// Exits waits for the server's exit, which must have that code.
	Exits(code int) error
	// Start starts the server again after its end, with its data.
	Start() error
	// Logs waits for a line of the log that has all of these attributes.
	Logs(want map[string]string) error
	// Pass advances the time, if possible.
	Pass(d time.Duration) error
}

// A Conn is one end of a connection. Read waits. It has CloseWrite, and, unless
// it is a *net.TCPConn, Reset, if the transport has them.
type Conn interface{ io.ReadWriteCloser }

// Hold runs a script, checks what must be true after every script, and closes
// the connections of its people.
func Hold(w World, s Script) error {
	c := &conversation{world: w, script: s, people: make(map[string]*person), numbers: make(map[string]string), classic: slices.Contains(s.Flags, "classic")}
	_, c.data = w.(*jsonWorld)
	err := c.hold()
	for _, p := range c.people {
		_ = p.conn.Close() // usually closed already
	}
	return err
}

// A conversation is a script being carried out.
type conversation struct {
	world   World
	script  Script
	people  map[string]*person
	order   []string // the names in the order of connecting
	classic bool
	data    bool              // clients speak JSON
	numbers map[string]string // that were seen, by name
	stopped bool              // by the script
}

// A verb is a kind of statement.
type verb struct {
	pattern *regexp.Regexp
	run     func(c *conversation, args []string) error
}

// verbs returns the list of statements.
func verbs() []verb {
	return []verb{
		{regexp.MustCompile(`^(\w+)> ?(.*)$`), (*conversation).says},
		{regexp.MustCompile(`^(\w+) sees in any order\s+(.+)$`), (*conversation).seesAll},
		{regexp.MustCompile(`^([\w, ]+?) sees?\s+(.+)$`), (*conversation).see},
		{regexp.MustCompile(`^(\w+) is asked\s+(.+)$`), (*conversation).isAsked},
		{regexp.MustCompile(`^(\w+) (connects|joins|joins when there is room|logs in)(?: as (\w+))?(?: from (\S+))?$`), (*conversation).comes},
		{regexp.MustCompile(`^(\w+) leaves$`), each((*person).leaves)},
		{regexp.MustCompile(`^(\w+) drops$`), each((*person).drops)},
		{regexp.MustCompile(`^(\w+) half-closes$`), each((*person).halfCloses)},
		{regexp.MustCompile(`^(\w+) syncs$`), (*conversation).syncs},
		{regexp.MustCompile(`^time passes\s+(\S+)$`), (*conversation).passes},
		{regexp.MustCompile(`^server (stops|is interrupted)$`), (*conversation).stops},
		{regexp.MustCompile(`^server (restarts)$`), (*conversation).restarts},
		{regexp.MustCompile(`^server exits (\d+)$`), (*conversation).exits},
		{regexp.MustCompile(`^server logs (\S+)(.*)$`), (*conversation).logs},
	}
}

func each(f func(*person) error) func(*conversation, []string) error {
	return func(c *conversation, args []string) error {
		p, err := c.person(args[0])
		if err != nil {
			return err
		}
		return f(p)
	}
}

func (c *conversation) hold() error {
	for _, l := range c.script.lines {
		if err := c.do(l.text); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", c.script.File, l.number, l.text, err)
		}
	}
	if err := c.end(); err != nil {
		return fmt.Errorf("%s: at the end: %w", c.script.File, err)
	}
	return nil
}

func (c *conversation) do(statement string) error {
	statement = unknown.ReplaceAllStringFunc(statement, func(name string) string {
		return cmp.Or(c.numbers[strings.Trim(name, "{}")], name)
	})
	for _, v := range verbs() {
		if args := v.pattern.FindStringSubmatch(statement); args != nil {
			return v.run(c, args[1:])
		}
	}
	return errors.New("means nothing")
}

func (c *conversation) person(name string) (*person, error) {
	if p := c.people[name]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("nobody is called %s", name)
}

// everybody returns the people for whom ok returns true, in the order of connecting.
func (c *conversation) everybody(ok func(*person) bool) []*person {
	var some []*person
	for _, name := range c.order {
		if p := c.people[name]; ok(p) {
			some = append(some, p)
		}
	}
	return some
}

// eol returns the end of the server's lines.
func (c *conversation) eol() string {
	if c.classic {
		return "\n"
	}
	return "\r\n"
}

// comes connects a person and brings them as far as the statement says.
func (c *conversation) comes(args []string) error {
	label, how, name := args[0], args[1], args[2]
	if name == "" {
		name = label
	}
	others := c.everybody(func(p *person) bool { return p.here && !p.elsewhere })
	p, err := c.connects(label, args[3])
	for how == "joins when there is room" && err == nil && p.isRefused() {
		p, err = c.connects(label, args[3])
	}
	switch {
	case err != nil:
		return err
	case how == "connects":
		return nil
	case c.classic:
		if _, err := p.until(classicTail); err != nil {
			return err
		}
		return p.send(name + "\n")
	case how == "logs in":
		err = p.logsIn(Account{Name: name})
	default:
		err = p.joins()
	}
	if err != nil || p.as != "" && slices.ContainsFunc(others, func(o *person) bool { return o.as == p.as }) {
		return err // a person is admitted once, with any number of connections
	}
	for _, other := range others {
		if err := other.sees("*** " + name + " joined\r\n"); err != nil {
			return err
		}
	}
	return nil
}

// connects connects a new person, or one who has been here before.
func (c *conversation) connects(label, from string) (*person, error) {
	before := c.people[label]
	if before != nil && !before.ended {
		return nil, errors.New("is connected already")
	}
	conn, err := c.world.Dial(len(c.order), from)
	if err != nil {
		return nil, err
	}
	p := &person{name: label, conn: conn, numbers: c.numbers}
	if before == nil {
		c.order = append(c.order, label)
	}
	c.people[label] = p
	return p, nil
}

func (c *conversation) says(args []string) error {
	p, err := c.person(args[0])
	if err != nil {
		return err
	}
	bytes, quoted, err := raw(args[1])
	if err != nil {
		return err
	}
	if !quoted {
		bytes = args[1] + "\r\n"
	}
	return p.send(bytes)
}

func (c *conversation) see(args []string) error {
	for _, name := range strings.Split(args[0], ",") {
		p, err := c.person(strings.TrimSpace(name))
		if err != nil {
			return err
		}
		if err := c.sees(p, args[1]); err != nil {
			return err
		}
	}
	return nil
}

func (c *conversation) sees(p *person, what string) error {
	switch what {
	case "nothing":
		return c.seesNothing(p)
	case "the end":
		return p.seesTheEnd("")
	case "the greeting":
		switch {
		case c.classic:
			return p.sees(classicHead + classicTail)
		case c.data:
			return p.sees(dataGreeting)
		}
		return p.sees(greeting)
	}
	bytes, quoted, err := raw(what)
	if err != nil {
		return err
	}
	if !quoted {
		bytes = what + c.eol()
	}
	if err := p.sees(bytes); err != nil {
		return err
	}
	switch {
	case strings.Contains(bytes, "*** you are in #lobby"):
		p.here, p.elsewhere = true, false
	case strings.Contains(bytes, "*** you left #lobby"):
		p.elsewhere = true
	}
	return nil
}

// seesAll checks that the next lines are these, in any order.
func (c *conversation) seesAll(args []string) error {
	p, err := c.person(args[0])
	if err != nil {
		return err
	}
	lines := strings.Split(args[1], " | ")
	for len(lines) > 0 {
		next, err := p.until(c.eol())
		if err != nil {
			return err
		}
		i := slices.Index(lines, next)
		if i < 0 {
			return fmt.Errorf("%s sees %q, want one of %q", p.name, next, lines)
		}
		lines = slices.Delete(lines, i, i+1)
	}
	return nil
}

// isAsked checks that a person without telnet is asked for a secret.
func (c *conversation) isAsked(args []string) error {
	p, err := c.person(args[0])
	if err != nil {
		return err
	}
	warning := shown
	if c.data { // the client may hide the answer
		warning = ""
	}
	if err := p.sees(warning + args[1] + " "); err != nil {
		return err
	}
	p.asked, p.unproved = true, false
	return nil
}

func (c *conversation) seesNothing(p *person) error {
	if known, err := c.gather(p); known || err != nil {
		return errors.Join(err, p.sawAll())
	}
	if c.classic {
		return errors.New("the classic style answers no marker: let somebody say something")
	}
	if err := c.syncOthers(p); err != nil {
		return err
	}
	return p.seesNothing()
}

// gather adds all pending input to what p has read, if it can be known to be complete.
func (c *conversation) gather(p *person) (known bool, err error) {
	rest, known, err := c.world.Rest(p.conn)
	p.in = append(p.in, rest...)
	return known, err
}

func (c *conversation) syncs(args []string) error {
	p, err := c.person(args[0])
	if err != nil {
		return err
	}
	if known, err := c.gather(p); known || err != nil {
		return err
	}
	if err := c.syncOthers(p); err != nil {
		return err
	}
	return p.syncs()
}

// syncOthers returns when the server has acted on everything that others than p have sent.
func (c *conversation) syncOthers(p *person) error {
	for _, other := range c.everybody(func(o *person) bool { return o != p && o.unproved && !o.mute }) {
		if err := other.syncs(); err != nil {
			return err
		}
	}
	return nil
}

func (c *conversation) passes(args []string) error {
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	return c.world.Pass(d)
}

func (c *conversation) stops(args []string) error { return c.world.Stop(args[0] == "stops") }

func (c *conversation) exits(args []string) error {
	c.stopped = true
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	return c.world.Exits(code)
}

// An attribute of slog.TextHandler: a bare value has no characters that need quotes.
const attribute = `([A-Za-z_.]+)=("(?:[^"\\[:cntrl:]]|\\.)*"|[^\s"=[:cntrl:]]*)`

var attributes = regexp.MustCompile(attribute)

func (c *conversation) logs(args []string) error {
	want := map[string]string{"msg": args[0]}
	for _, m := range attributes.FindAllStringSubmatch(args[1], -1) {
		value, quoted, err := raw(m[2])
		if err != nil {
			return err
		}
		if !quoted {
			value = m[2]
		}
		want[m[1]] = value
	}
	return c.world.Logs(want)
}

// restarts ends the server and starts it again. No one is connected after that.
func (c *conversation) restarts([]string) error {
	if err := c.end(); err != nil {
		return err
	}
	return c.world.Start()
}

// end checks that no one was sent anything more, and that the server stops.
func (c *conversation) end() error {
	var all []error
	if !c.stopped {
		all = append(all, c.settle(), c.world.Stop(false))
	}
	for _, p := range c.everybody(func(p *person) bool { return !p.ended }) {
		rest := ""
		if p.here && !c.stopped && !c.classic {
			rest = farewell
		}
		all = append(all, p.seesTheEnd(rest))
	}
	if !c.stopped {
		all = append(all, c.world.Exits(0))
	}
	return errors.Join(all...)
}

// settle returns when the server has acted on everything sent.
func (c *conversation) settle() error {
	if c.classic {
		return nil
	}
	for _, p := range c.everybody(func(p *person) bool { return !p.ended }) {
		if known, err := c.gather(p); !known || err != nil {
			return errors.Join(err, c.syncOthers(nil))
		}
	}
	return nil
}
