package chatclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/sudoXpg/netloop/internal/chatclient"
	"github.com/sudoXpg/netloop/internal/client"
)

func TestTwoUsersTalk(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.talker("ada"), w.talker("bob")
	ada.sees("*** bob joined\n")
	ada.types("hello\n//me is not a command\n/me waves\n")
	bob.sees("ada: hello\nada: /me is not a command\n* ada waves\n")
	bob.types("/msg ada psst\n")
	bob.sees("[you -> ada] psst\n")
	ada.sees("[bob -> you] psst\n")
	bob.types("/nosuch\n")
	bob.sees("*** unknown command /nosuch")
	bob.types("/rooms\n")
	bob.sees("*** #lobby           2 people\n")
	bob.types("/nick rob\n")
	ada.sees("*** bob is now known as rob\n")
	bob.types("as rob\n")
	ada.sees("rob: as rob\n")
	bob.types("/quit tea\n")
	ada.sees("*** rob left (tea)\n")
	bob.sees("*** goodbye\n")
	if err := bob.ends(); err != nil {
		t.Error(err)
	}
	if strings.Contains(ada.all(), "ada: ") {
		t.Errorf("own messages are shown: %q", ada.all())
	}
	if got := bob.all(); strings.Contains(got, "bob joined") || strings.Count(got, "known as rob") != 1 || strings.Contains(got, "rob: ") {
		t.Errorf("what bob does is shown to bob: %q", got)
	}
}

// What is typed is for the room that the command before it has entered.
func TestTypedAheadTextGoesToTheRightRoom(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.talker("ada"), w.talker("bob")
	ada.types("/join #tea\n")
	ada.sees("*** you are in #tea as ada")
	bob.types("one\n/join #tea\ntwo\n/leave\nthree\n")
	ada.sees("#lobby bob: one\n")
	ada.sees("*** bob joined\nbob: two\n*** bob left\n#lobby bob: three\n")
}

func TestTheRoomOfTheTargetIsEntered(t *testing.T) {
	w := newWorld(t)
	ada := w.talker("ada")
	ada.types("/join #tea\n")
	ada.sees("*** you are in #tea as ada")
	bob := w.runs(&chatclient.Plain{Client: w.client("bob"), Room: "#tea"})
	bob.types("hello\n")
	ada.sees("bob: hello\n")
}

func TestTheEndOfTheInputWaitsForAnswers(t *testing.T) {
	w := newWorld(t)
	u := w.runs(&chatclient.Plain{Client: w.client("ada")})
	u.types("hello\n/rooms\nlast")
	_ = u.in.Close()
	if err := u.ends(); err != nil {
		t.Error(err)
	}
	u.sees("*** #lobby           1 person\n")
	if bob := w.talker("bob"); !strings.Contains(bob.all(), "ada: hello\nada: last\n") {
		t.Errorf("%q", bob.all())
	}
}

func TestAnInterruptEndsASession(t *testing.T) {
	w := newWorld(t)
	u := w.talker("ada")
	u.stop()
	if err := u.ends(); err != nil {
		t.Error(err)
	}
}

// A line that is typed while the server is away arrives exactly once.
func TestReconnectWhileTyping(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.talker("ada"), w.talker("bob")
	ada.types("before\n")
	bob.sees("ada: before\n")
	w.stop()
	ada.sees("*** the connection is lost: ")
	ada.types("meanwhile\n/rooms\n")
	ada.sees("*** no connection: /rooms was not sent\n")
	w.start()
	ada.sees("*** connected again\n")
	bob.sees("ada: meanwhile\n")
	ada.types("after\n")
	bob.sees("ada: after\n")
	for _, text := range []string{"before", "meanwhile", "after"} {
		if n := strings.Count(bob.all(), text); n != 1 {
			t.Errorf("%s was shown %d times: %q", text, n, bob.all())
		}
	}
	if strings.Contains(ada.all(), "ada: ") {
		t.Errorf("own messages are shown: %q", ada.all())
	}
}

