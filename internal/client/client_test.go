package client_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/server"
	"github.com/sudoXpg/netloop/internal/testcert"
)

func TestTLSChecksTheNameOrTheFingerprint(t *testing.T) {
	cert := testcert.New("chat.example")
	w := newWorld(t, func(o *server.Options) { o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}} })
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	for what, c := range map[string]struct {
		tls client.TLS
		ok  bool
	}{
		"the name":              {client.TLS{ServerName: "chat.example", Roots: roots}, true},
		"another name":          {client.TLS{ServerName: "other.example", Roots: roots}, false},
		"an unknown authority":  {client.TLS{ServerName: "chat.example"}, false},
		"the fingerprint":       {client.TLS{Fingerprint: sha256.Sum256(cert.Certificate[0])}, true},
		"the fingerprint alone": {client.TLS{ServerName: "other.example", Fingerprint: sha256.Sum256(cert.Certificate[0])}, true},
		"another fingerprint":   {client.TLS{Fingerprint: sha256.Sum256(nil)}, false},
	} {
		t.Run(what, func(t *testing.T) {
			o := w.options("ada")
			o.TLS = &c.tls
			cl, err := client.Dial(t.Context(), o)
			if (err == nil) != c.ok || what == "another fingerprint" && !errors.Is(err, client.ErrFingerprint) {
				t.Errorf("%v", err)
			}
			if err == nil {
				_ = cl.Close()
			}
		})
	}
}

