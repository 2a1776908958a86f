package chat_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/store/memory"
)

// A postOffice simulates a server on which ada writes to bob, whose client keeps reconnecting.
type postOffice struct {
	t interface {
		Fatalf(format string, args ...any)
	}
	hub     *chat.Hub
	loops   [][]func() // what each loop is to do
	writes  []func()   // the ends of writes to the disk
	devices []*device
	trace   []string

	ada  *person
	sent []int // the texts

	link     *device // that the client reads
	token    string
	private  uint64
	received []int
}

// A device is a connection of the client.
type device struct {
	person
	w       *postOffice
	n       int          // in w.devices
	request func()       // that has not arrived yet
	stream  []chat.Event // that the client has not read
	token   string       // what it reads before that
	gone    bool         // the server has noticed that it is lost
	left    bool
}

func newPostOffice(t *testing.T, loops int) *postOffice {
	w := &postOffice{t: t, loops: make([][]func(), loops)}
	s, given := memory.New(), byte(0)
	f := newFixtureWith(t, func(o *chat.Options) {
		o.Journal, o.Archive = later{s, w}, s
		o.Resumption.Token = func() [32]byte {
			given++
			return [32]byte{given}
		}
	})
	w.hub, w.ada = f.hub, f.join("ada")
	w.link = w.newDevice()
	if err := w.hub.Login(&w.link.Member, "bob"); err != nil {
		t.Fatal(err)
	}
	w.hub.Arrive(&w.link.Member, now)
	w.hub.OpenSession(&w.link.Member, now)
	w.settle()
	w.read(1)
	return w
}

func (w *postOffice) newDevice() *device {
	d := &device{w: w, n: len(w.devices)}
	w.hub.Admit(&d.Member, d)
	w.devices = append(w.devices, d)
	return d
}

func (w *postOffice) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// run has a loop do the first thing that it is to do, and returns false if there is none.
func (w *postOffice) run(loop int) bool { return first(&w.loops[loop]) }

// write ends the first write to the disk.
func (w *postOffice) write() bool { return first(&w.writes) }

func first(list *[]func()) bool {
	if len(*list) == 0 {
		return false
	}
	next := (*list)[0]
	*list = (*list)[1:]
	next()
	return true
}

// settle has everything happen that is to happen.
func (w *postOffice) settle() {
	for more := true; more; {
		more = w.write()
		for loop := range w.loops {
			more = w.run(loop) || more
		}
	}
}

// check has everything arrive, in whatever order, and the client reconnect once more.
func (w *postOffice) check() {
	w.link.arrive()
	for _, d := range w.devices {
		d.arrive()
	}
	w.settle()
	w.reconnect()
	w.link.arrive()
	w.settle()
	w.read(len(w.link.stream))
	if !slices.Equal(w.received, w.sent) {
		w.t.Fatalf("received %v, sent %v:\n%s", w.received, w.sent, strings.Join(w.trace, "\n"))
	}
}

// says has ada write to bob.
func (w *postOffice) says() {
	text := len(w.sent)
	w.note("ada writes %d", text)
	w.sent = append(w.sent, text)
	w.hub.Post(&w.ada.Member, chat.Line{Kind: chat.Say, To: "bob", Text: strconv.Itoa(text)}, now)
}

// reconnect has the client dial again, with what it has read so far.
func (w *postOffice) reconnect() {
	d := w.newDevice()
	w.note("bob dials %d with what follows %d", d.n, w.private)
	token, private := w.token, w.private
	d.request = func() { w.hub.Resume(&d.Member, token, chat.Seen{Private: &private}, now) }
	w.link = d
}

// read has the client read some of what it was sent.
func (w *postOffice) read(n int) {
	d := w.link
	if d.token != "" {
		w.token, d.token = d.token, ""
	}
	for _, e := range d.stream[:min(n, len(d.stream))] {
		if e.Kind == chat.Refusal {
			w.t.Fatalf("%s:\n%s", e.Note.Code, strings.Join(w.trace, "\n"))
		}
		text, err := strconv.Atoi(e.Body)
		if err != nil {
			w.t.Fatalf("%v", err)
		}
		w.note("bob reads %d: %d", e.Seq, text)
		w.private = e.Seq
		w.received = append(w.received, text)
	}
	d.stream = d.stream[min(n, len(d.stream)):]
}