// What is typed without a connection, also more than may wait for its acknowledgement, arrives
// once and in order.
func TestLinesTypedOfflineArriveInOrder(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.talker("ada"), w.talker("bob")
	ada.types("before\n")
	bob.sees("ada: before\n")
	bob.types("hello\n")
	ada.sees("bob: hello\n")
	w.stop()
	ada.sees("*** the connection is lost: ")
	const n = client.MaxUnacked + 20
	var lines, want strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "line %d\n", i)
		fmt.Fprintf(&want, "ada: line %d\n", i)
	}
	typed := make(chan struct{})
	go func() {
		defer close(typed)
		ada.types(lines.String())
	}()
	w.start()
	<-typed
	ada.types("the end\n")
	bob.sees("ada: the end\n")
	all := bob.all()
	if all = all[strings.Index(all, "ada: line 0\n"):]; all != want.String()+"ada: the end\n" {
		t.Errorf("%q", all)
	}
}

// An empty line does not wait for the next attempt.
func TestEnterReconnectsAtOnce(t *testing.T) {
	w := newWorld(t)
	bob := w.talker("bob")
	ada := w.runs(&chatclient.Plain{Client: w.client("ada", func(o *client.Options) {
		o.Wait = func(ctx context.Context, _ time.Duration) error {
			<-ctx.Done()
			return ctx.Err()
		}
	})})
	ada.sees("as ada")
	ada.types("\n")
	w.stop()
	ada.sees("*** the connection is lost: ")
	ada.sees(" (press Enter to try now)\n")
	ada.types("\n")
	ada.sees("*** there is still no connection: ")
	w.start()
	ada.types("hello\n\n")
	ada.sees("*** connected again")
	bob.sees("ada: hello\n")
}

// Without an input there is nobody to press Enter.
func TestFollowDoesNotAskForEnter(t *testing.T) {
	w := newWorld(t)
	f := w.runs(&chatclient.Plain{Client: w.client("eve"), Room: "#lobby", Only: true})
	f.sees("as eve")
	w.stop()
	f.sees("*** the connection is lost: ")
	w.start()
	f.sees("*** connected again")
	if strings.Contains(f.all(), "Enter") {
		t.Errorf("%q", f.all())
	}
}

// Nobody knows the password when the session can't be resumed.
func TestAnAccountThatIsMadeInASessionEndsWithIt(t *testing.T) {
	w := newWorld(t)
	ada := w.talker("ada")
	ada.types("/register\nsecret words\nsecret words\n")
	ada.sees("*** ada is now your account")
	w.forget()
	err := ada.ends()
	if !errors.Is(err, client.ErrPassword) || !strings.Contains(chatclient.Reason(err), "chat NAME@HOST asks for it") {
		t.Error(err)
	}
}

// A guest logs in again with their current name.
func TestARenamedGuestComesBackWithTheNewName(t *testing.T) {
	w := newWorld(t)
	ada := w.talker("ada")
	ada.types("/nick eve\n")
	ada.sees("*** you are now known as eve\n")
	w.forget()
	ada.sees("*** connected again, in a new session")
	ada.sees("as eve,")
}

func TestUnacknowledgedMessagesAreReported(t *testing.T) {
	w := newWorld(t)
	u := w.runs(&chatclient.Plain{Client: w.client("ada"), Leave: time.Nanosecond})
	u.sees("as ada")
	w.stop()
	u.sees("*** the connection is lost: ")
	u.types("hello\n")
	_ = u.in.Close()
	if err := u.ends(); !errors.Is(err, chatclient.ErrUnacknowledged) {
		t.Error(err)
	}
}

// A password is asked for, hidden, and never said.
func TestQuestionsAreAnsweredHidden(t *testing.T) {
	w := newWorld(t)
	bob := w.talker("bob")
	var mu sync.Mutex
	hidden, shown := 0, 0
	ada := w.runs(&chatclient.Plain{Client: w.client("ada"), Hide: func() (func() error, bool, error) {
		mu.Lock()
		defer mu.Unlock()
		hidden++
		return func() error {
			mu.Lock()
			defer mu.Unlock()
			shown++
			return nil
		}, true, nil
	}})
	ada.types("/register\n")
	ada.sees("*** New password for ada: \n")
	ada.types("secret words\n")
	ada.sees("*** Repeat it: \n")
	ada.types("secret words\nhello\n")
	bob.sees("ada: hello\n")
	mu.Lock()
	defer mu.Unlock()
	if hidden != 2 || shown != 2 || strings.Contains(bob.all()+ada.all(), "secret") {
		t.Errorf("hidden %d, shown %d times; %q", hidden, shown, bob.all())
	}
}

