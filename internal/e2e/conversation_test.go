//go:build e2e && unix

package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A conversation is a script being carried out.
type conversation struct {
	server  *server
	people  map[string]*person
	order   []string // the names in the order of connecting
	classic bool
	stopped bool // by the script
}

// A verb is a kind of statement.
type verb struct {
	pattern *regexp.Regexp
	run     func(c *conversation, args []string) error
}

// verbs is the one list of what a script can say.
func verbs() []verb {
	return []verb{
		{regexp.MustCompile(`^(\w+)> ?(.*)$`), (*conversation).says},
		{regexp.MustCompile(`^([\w, ]+?) sees?\s+(.+)$`), (*conversation).see},
		{regexp.MustCompile(`^(\w+) (connects|joins)$`), (*conversation).comes},
		{regexp.MustCompile(`^(\w+) leaves$`), each((*person).leaves)},
		{regexp.MustCompile(`^(\w+) drops$`), each((*person).drops)},
		{regexp.MustCompile(`^(\w+) half-closes$`), each((*person).halfCloses)},
		{regexp.MustCompile(`^(\w+) syncs$`), (*conversation).syncs},
		{regexp.MustCompile(`^server (stops|is interrupted)$`), (*conversation).stops},
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

// hold carries out a script and checks what has to be true after each.
func (c *conversation) hold(s script) error {
	for _, l := range s.lines {
		if err := c.do(l.text); err != nil {
			return fmt.Errorf("line %d: %s: %w", l.number, l.text, err)
		}
	}
	if err := c.end(); err != nil {
		return fmt.Errorf("at the end: %w", err)
	}
	return nil
}

func (c *conversation) do(statement string) error {
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

// everybody returns those for whom ok is true, in the order of connecting.
func (c *conversation) everybody(ok func(*person) bool) []*person {
	var some []*person
	for _, name := range c.order {
		if p := c.people[name]; ok(p) {
			some = append(some, p)
		}
	}
	return some
}

// eol ends the lines that the server sends.
func (c *conversation) eol() string {
	if c.classic {
		return "\n"
	}
	return "\r\n"
}

// comes connects a new person, or one who has been here before.
func (c *conversation) comes(args []string) error {
	name := args[0]
	p, err := dial(c.server, name, len(c.order)%len(c.server.places))
	if err != nil {
		return err
	}
	others := c.everybody(func(p *person) bool { return p.here })
	switch before := c.people[name]; {
	case before == nil:
		c.order = append(c.order, name)
	case !before.ended:
		return errors.New("is connected already")
	}
	c.people[name] = p
	if args[1] == "connects" {
		return nil
	}
	if c.classic {
		if _, err := p.until(classicTail); err != nil {
			return err
		}
		return p.send(name + "\n")
	}
	if err := p.joins(); err != nil {
		return err
	}
	for _, other := range others {
		if err := other.sees("*** " + name + " joined\r\n"); err != nil {
			return err
		}
	}
	return nil
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
		if c.classic {
			return p.sees(classicHead + classicTail)
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
	p.here = p.here || strings.Contains(bytes, "*** you are in #")
	return nil
}

func (c *conversation) seesNothing(p *person) error {
	if c.classic {
		return errors.New("the classic style answers no marker: let somebody say something")
	}
	if err := c.syncOthers(p); err != nil {
		return err
	}
	return p.seesNothing()
}

func (c *conversation) syncs(args []string) error {
	p, err := c.person(args[0])
	if err != nil {
		return err
	}
	if err := c.syncOthers(p); err != nil {
		return err
	}
	return p.syncs()
}

// syncOthers returns when all that others than p have sent was acted on.
func (c *conversation) syncOthers(p *person) error {
	for _, other := range c.everybody(func(o *person) bool { return o != p && o.unproved && !o.mute }) {
		if err := other.syncs(); err != nil {
			return err
		}
	}
	return nil
}

func (c *conversation) stops(args []string) error {
	if args[0] == "stops" {
		return c.server.signal(syscall.SIGTERM)
	}
	return c.server.signal(os.Interrupt)
}

func (c *conversation) exits(args []string) error {
	c.stopped = true
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	return c.server.exits(code)
}

func (c *conversation) logs(args []string) error {
	want := record{"msg": args[0]}
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
	_, err := c.server.log.wait(c.server.ctx, want)
	return err
}

// end checks that nobody was sent anything more, and that the server stops.
func (c *conversation) end() error {
	var all []error
	if !c.stopped {
		if !c.classic {
			all = append(all, c.syncOthers(nil))
		}
		all = append(all, c.server.signal(os.Interrupt))
	}
	for _, p := range c.everybody(func(p *person) bool { return !p.ended }) {
		rest := ""
		if p.here && !c.stopped && !c.classic {
			rest = farewell
		}
		all = append(all, p.seesTheEnd(rest))
	}
	if !c.stopped {
		all = append(all, c.server.exits(0))
	}
	return errors.Join(all...)
}

// newConversation starts the server of a script.
func newConversation(t *testing.T, p program, s script, flags ...string) *conversation {
	t.Helper()
	c := &conversation{
		server:  startProgram(t, p, append(flags, s.flags...)...),
		people:  make(map[string]*person),
		classic: slices.Contains(s.flags, "classic"),
	}
	t.Cleanup(func() {
		for _, p := range c.people {
			p.conn.Close()
		}
	})
	return c
}

func TestConversations(t *testing.T) {
	holdConversations(t, native(), transports())
}

// holdConversations holds all of them with a program, over its transports, on
// each of its backends.
func holdConversations(t *testing.T, p program, ways []transport) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	known := p.backends(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts, err := parseScripts(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, s := range scripts {
			for _, way := range ways {
				if !s.fits(p, way) {
					continue
				}
				for _, backend := range known {
					t.Run(strings.Join([]string{filepath.Base(file), s.title, way.name, backend}, "/"), func(t *testing.T) {
						t.Parallel()
						if reason, ok := p.skip[s.title]; ok {
							t.Skip(reason)
						}
						c := newConversation(t, p, s, append(way.flags(folder(t)), "--backend", backend)...)
						if err := c.hold(s); err != nil {
							t.Errorf("%s: %v", file, err)
						}
					})
				}
			}
		}
	}
}

// A test that can't fail proves nothing: each of these must.
func TestAConversationThatIsNotHeldFails(t *testing.T) {
	const beginning = "-- x --\nalice joins; bob joins\nalice> hello\n"
	for wrong, why := range map[string]string{
		"":                                      "at the end: bob sees",
		"bob sees nothing":                      "bob sees nothing: bob sees",
		"bob sees   alice: hell":                "want \"alice: hell\\r\\n\"",
		"bob sees   alice: hello\nalice> again": "at the end: bob sees",
		"bob> hi\nalice sees   alice: hello":    "alice sees \"bob: hi",
		"bob sees the end":                      "bob sees \"alice: hello",
		"bob sees it; and":                      "want",
		"carol sees nothing":                    "nobody is called carol",
		"alice connects":                        "is connected already",
		"bob dances":                            "means nothing",
		"bob leaves\nalice sees   *** bob drowned":              "want",
		"bob leaves\nalice drops\nserver stops\nserver exits 1": "want exit code 1",
	} {
		t.Run(wrong, func(t *testing.T) {
			t.Parallel()
			scripts, err := parseScripts(beginning + wrong + "\n")
			if err != nil {
				t.Fatal(err)
			}
			c := newConversation(t, native(), scripts[0], "--bind", "127.0.0.1")
			if err := c.hold(scripts[0]); err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("%v, want something with %q", err, why)
			}
		})
	}
}