func TestUnixSockets(t *testing.T) {
	w := newWorld(t, nil)
	dir, err := os.MkdirTemp("", "client")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "socket")
	if ln, err := net.Listen("unix", path); err != nil {
		t.Skipf("this machine has no Unix sockets: %v", err)
	} else if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.srv.Listen("unix", path); err != nil {
		t.Fatal(err)
	}
	cl, err := client.Dial(t.Context(), client.Options{Network: "unix", Address: path, Name: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	_ = cl.Close()
	if _, open := <-cl.Events(); open { // one may have been waiting
		for range cl.Events() {
		}
	}
	if !errors.Is(cl.Err(), client.ErrClosed) {
		t.Error(cl.Err())
	}
	if _, err := cl.Post(client.Post{Text: "x"}); !errors.Is(err, client.ErrClosed) {
		t.Error(err)
	}
}

func TestDialReturnsWhyTheServerRefuses(t *testing.T) {
	w := newWorld(t, nil)
	w.joins(w.options("ada"))
	_, err := client.Dial(t.Context(), w.options("ada"))
	if f, ok := errors.AsType[client.Failure](err); !ok || f.Code != "name-taken" {
		t.Error(err)
	}
}

func TestTheWaitsBeforeReconnects(t *testing.T) {
	w := newWorld(t, nil)
	var waits []time.Duration
	enough := make(chan struct{})
	o := w.options("ada")
	o.Rand = func() float64 { return 1 }
	o.Wait = func(ctx context.Context, d time.Duration) error {
		if waits = append(waits, d); len(waits) == 9 {
			close(enough)
			<-ctx.Done()
		}
		return ctx.Err()
	}
	u := w.joins(o)
	w.stop()
	<-enough
	want := []time.Duration{500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Error(diff)
	}
	if _, err := u.c.Send(client.Request{Type: "who"}); !errors.Is(err, client.ErrOffline) {
		t.Error(err)
	}
	for range client.MaxUnacked {
		if _, err := u.c.Post(client.Post{Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := u.c.Post(client.Post{Text: "x"}); !errors.Is(err, client.ErrQueueFull) {
		t.Error(err)
	}
}

func TestAKickedClientGivesUp(t *testing.T) {
	w := newWorld(t, nil)
	u := w.joins(w.options("ada"))
	if _, err := u.c.Send(client.Request{Type: "quit"}); err != nil {
		t.Fatal(err)
	}
	<-u.done
	if bye, ok := errors.AsType[client.Bye](u.c.Err()); !ok || bye.Code != "goodbye" {
		t.Error(u.c.Err())
	}
}

// A room that has ended with the server is not entered again, and the others are.
func TestARoomThatIsGone(t *testing.T) {
	w := newWorld(t, nil)
	u := w.joins(w.options("ada"), "#tea")
	if _, err := u.c.Send(client.Request{Type: "join", Room: "#tea"}); err != nil {
		t.Fatal(err)
	}
	u.until("#tea", func() bool { return u.joined["#tea"] == 1 })
	w.stop()
	w.start()
	u.until("resumed", func() bool { return u.resumes == 1 })
	u.says("#lobby", "still here")
	u.sees("still here")
	if len(u.problems) != 1 || !strings.Contains(u.problems[0], "not-back-in") {
		t.Errorf("problems: %q", u.problems)
	}
}

// A user who does not receive for a while misses nothing.
func TestASlowUser(t *testing.T) {
	w := newWorld(t, nil)
	slow, err := client.Dial(t.Context(), w.options("slow"))
	if err != nil {
		t.Fatal(err)
	}
	u := w.joins(w.options("ada"))
	const n = 300
	for i := range n {
		u.says("#lobby", fmt.Sprint(i))
	}
	u.flush()
	var got []string
	for e := range slow.Events() {
		if m, ok := e.(client.Message); ok {
			if got = append(got, m.Text); len(got) == n {
				break
			}
		}
	}
	for i, text := range got {
		if text != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, text)
		}
	}
	u.says("#lobby", "not received")
	u.flush()
	_ = slow.Close() // with events that nobody receives
}

// a script is a server that answers what the test says.
type script struct {
	t     *testing.T
	conns chan net.Conn
	in    *bufio.Reader
	c     net.Conn
}

// scripted returns a client of a script, which logs in with these answers.
func scripted(t *testing.T, o client.Options, answers ...string) (*script, *client.Client) {
	t.Helper()
	s := &script{t: t, conns: make(chan net.Conn)}
	o.Name = "ada"
	o.Connect = func(ctx context.Context, _, _ string) (net.Conn, error) {
		own, other := net.Pipe()
		select {
		case s.conns <- other:
			return own, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if o.Wait == nil {
		o.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	}
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		s.accept(answers...)
	}()
	c, err := client.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	<-logged
	t.Cleanup(func() {
		go func() { _, _ = io.Copy(io.Discard, s.c) }()
		time.AfterFunc(50*time.Millisecond, func() { _ = s.c.Close() })
		_ = c.Close()
	})
	return s, c
}

// accept waits for a connection and its log-in.
func (s *script) accept(answers ...string) client.Request {
	s.c = <-s.conns
	s.in = bufio.NewReader(s.c)
	s.reads()
	r := s.reads()
	s.writes(answers...)
	return r
}

func (s *script) writes(lines ...string) {
	if _, err := io.WriteString(s.c, strings.Join(lines, "\n")+"\n"); err != nil {
		s.t.Error(err)
	}
}

func (s *script) reads() (r client.Request) {
	line, err := s.in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	if err != nil {
		s.t.Error(err)
	}
	return r
}

const (
	welcomed = `{"type":"welcome","v":1,"server":"s","session":"1","limits":{"text":99},"commands":[]}`
	lobby    = `{"type":"joined","cid":"login","room":"#lobby","name":"ada","others":0,"epoch":1,"seq":5,"history":[]}`
	resumed  = `{"type":"joined","resumed":true,"cid":"login","room":"#lobby","name":"ada","others":0,"epoch":1,"seq":9,"history":[]}`
)

func tokenLine(text string) string {
	return fmt.Sprintf(`{"type":"session","token":%q,"for":900}`, text)
}

// next returns the next event of a type; others are skipped.
func next[T client.Event](t *testing.T, c *client.Client) (v T) {
	t.Helper()
	for e := range c.Events() {
		if v, ok := e.(T); ok {
			return v
		}
	}
	t.Fatalf("no %T: %v", v, c.Err())
	return v
}

func TestAMessageThatWaitsForAReviewIsNotSentAgain(t *testing.T) {
	s, c := scripted(t, client.Options{}, welcomed, lobby, tokenLine("one"))
	next[client.Joined](t, c)
	cid, _ := c.Post(client.Post{Room: "#lobby", Text: "a"})
	s.reads()
	s.writes(fmt.Sprintf(`{"type":"held","cid":%q,"room":"#lobby","code":"waits-for-review","text":"wait"}`, cid))
	if held := next[client.Held](t, c); held.CID != cid || held.Room != "#lobby" || c.Unacked() != 0 {
		t.Errorf("%+v, and %d are unacknowledged", held, c.Unacked())
	}
}

func TestMessagesAreSentAgainUntilTheyAreAcknowledged(t *testing.T) {
	s, c := scripted(t, client.Options{}, "Enter username : ", welcomed, lobby, tokenLine("one"))
	next[client.Joined](t, c)
	first, _ := c.Post(client.Post{Room: "#lobby", Text: "a"})
	if r := s.reads(); r.CID != first || r.Text != "a" {
		t.Errorf("%+v", r)
	}
	second, _ := c.Post(client.Post{Room: "#lobby", Text: "b"})
	if r := s.reads(); r.CID != second {
		t.Errorf("%+v", r)
	}
	s.writes(fmt.Sprintf(`{"type":"ack","cid":%q,"room":"#lobby","epoch":1,"seq":7,"id":"3","stored":true}`, first),
		`{"type":"message","private":true,"from":"bob","text":"psst","time":"2026-01-31T15:04:00.000Z","number":3}`, `{"type":"new`)
	next[client.Ack](t, c)
	_ = s.c.Close() // in the middle of an object
	next[client.Disconnected](t, c)

	r := s.accept(welcomed, resumed, tokenLine("two"))
	number := uint64(3)
	want := client.Request{Type: "resume", CID: "login", Token: "one", Rooms: map[string]client.Place{"#lobby": {Epoch: 1, Seq: 5}}, Private: &number}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	if !next[client.Connected](t, c).Resumed {
		t.Error("not resumed")
	}
	if r := s.reads(); r.CID != second || r.Text != "b" {
		t.Errorf("%+v", r)
	}
	_ = s.c.Close()
	next[client.Disconnected](t, c)

	// The session has ended: nobody knows about the message that was sent.
	go func() { _, _ = c.Post(client.Post{Room: "#lobby", Text: "c"}) }()
	r = s.accept(welcomed, `{"type":"error","cid":"login","code":"resume-unknown","text":"no"}`)
	if r.Token != "two" || r.Rooms["#lobby"].Seq != 9 {
		t.Errorf("%+v", r)
	}
	if r := s.reads(); r.Type != "login" || r.Name != "ada" {
		t.Errorf("%+v", r)
	}
	s.writes(lobby)
	if next[client.Connected](t, c).Resumed {
		t.Error("resumed")
	}
	if lost := next[client.Lost](t, c); lost.CID != second || lost.Text != "b" {
		t.Errorf("%+v", lost)
	}
	if r := s.reads(); r.Text != "c" {
		t.Errorf("%+v", r)
	}
}

// The server recognizes private messages only until it is restarted.
func TestPrivateMessagesAreNotSentAgainAfterACrash(t *testing.T) {
	for what, c := range map[string]struct {
		answers []string
		lost    bool
	}{
		"resumed":            {[]string{resumed}, false},
		"after a crash":      {[]string{strings.Replace(resumed, `"epoch":1`, `"epoch":2`, 1)}, true},
		"in another session": {nil, true},
	} {
		t.Run(what, func(t *testing.T) {
			s, cl := scripted(t, client.Options{Password: "correct horse battery"}, welcomed, lobby, tokenLine("one"))
			next[client.Joined](t, cl)
			private, _ := cl.Post(client.Post{To: "bob", Text: "psst"})
			s.reads()
			public, _ := cl.Post(client.Post{Room: "#lobby", Text: "hello"})
			s.reads()
			_ = s.c.Close()
			next[client.Disconnected](t, cl)
			if c.answers == nil {
				s.accept(welcomed, `{"type":"error","cid":"login","code":"resume-unknown","text":"no"}`)
				s.reads()
				s.writes(lobby)
			} else {
				s.accept(append([]string{welcomed}, append(c.answers, tokenLine("two"))...)...)
			}
			if c.lost {
				if lost := next[client.Lost](t, cl); lost.CID != private || lost.To != "bob" {
					t.Errorf("%+v", lost)
				}
			} else if r := s.reads(); r.CID != private {
				t.Errorf("%+v", r)
			}
			if r := s.reads(); r.CID != public {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestALogInThatIsCutChangesNothing(t *testing.T) {
	s, c := scripted(t, client.Options{}, welcomed, lobby, tokenLine("one"))
	next[client.Joined](t, c)
	_ = s.c.Close()
	next[client.Disconnected](t, c)
	s.accept(welcomed, resumed)
	_ = s.c.Close()
	next[client.Disconnected](t, c)
	if r := s.accept(welcomed, resumed, tokenLine("three")); r.Token != "one" || r.Rooms["#lobby"].Seq != 5 {
		t.Errorf("%+v", r)
	}
	next[client.Joined](t, c)
}

func TestTheServerSaysWhenToComeBack(t *testing.T) {
	waits := make(chan time.Duration, 1)
	o := client.Options{Rand: func() float64 { return 0 }, Wait: func(ctx context.Context, d time.Duration) error {
		waits <- d
		return ctx.Err()
	}}
	s, c := scripted(t, o, welcomed, lobby)
	next[client.Joined](t, c)
	s.writes(`{"type":"bye","code":"busy","text":"later","retryAfter":7.5}`)
	if d := next[client.Disconnected](t, c); d.Retry != 7500*time.Millisecond {
		t.Errorf("%+v", d)
	}
	if d := <-waits; d != 7500*time.Millisecond {
		t.Error(d)
	}
	s.accept(welcomed, lobby)
	next[client.Joined](t, c)
}

func TestASilentServerIsAskedAndGivenUp(t *testing.T) {
	s, c := scripted(t, client.Options{Idle: 20 * time.Millisecond}, welcomed, lobby)
	next[client.Joined](t, c)
	if r := s.reads(); r.Type != "ping" {
		t.Errorf("%+v", r)
	}
	s.writes(`{"type":"pong"}`, `{"type":"notice","code":"x","text":"still here"}`)
	next[client.Notice](t, c)
	s.reads()
	if d := next[client.Disconnected](t, c); !errors.Is(d.Err, client.ErrSilent) {
		t.Error(d.Err)
	}
	s.accept(welcomed, lobby)
	next[client.Joined](t, c)
}

func TestUnknownTypesArePassedOn(t *testing.T) {
	s, c := scripted(t, client.Options{}, welcomed, lobby)
	next[client.Joined](t, c)
	const line = `{"type":"weather","cid":"1","sun":true}`
	s.writes(line)
	if raw := next[client.Raw](t, c); raw.Type != "weather" || raw.CID != "1" || string(raw.JSON) != line {
		t.Errorf("%+v", raw)
	}
	s.writes(`{"type":"message","id":7}`)
	if d := next[client.Disconnected](t, c); d.Err == nil {
		t.Error("an ID that is a number was accepted")
	}
	s.accept(welcomed, lobby)
}

func TestATranscriptAppliesEvents(t *testing.T) {
	at := func(id uint64, from string) client.Message {
		return client.Message{Room: "#tea", Place: client.Place{Epoch: 1, Seq: id}, ID: id, From: from}
	}
	tr := client.Transcript{Room: "#tea"}
	ids := func() (list []uint64) {
		for _, m := range tr.Messages() {
			list = append(list, m.ID)
		}
		return list
	}
	for _, step := range []struct {
		e    client.Event
		want []uint64
	}{
		{client.Joined{Room: "#tea", History: []client.Message{at(3, "ada"), at(4, "bob")}}, []uint64{3, 4}},
		{client.Message{Room: "#other", ID: 9}, []uint64{3, 4}},
		{at(6, "bob"), []uint64{3, 4, 6}},
		{at(6, "bob"), []uint64{3, 4, 6}},
		{client.RoomEvent{Room: "#tea", What: "redact", Redacted: 3}, []uint64{4, 6}},
		{client.Rollback{Room: "#tea", Epoch: 1, KeptTo: 5}, []uint64{4}},
		{client.Gap{Room: "#tea"}, []uint64{4}},
		{client.History{Room: "#tea", Events: []client.Message{at(2, "ada"), at(4, "bob"), at(5, "ada")}}, []uint64{2, 4, 5}},
		{client.RoomEvent{Room: "#tea", What: "redact", Args: map[string]any{"name": "ada"}}, []uint64{4}},
		{client.Joined{Room: "#tea", Resumed: true, History: []client.Message{at(7, "bob")}}, []uint64{4, 7}},
		{client.Joined{Room: "#tea", History: []client.Message{at(8, "bob")}}, []uint64{8}},
	} {
		tr.Apply(step.e)
		if !slices.Equal(ids(), step.want) {
			t.Errorf("after %+v: %v, want %v", step.e, ids(), step.want)
		}
	}
	if !tr.Gap() {
		t.Error("no gap")
	}
}

// A client that was away for long fetches what a resume does not bring.
func TestAGapIsFilled(t *testing.T) {
	w := newWorld(t, nil)
	back := make(chan struct{})
	o := w.options("ada")
	o.FillGaps = true
	o.Wait = func(ctx context.Context, _ time.Duration) error {
		select {
		case <-back:
			return w.wait(ctx, 0)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	ada, bob := w.joins(o), w.joins(w.options("bob"))
	bob.says("#lobby", "before")
	ada.sees("before")
	w.network.CutAll()
	for i := range 400 { // more than a resume brings, and two pages of a history
		bob.says("#lobby", fmt.Sprint(i, " ", strings.Repeat("x", 1000)))
	}
	bob.flush()
	close(back)
	ada.until("filled", func() bool { return ada.filled == 1 })
	if diff := cmp.Diff(bob.history("#lobby"), ada.transcript("#lobby")); diff != "" {
		t.Errorf("(-log +transcript):\n%.800s", diff)
	}
	ada.check()
	if ada.gaps != 1 {
		t.Errorf("%d gaps", ada.gaps)
	}
}

func messageLine(id uint64) string {
	return fmt.Sprintf(`{"room":"#lobby","epoch":1,"seq":%d,"id":"%d","from":"bob","text":"x","time":"2026-01-31T15:04:00.000Z"}`, id, id)
}

// live is a message that is not part of a history.
func live(id uint64) string { return `{"type":"message",` + messageLine(id)[1:] }

func page(r client.Request, newer bool, ids ...uint64) string {
	lines := make([]string, len(ids))
	for i, id := range ids {
		lines[i] = messageLine(id)
	}
	return fmt.Sprintf(`{"type":"history","cid":%q,"room":"#lobby","events":[%s],"newer":%v}`, r.CID, strings.Join(lines, ","), newer)
}

func TestWhatIsAskedForToFillAGap(t *testing.T) {
	const gap = `{"type":"gap","room":"#lobby"}`
	s, c := scripted(t, client.Options{FillGaps: true}, welcomed, lobby, tokenLine("one"), gap, live(6))
	next[client.Message](t, c) // nobody knows where the first gap begins
	asks := func(after uint64) client.Request {
		t.Helper()
		r := s.reads()
		if r.Type != "history" || r.Room != "#lobby" || r.After != after || r.Limit != 200 {
			t.Errorf("asks %+v, want the history after %d", r, after)
		}
		return r
	}
	filled := func(pages int) {
		t.Helper()
		for e := range c.Events() {
			switch e.(type) {
			case client.History:
				pages--
			case client.Filled:
				if pages != 0 {
					t.Errorf("%d pages are missing", pages)
				}
				return
			}
		}
	}
	s.writes(gap)
	s.writes(live(20), page(asks(6), true, 7, 8))
	s.writes(page(asks(8), true, 9, 20, 21)) // beyond the gap
	filled(2)

	// A connection that is lost meanwhile, and another gap.
	s.writes(gap)
	s.writes(page(asks(20), true, 21))
	asks(21)
	_ = s.c.Close()
	next[client.Disconnected](t, c)
	s.accept(welcomed, gap, resumed, tokenLine("two"))
	asks(21)
	s.writes(live(30))
	next[client.Message](t, c)

	// What was fetched was never saved.
	_ = s.c.Close()
	next[client.Disconnected](t, c)
	s.accept(welcomed, `{"type":"rollback","room":"#lobby","epoch":1,"keptTo":20}`, resumed, tokenLine("three"))
	asks(21)
	s.writes(page(asks(20), false, 22))
	filled(1)

	// A refusal ends it, and so does a rollback of the message before the gap.
	s.writes(gap)
	s.writes(fmt.Sprintf(`{"type":"error","cid":%q,"code":"history-unreadable","text":"no"}`, asks(20).CID))
	_ = next[client.Failure](t, c)
	s.writes(live(40), gap)
	asks(40)
	_ = s.c.Close()
	next[client.Disconnected](t, c)
	s.accept(welcomed, `{"type":"rollback","room":"#lobby","epoch":1,"keptTo":20}`, resumed, tokenLine("four"), gap)
	asks(40)
	s.writes(page(asks(20), false))
	filled(1)

	// Without a session nothing is known.
	s.writes(gap)
	asks(20)
	_ = s.c.Close()
	next[client.Disconnected](t, c)
	s.accept(welcomed, `{"type":"error","cid":"login","code":"resume-unknown","text":"no"}`)
	if r := s.reads(); r.Type != "login" {
		t.Errorf("%+v", r)
	}
	s.writes(lobby, gap)
	next[client.Gap](t, c)
	cid, _ := c.Post(client.Post{Room: "#lobby", Text: "next"})
	if r := s.reads(); r.CID != cid {
		t.Errorf("%+v", r)
	}
}

func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.Dial(ctx, client.Options{Address: "chat.example:9034", TLS: &client.TLS{}, Name: "bot"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Post(client.Post{Room: "#lobby", Text: "hello"}); err != nil {
		fmt.Println(err)
	}
	for e := range c.Events() {
		switch e := e.(type) {
		case client.Message:
			fmt.Printf("%s %s: %s\n", e.Room, e.From, e.Text)
		case client.Disconnected:
			fmt.Printf("lost the connection (%v), again in %v\n", e.Err, e.Retry)
		}
	}
	fmt.Println(c.Err())
}

func TestObjectsFollowTheirEvents(t *testing.T) {
	w := newWorld(t, nil)
	o := w.options("ada")
	o.Objects, o.Buffer = true, 100
	cl, err := client.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cl.Post(client.Post{Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	var objects []string
	typed := 0
	for e := range cl.Events() {
		switch e := e.(type) {
		case client.Raw:
			objects = append(objects, e.Type)
			if e.Type == "ack" {
				if _, err := cl.Send(client.Request{Type: "quit"}); err != nil {
					t.Error(err)
				}
			}
			if !json.Valid(e.JSON) {
				t.Errorf("%s is not JSON", e.JSON)
			}
		case client.Connected:
		default:
			if typed++; len(objects) != typed-1 {
				t.Errorf("%T before the object of the event before", e)
			}
		}
	}
	_ = cl.Close()
	for _, name := range []string{"session", "welcome"} {
		if slices.Contains(objects, name) {
			t.Errorf("%s was delivered: %q", name, objects)
		}
	}
	for _, name := range []string{"joined", "message", "ack", "bye"} {
		if !slices.Contains(objects, name) {
			t.Errorf("no %s in %q", name, objects)
		}
	}
}