// An answer that is typed after the connection was lost is not said.
func TestALateAnswerIsNotSaid(t *testing.T) {
	w := newWorld(t)
	bob := w.talker("bob")
	ada := w.talker("ada")
	ada.types("/register\n")
	ada.sees("*** New password for ada: \n")
	w.stop()
	ada.sees("*** the connection is lost: ")
	ada.types("secret words\nhello\n")
	ada.sees("*** that line was not sent: ")
	w.start()
	bob.sees("ada: hello\n")
	if strings.Contains(bob.all(), "secret") {
		t.Errorf("%q", bob.all())
	}
}

func TestASessionThatTheServerEndsIsOver(t *testing.T) {
	f := &fake{objects: `{"type":"bye","code":"goodbye","text":"kicked by ann"}` + "\n"}
	defer f.running.Wait()
	c, err := client.Dial(t.Context(), client.Options{Address: "the server", Name: "ada", Connect: f.connect, Timeout: patience, Idle: patience})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&chatclient.Plain{Client: c, Out: &out}).Run(t.Context()); !errors.Is(err, chatclient.ErrEnded) {
		t.Error(err)
	}
	if got := out.String(); !strings.HasSuffix(got, "*** kicked by ann\n") {
		t.Errorf("%q", got)
	}
}

func TestAnOutputThatIsClosedEndsASession(t *testing.T) {
	w := newWorld(t)
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	defer out.Close()
	u := w.runs(&chatclient.Plain{Client: w.client("ada"), Out: out})
	if err := u.ends(); err == nil || !strings.Contains(err.Error(), "write the output") {
		t.Error(err)
	}
}

func TestALineThatIsTooLongIsNotSent(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.talker("ada"), w.talker("bob")
	ada.sees("*** bob joined\n")
	ada.types(strings.Repeat("x", 1<<20) + "\n" + strings.Repeat("y", 20_000) + "\n" + strings.Repeat("z", 5000) + "\nhello\n")
	ada.sees("*** that line is too long: it was not sent\n*** that was not sent: it is too long\n")
	bob.sees("ada: hello\n")
	if strings.Contains(bob.all(), "yy") || strings.Contains(bob.all(), "zz") {
		t.Errorf("%.100q", bob.all())
	}
}

func TestFollowShowsOneRoom(t *testing.T) {
	w := newWorld(t)
	bob := w.talker("bob")
	bob.types("/join #tea\n")
	bob.sees("*** you are in #tea as bob")
	f := w.runs(&chatclient.Plain{Client: w.client("eve"), Room: "#TEA", Only: true})
	f.sees("*** you are in #tea as eve, with 1 other")
	bob.types("one\n/msg eve psst\n/leave\ntwo\n/join #tea\nthree\n")
	f.sees("bob: three\n")
	if got := f.all(); !strings.HasPrefix(got, "*** you are in #tea") || strings.Contains(got, "psst") || strings.Contains(got, "two") || !strings.Contains(got, "\nbob: one\n") {
		t.Errorf("%q", got)
	}
	f.stop()
	if err := f.ends(); err != nil {
		t.Error(err)
	}
}

// The lobby is entered by the log-in.
func TestFollowShowsTheLobby(t *testing.T) {
	w := newWorld(t)
	bob := w.talker("bob")
	f := w.runs(&chatclient.Plain{Client: w.client("eve"), Room: "#lobby", Only: true})
	bob.sees("*** eve joined\n")
	bob.types("hello\n")
	f.sees("bob: hello\n")
	f.stop()
	if err := f.ends(); err != nil || strings.Contains(f.all(), "already") {
		t.Errorf("%v: %q", err, f.all())
	}
}

