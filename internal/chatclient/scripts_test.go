package chatclient_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
)

func TestSendWaitsForTheAck(t *testing.T) {
	w := newWorld(t)
	bob := w.talker("bob")
	if err := chatclient.Send(t.Context(), w.client("eve"), "#lobby", "hello"); err != nil {
		t.Error(err)
	}
	bob.sees("eve: hello\n")
	bob.types("/join #tea\n")
	bob.sees("*** you are in #tea")
	if err := chatclient.Send(t.Context(), w.client("eve"), "#tea", "/not a command\ntwo"); err != nil {
		t.Error(err)
	}
	bob.sees("eve: /not a command\neve: two\n")
	if err := chatclient.Send(t.Context(), w.client("eve"), "bob", "psst"); err != nil {
		t.Error(err)
	}
	bob.sees("[eve -> you] psst\n")
}

func TestSendReturnsWhyTheServerRefuses(t *testing.T) {
	w := newWorld(t)
	for to, text := range map[string]string{"nobody": "x", "#": "x", "#lobby": ""} {
		err := chatclient.Send(t.Context(), w.client("eve"), to, text)
		if _, ok := errors.AsType[client.Failure](err); !ok {
			t.Errorf("to %s: %v", to, err)
		}
	}
}

func TestSendIsBounded(t *testing.T) {
	w := newWorld(t)
	c := w.client("eve")
	w.stop()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := chatclient.Send(ctx, c, "#lobby", "x"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// a program uses the objects of the protocol.
type program struct {
	t      *testing.T
	in     *io.PipeWriter
	out    chan string
	ended  chan error
	stderr *screen
}

func (w *world) program(o *chatclient.Objects) *program {
	w.t.Helper()
	r, in := io.Pipe()
	read, out := io.Pipe()
	p := &program{t: w.t, in: in, out: make(chan string, 1000), ended: make(chan error, 1), stderr: newScreen(w.t)}
	ctx, stop := context.WithCancel(w.t.Context())
	o.Client = w.client("robo", func(o *client.Options) { o.Objects = true })
	o.In, o.Out, o.Tell = r, out, func(text string) { _, _ = p.stderr.Write([]byte(text + "\n")) }
	go func() {
		p.ended <- o.Run(ctx)
		_ = out.Close()
	}()
	go func() {
		defer close(p.out)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			p.out <- lines.Text()
		}
	}()
	w.t.Cleanup(func() {
		stop()
		_ = in.Close()
		if err := <-p.ended; err != nil {
			w.t.Log(err)
		}
		for range p.out {
		}
	})
	return p
}

// gets returns the next object of a type.
func (p *program) gets(kind string) map[string]any {
	p.t.Helper()
	for line := range p.out {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			p.t.Fatalf("%q: %v", line, err)
		}
		if o["type"] == kind {
			return o
		}
	}
	p.t.Fatalf("no %s", kind)
	return nil
}

func TestObjectsArePassedOn(t *testing.T) {
	w := newWorld(t)
	bob := w.talker("bob")
	p := w.program(&chatclient.Objects{})
	p.gets("joined")
	if _, err := io.WriteString(p.in, `{"type":"post","text":"hello","cid":"mine"}`+"\n\n"+`{"type":"rooms","cid":"2"}`+"\n"); err != nil {
		t.Fatal(err)
	}
	bob.sees("robo: hello\n")
	if m := p.gets("message"); m["text"] != "hello" || m["room"] != "#lobby" {
		t.Error(m)
	}
	for _, bad := range []string{"hello", "[]", `{"type":"login","name":"x"}`, `{"text":"x"}`, `{"type":"post","txet":"x"}`, `{"type":"post","text":"x"} {}`, strings.Repeat(" ", 70_000)} {
		if _, err := io.WriteString(p.in, bad+"\n"); err != nil {
			t.Fatal(err)
		}
		p.stderr.sees("a request was not sent: ")
	}
	_ = p.in.Close()
	bob.sees("*** robo left")
}

func TestTheAnswersOfAllRequestsAreAwaited(t *testing.T) {
	w := newWorld(t)
	p := w.program(&chatclient.Objects{})
	const n = 100
	go func() {
		_, _ = io.WriteString(p.in, strings.Repeat(`{"type":"ping","cid":"mine"}`+"\n", n))
		_ = p.in.Close()
	}()
	for range n {
		if o := p.gets("pong"); o["cid"] != "mine" {
			t.Errorf("%v", o)
		}
	}
	err := <-p.ended
	p.ended <- err
	if err != nil {
		t.Error(err)
	}
}

func TestUnansweredRequestsAreReported(t *testing.T) {
	f := &fake{open: make(chan struct{})}
	defer f.running.Wait()
	defer close(f.open)
	c, err := client.Dial(t.Context(), client.Options{Address: "the server", Name: "ada", Connect: f.connect, Timeout: patience, Idle: patience, Objects: true})
	if err != nil {
		t.Fatal(err)
	}
	o := chatclient.Objects{Client: c, In: strings.NewReader(`{"type":"rooms"}`), Out: io.Discard, Tell: func(string) {}, Leave: time.Nanosecond}
	if err := o.Run(t.Context()); !errors.Is(err, chatclient.ErrUnanswered) {
		t.Error(err)
	}
}

func TestObjectsOfOneRoom(t *testing.T) {
	w := newWorld(t)
	bob := w.talker("bob")
	bob.types("/join #tea\n")
	bob.sees("*** you are in #tea")
	p := w.program(&chatclient.Objects{Room: "#TEA", Only: true})
	if o := p.gets("joined"); o["room"] != "#tea" {
		t.Error(o)
	}
	bob.types("/leave\nelsewhere\n/join #tea\nhello\n")
	if m := p.gets("message"); m["text"] != "hello" {
		t.Error(m)
	}
}
