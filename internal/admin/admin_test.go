package admin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scratch returns a folder. t.TempDir is too long for sockets, and fails under Wine.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "admin")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// place returns a path to listen at.
func place(t *testing.T) string {
	t.Helper()
	path, err := Path(scratch(t))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// served returns the path of a server that runs until the test ends.
func served(t *testing.T, handle Handler) string {
	t.Helper()
	path := place(t)
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { Serve(l, handle) })
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return path
}

// parrot answers with its arguments.
func parrot(_ context.Context, r Request) (lines []string, code int) {
	return append(slices.Clone(r.Args), fmt.Sprint(r.HasSecret), r.Secret), len(r.Args)
}

// raw sends text and returns everything that comes back.
func raw(t *testing.T, path, text string) string {
	t.Helper()
	c, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, text)
	if u, ok := c.(*net.UnixConn); ok {
		_ = u.CloseWrite()
	}
	b := new(bytes.Buffer)
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		b.WriteString(line)
		if err != nil || strings.HasPrefix(line, "exit ") {
			return b.String()
		}
	}
}

func TestACommandIsAnswered(t *testing.T) {
	path := served(t, parrot)
	for range 3 {
		var out strings.Builder
		code, err := Call(path, Request{Args: []string{"useradd", "alice"}, Secret: "correct horse", HasSecret: true}, &out)
		if want := "useradd\nalice\ntrue\ncorrect horse\n"; code != 2 || err != nil || out.String() != want {
			t.Errorf("%d, %v, %q; want 2 and %q", code, err, out.String(), want)
		}
	}
}

func TestAnyTextCanBeSent(t *testing.T) {
	texts := []string{
		"", " ", "two words", `"quoted"`, "'", "`", `back\slash`, "line\nfeed", "\r\n", "\x00\x01\x1b[2J",
		"\xff\xfe not UTF-8", "exit 0", "= x", "пароль", "密码", "💥", "\u202e", "--flag", strings.Repeat("x", 10_000),
	}
	got := make(chan Request, 1)
	path := served(t, func(_ context.Context, r Request) ([]string, int) {
		got <- r
		return nil, 0
	})
	for i := range texts {
		for _, secret := range []bool{false, true} {
			want := Request{Args: append(slices.Clone(texts[i:]), texts[:i]...), HasSecret: secret}
			if secret {
				want.Secret = texts[i]
			}
			if code, err := Call(path, want, io.Discard); code != 0 || err != nil {
				t.Fatal(code, err)
			}
			if r := <-got; !slices.Equal(r.Args, want.Args) || r.Secret != want.Secret || r.HasSecret != want.HasSecret {
				t.Errorf("%q came as %q, %q", want.Args, r.Args, r.Secret)
			}
		}
	}
}

func TestControlCharactersInAnAnswerAreReplaced(t *testing.T) {
	path := served(t, func(context.Context, Request) ([]string, int) {
		return []string{"\x1b]0;title\x07\tname\u202e", "two\nlines", "été\xff", ""}, 0
	})
	var out strings.Builder
	if code, err := Call(path, Request{Args: []string{"who"}}, &out); code != 0 || err != nil {
		t.Error(code, err)
	}
	if want := "\ufffd]0;title\ufffd\tname\ufffd\ntwo\ufffdlines\nété\ufffd\n\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestLongAnswersArrive(t *testing.T) {
	const lines = 10_000
	path := served(t, func(context.Context, Request) (all []string, code int) {
		for i := range lines {
			all = append(all, fmt.Sprint("user", i))
		}
		return append(all, strings.Repeat("\x00", 1<<20)), 0
	})
	var out strings.Builder
	if code, err := Call(path, Request{Args: []string{"who"}}, &out); code != 0 || err != nil {
		t.Error(code, err)
	}
	got := strings.Split(out.String(), "\n")
	if len(got) != lines+2 || got[lines-1] != fmt.Sprint("user", lines-1) || !strings.HasSuffix(got[lines], " …") {
		t.Errorf("%d lines, the last %.20q", len(got), got[len(got)-1])
	}
}