func TestFollowEndsIfTheRoomIsRefused(t *testing.T) {
	w := newWorld(t)
	f := w.runs(&chatclient.Plain{Client: w.client("eve"), Room: "#", Only: true})
	if err := f.ends(); err == nil {
		t.Error("no error")
	} else if _, ok := errors.AsType[client.Failure](err); !ok {
		t.Error(err)
	}
}

// a fake is a server that sends what it likes after a log-in, and then closes the connection.
func (f *fake) connect(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	f.running.Go(func() {
		defer far.Close()
		go func() { _, _ = io.Copy(io.Discard, far) }()
		_, _ = io.WriteString(far, `{"type":"welcome","v":1,"server":"x","limits":{}}`+"\n"+`{"type":"joined","cid":"login","room":"#lobby","name":"ada"}`+"\n"+f.objects)
		if f.open != nil {
			<-f.open
		}
	})
	return near, nil
}

type fake struct {
	objects string
	open    chan struct{} // the connection is closed when this is; nil: at once
	running sync.WaitGroup
}

// What a hostile server sends is not printed unless it is meant to be, and then it is
// harmless.
func TestAHostileServer(t *testing.T) {
	q, err := json.Marshal(nasty)
	if err != nil {
		t.Fatal(err)
	}
	text := string(q)
	long := strings.Repeat("l", 1<<20)
	goodbye := `{"type":"bye","code":"goodbye","text":"the end"}` + "\n"
	for what, objects := range map[string]string{
		"control characters":  `{"type":"message","room":"#lobby","from":` + text + `,"text":` + text + `}` + "\n" + `{"type":"notice","text":` + text + `}` + "\n" + goodbye,
		"a long line":         `{"type":"message","room":"#lobby","from":"bob","text":"` + long + `"}` + "\n" + goodbye,
		"lines without JSON":  "\x1b[31mno JSON\n\n" + goodbye,
		"broken JSON":         `{"type":"message","text":"\x1b` + "\n" + goodbye,
		"another type":        `{"type":"message","text":{"a":1}}` + "\n" + goodbye,
		"unknown types":       `{"type":` + text + `,"text":` + text + `}` + "\n" + `{"type":"event","what":` + text + `,"text":` + text + `}` + "\n" + goodbye,
		"no end of an object": `{"type":"message","text":"` + strings.Repeat("l", 9<<20),
		"a hidden question":   `{"type":"question","hidden":true,"text":` + text + `}` + "\n" + goodbye,
		"wrong answers":       `{"type":"rooms","list":"x"}` + "\n" + `{"type":"stats","server":` + text + `}` + "\n" + goodbye,
	} {
		t.Run(what, func(t *testing.T) {
			f := &fake{objects: objects}
			defer f.running.Wait()
			for _, forPrograms := range []bool{false, true} {
				o := client.Options{Address: "the server", Name: "ada", Connect: f.connect, Timeout: patience, Idle: patience, Objects: forPrograms}
				ctx, stop := context.WithCancel(t.Context())
				o.Wait = func(context.Context, time.Duration) error { // instead of a reconnect
					stop()
					<-ctx.Done()
					return ctx.Err()
				}
				c, err := client.Dial(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				var out bytes.Buffer
				if forPrograms {
					err = (&chatclient.Objects{Client: c, Out: &out, Tell: func(string) {}}).Run(ctx)
				} else {
					err = (&chatclient.Plain{Client: c, Out: &out}).Run(ctx)
				}
				stop()
				t.Logf("%.300q, %v", out.String(), err)
				for line := range strings.Lines(out.String()) {
					if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return unicode.IsControl(r) || r >= 0x2028 && r <= 0x202e }); i >= 0 {
						t.Errorf("%.300q", line)
					}
					if strings.HasPrefix(line, "*** d") || strings.Contains(line, "no JSON") || forPrograms && !json.Valid([]byte(line)) {
						t.Errorf("%.300q", line)
					}
				}
			}
		})
	}
}