// arrive has the request of the client arrive.
func (d *device) arrive() {
	if request := d.request; request != nil {
		d.w.note("%d arrives", d.n)
		d.request = nil
		request()
	}
}

// lost has the server notice that the connection is lost.
func (d *device) lost() {
	if d.gone || d.left {
		return
	}
	d.w.note("%d is lost", d.n)
	d.gone = true
	if len(d.rooms) > 0 {
		if _, may := d.w.hub.Linger(&d.Member, now); may {
			return
		}
	}
	d.Close(nil)
}

// Close implements chat.Outlet.
func (d *device) Close(*chat.Note) {
	if !d.left {
		d.left = true
		d.w.hub.Leave(&d.Member, nil, now)
	}
}

// Post implements chat.Outlet. A connection that is lost may come back.
func (d *device) Post(f func()) {
	loop := &d.w.loops[d.n%len(d.w.loops)]
	*loop = append(*loop, func() {
		if !d.left {
			f()
		}
	})
}

// Await implements chat.Outlet.
func (d *device) Await(start func(func()), done func()) {
	start(func() {
		d.Post(func() {
			if !d.gone {
				done()
			}
		})
	})
}

// Deliver implements chat.Outlet.
func (d *device) Deliver(e chat.Event) {
	if (e.Kind == chat.Private || e.Kind == chat.Refusal) && !d.gone && !d.left {
		d.w.note("%d is sent %d: %s", d.n, e.Seq, e.Body)
		d.stream = append(d.stream, e)
	}
}

// Answer implements chat.Outlet.
func (d *device) Answer(a chat.Answer) {
	if r, ok := a.(chat.Resumable); ok && !d.gone && !d.left {
		d.token = r.Token
	}
}

// later is a journal whose writes end when the test says so.
type later struct {
	*memory.Store
	w *postOffice
}

func (l later) Write(done func(error), records ...chat.Record) {
	err := l.Commit(records)
	l.w.writes = append(l.w.writes, func() {
		if done != nil {
			done(err)
		}
	})
}

func (later) Full(func()) bool { return false }

// Connections may be lost, noticed and replaced in any order.
func TestPrivateMessagesArriveOnceInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newPostOffice(t, rapid.IntRange(1, 2).Draw(rt, "loops"))
		w.t = rt
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			w.step(rt)
		}
		w.check()
	})
}

func TestAPrivateMessageToTheOldConnectionIsNotOvertaken(t *testing.T) {
	w := newPostOffice(t, 1)
	w.reconnect()
	w.link.arrive()
	w.write()
	w.says()
	w.run(0) // the new connection has the session
	w.says()
	w.settle()
	w.read(2)
	w.check()
}

func TestALateResumeDoesNotEndTheSession(t *testing.T) {
	w := newPostOffice(t, 1)
	w.reconnect()
	late := w.link
	w.reconnect()
	w.link.arrive()
	w.settle()
	w.read(0)
	late.arrive()
	w.settle()
	w.says()
	w.check()
}

// step has something happen.
func (w *postOffice) step(t *rapid.T) {
	switch rapid.IntRange(0, 6).Draw(t, "step") {
	case 0:
		if len(w.sent)-len(w.received) < 50 { // fewer than may wait
			w.says()
		}
	case 1, 2:
		w.run(rapid.IntRange(0, len(w.loops)-1).Draw(t, "loop"))
	case 3:
		w.write()
	case 4:
		w.read(rapid.IntRange(1, 3).Draw(t, "read"))
	case 5:
		w.reconnect()
	case 6:
		d := w.devices[rapid.IntRange(max(0, len(w.devices)-4), len(w.devices)-1).Draw(t, "device")]
		switch {
		case d.request == nil && d != w.link:
			d.lost()
		case d.request != nil: // maybe after a later one
			d.arrive()
		}
	}
}