func TestTheClientRefusesCommandsThatAreTooLong(t *testing.T) {
	path := served(t, parrot)
	for name, r := range map[string]Request{
		"no command":                           {},
		"a long argument":                      {Args: []string{strings.Repeat("x", MaxLine)}},
		"an argument that is long when quoted": {Args: []string{strings.Repeat("\x00", MaxLine/2)}},
		"many arguments":                       {Args: make([]string, MaxArgs+1)},
		"a long secret":                        {Args: []string{"passwd"}, Secret: strings.Repeat("x", MaxLine), HasSecret: true},
	} {
		if code, err := Call(path, r, io.Discard); code != 1 || !errors.Is(err, errTooLong) && !errors.Is(err, errNoArgs) {
			t.Errorf("%s: %d, %v", name, code, err)
		}
	}
}

// A client that breaks the protocol is told so, and the server continues.
func TestTheServerRefusesMalformedCommands(t *testing.T) {
	path := served(t, parrot)
	for _, text := range []string{
		"hello\n", "\n", "GET / HTTP/1.1\r\n\r\n", "chatsrv/2 \"who\"\ngo\n", "chatsrv/1\ngo\n",
		"chatsrv/1 who\ngo\n", "chatsrv/1 \"who\ngo\n", "chatsrv/1  \"who\"\ngo\n", "chatsrv/1 \"who\"x\ngo\n",
		"chatsrv/1 `who`\ngo\n", "chatsrv/1 'w'\ngo\n", "chatsrv/1 \"\\q\"\ngo\n", "chatsrv/1 \"who\"\nstop\n",
		"chatsrv/1 \"who\"\nsecret\n", "chatsrv/1 \"who\"\nsecret \"a\" \"b\"\n", "chatsrv/1 \"who\"\nsecret a\n",
		"chatsrv/1" + strings.Repeat(` "x"`, MaxArgs+1) + "\ngo\n",
		strings.Repeat("x", MaxLine) + "\n", strings.Repeat("x", 10*MaxLine),
		"chatsrv/1 \"who\"\nsecret \"" + strings.Repeat("x", 10*MaxLine),
	} {
		if got := raw(t, path, text); !strings.HasPrefix(got, "= \"") || !strings.HasSuffix(got, "\nexit 2\n") {
			t.Errorf("%.60q was answered %q", text, got)
		}
	}
	if code, err := Call(path, Request{Args: []string{"who"}}, io.Discard); code != 1 || err != nil {
		t.Errorf("then a command: %d, %v", code, err)
	}
}

func TestHalfACommandIsNotCarriedOut(t *testing.T) {
	path := served(t, func(context.Context, Request) ([]string, int) {
		t.Error("it was carried out")
		return nil, 0
	})
	for _, text := range []string{"", "chatsrv/1 \"drop\"", "chatsrv/1 \"drop\"\n", "chatsrv/1 \"drop\"\ngo", "chatsrv/1 \"drop\"\nsecret \"x\""} {
		c, err := Dial(path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, text)
		c.Close()
	}
}

func TestACommandIsCancelledWhenItsClientHangsUp(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	path := served(t, func(ctx context.Context, _ Request) ([]string, int) {
		close(begun)
		<-ctx.Done()
		close(ended)
		return []string{"nobody reads this"}, 0
	})
	c, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, "chatsrv/1 \"wait\"\ngo\n")
	<-begun
	c.Close()
	<-ended
}

func TestAServerThatStopsEndsItsCommands(t *testing.T) {
	path := place(t)
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	begun, done := make(chan struct{}, MaxConns), make(chan struct{})
	go func() {
		Serve(l, func(ctx context.Context, _ Request) ([]string, int) {
			begun <- struct{}{}
			<-ctx.Done()
			return []string{"the end"}, 7
		})
		close(done)
	}()
	var wg sync.WaitGroup
	for range MaxConns {
		wg.Go(func() {
			var out strings.Builder
			if code, err := Call(path, Request{Args: []string{"wait"}}, &out); code != 7 || err != nil || out.String() != "the end\n" {
				t.Errorf("%d, %v, %q", code, err, out.String())
			}
		})
	}
	for range MaxConns {
		<-begun
	}
	// One too many.
	var out strings.Builder
	if code, err := Call(path, Request{Args: []string{"wait"}}, &out); code != 1 || err != nil || !strings.Contains(out.String(), "try again") {
		t.Errorf("one too many: %d, %v, %q", code, err, out.String())
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	<-done
	if _, err := Call(path, Request{Args: []string{"who"}}, io.Discard); err == nil || !strings.Contains(err.Error(), "no chatsrv is running") {
		t.Errorf("then: %v", err)
	}
}

func TestEveryRefusalNamesTheWayOut(t *testing.T) {
	path := place(t)
	_, err := Call(path, Request{Args: []string{"who"}}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "start it") {
		t.Errorf("nobody listens: %v", err)
	}
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "another chatsrv") {
		t.Errorf("somebody listens: %v", err)
	}
}

func TestATruncatedAnswerIsAnError(t *testing.T) {
	for _, text := range []string{"", "= \"x\"\n", "= \"x\"\nexit", "exit x\n", "= x\n", "hello\n", "= \"a\" \"b\"\n", strings.Repeat("x", 2*MaxLine)} {
		client, server := net.Pipe()
		go func() {
			_, _ = io.WriteString(server, text)
			server.Close()
		}()
		if code, err := readAnswer(client, io.Discard); err == nil {
			t.Errorf("%.20q is exit code %d", text, code)
		}
		client.Close()
	}
}

func TestARequestDoesNotShowItsSecret(t *testing.T) {
	r := Request{Args: []string{"passwd", "alice bob"}, Secret: "correct horse", HasSecret: true}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(format, r); strings.Contains(s, "horse") || !strings.Contains(s, `"alice bob"`) {
			t.Errorf("%s shows %s", format, s)
		}
	}
}

func TestAFolderHasOnePipeHoweverItsPathIsWritten(t *testing.T) {
	a, b, c := pipe(`C:\ProgramData\chatsrv`), pipe(`c:\programdata\ChatSrv`), pipe(`D:\chatsrv`)
	if a != b || a == c || !strings.HasPrefix(a, `\\.\pipe\chatsrv-`) {
		t.Error(a, b, c)
	}
}

func TestASocketIsInTheDataFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no sockets, but pipes")
	}
	for folder, want := range map[string]string{"/srv/chat": "/srv/chat/admin.sock", "/srv/chat/../x/": "/srv/x/admin.sock"} {
		if path, err := Path(folder); path != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", folder, path, err, want)
		}
	}
}

// A client that sends nothing, or stops in the middle, is disconnected.
func TestASilentClientIsDisconnected(t *testing.T) {
	for _, text := range []string{"", "chatsrv/1 \"wh", "chatsrv/1 \"who\"\n"} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			go serve(t.Context(), server, parrot)
			start := time.Now()
			_, _ = io.WriteString(client, text)
			if b, err := io.ReadAll(client); len(b) > 0 || err != nil {
				t.Errorf("%q was answered %q, %v", text, b, err)
			}
			if d := time.Since(start); d != requestPatience {
				t.Errorf("%q: hung up after %v, want %v", text, d, requestPatience)
			}
			client.Close()
		})
	}
}

// So is a client that does not read its answer.
func TestAClientThatDoesNotReadIsDisconnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		done := make(chan time.Time)
		go func() {
			serve(t.Context(), server, parrot)
			done <- time.Now()
		}()
		start := time.Now()
		_, _ = io.WriteString(client, "chatsrv/1 \"who\"\ngo\n")
		if d := (<-done).Sub(start); d != requestPatience {
			t.Errorf("after %v, want %v", d, requestPatience)
		}
		client.Close()
	})
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte("chatsrv/1 \"passwd\" \"alice\"\nsecret \"x\"\n"))
	f.Add([]byte("chatsrv/1 \"who\"\ngo\n"))
	f.Add([]byte("chatsrv/1 `who`\ngo\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		req, err := readRequest(bufio.NewReaderSize(bytes.NewReader(text), MaxLine))
		if err != nil {
			return
		}
		again, err := req.encode()
		if errors.Is(err, errTooLong) {
			return // if it is quoted in our form
		}
		if err != nil {
			t.Fatal(err)
		}
		back, err := readRequest(bufio.NewReaderSize(bytes.NewReader(again), MaxLine))
		if err != nil || !slices.Equal(back.Args, req.Args) || back.Secret != req.Secret || back.HasSecret != req.HasSecret {
			t.Fatalf("%q became %q, %v", text, again, err)
		}
	})
}
