//go:build e2e && linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A terminal runs a program in tmux, which shows what a person would see.
type terminal struct {
	t      *testing.T
	ctx    context.Context
	socket string
	output chan struct{} // something was written
}

// newTerminal runs a command, and then shows its exit code.
func newTerminal(t *testing.T, width, height int, env []string, words ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed: no other terminal can be read by the test")
	}
	dir := folder(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	term := &terminal{t: t, ctx: ctx, socket: filepath.Join(dir, "s"), output: make(chan struct{}, 1)}
	pipe := filepath.Join(dir, "out")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("tmux", "-S", term.socket, "kill-server").Run()
		cancel()
	})
	for n, w := range words {
		words[n] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	// The program starts when everything that it writes can be seen.
	line := "read -r go; clear; " + strings.Join(env, " ") + " " + strings.Join(words, " ") + `; echo "exit code $?"; exec cat`
	term.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "sh", "-c", line)
	term.tmux("set", "-g", "status", "off")
	term.tmux("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height))
	term.tmux("pipe-pane", "-O", "exec cat > '"+pipe+"'")
	f, err := os.OpenFile(pipe, os.O_RDWR, 0) // which does not wait for a writer
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for buf := make([]byte, 4096); ; {
			if _, err := f.Read(buf); err != nil {
				return
			}
			select {
			case term.output <- struct{}{}:
			default:
			}
		}
	}()
	t.Cleanup(func() {
		_ = f.Close()
		<-read
	})
	term.presses("Enter")
	return term
}

// tmux runs a command of tmux, and returns its output.
func (term *terminal) tmux(words ...string) string {
	term.t.Helper()
	cmd := exec.CommandContext(term.ctx, "tmux", append([]string{"-S", term.socket}, words...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TMUX=")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		term.t.Fatalf("tmux %q: %v: %s", words, err, said.String())
	}
	return string(out)
}

// types types a text, and presses presses keys by their names in tmux.
func (term *terminal) types(text string) { term.t.Helper(); term.tmux("send-keys", "-l", text) }

func (term *terminal) presses(keys ...string) {
	term.t.Helper()
	term.tmux(append([]string{"send-keys"}, keys...)...)
}

// screen returns what is on the screen.
func (term *terminal) screen() string { term.t.Helper(); return term.tmux("capture-pane", "-p") }

// until waits until the screen is as ok wants it.
func (term *terminal) until(what string, ok func(screen string) bool) {
	term.t.Helper()
	for {
		screen := term.screen()
		if ok(screen) {
			return
		}
		select {
		case <-term.output:
		case <-term.ctx.Done():
			term.t.Fatalf("the screen does not show %s:\n%s", what, screen)
		}
	}
}

// shows waits until all texts are on the screen.
func (term *terminal) shows(want ...string) {
	term.t.Helper()
	term.until(fmt.Sprintf("%q", want), func(screen string) bool {
		return !slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(screen, w) })
	})
}

// hides waits until a text is not on the screen.
func (term *terminal) hides(text string) {
	term.t.Helper()
	term.until("no "+text, func(screen string) bool { return !strings.Contains(screen, text) })
}

// chatEnv is the environment of a client with its own configuration.
func chatEnv(t *testing.T) []string {
	t.Helper()
	return []string{"XDG_CONFIG_HOME='" + folder(t) + "'", "LC_ALL=C.UTF-8", "TZ=UTC", "NO_PROXY='*'"}
}

// A person chats on the screen with another on telnet. The server is killed and started again:
// the client resumes, and what was typed meanwhile is sent once.
func TestChatOnAScreen(t *testing.T) {
	program := chatClient().at(t)
	port := freePort(t)
	flags := []string{"--bind", "127.0.0.1", "--port", port, "--data", folder(t)}
	s := start(t, flags...)
	term := newTerminal(t, 80, 24, chatEnv(t), program, "alice@127.0.0.1:"+port)
	term.shows("#lobby", "alice", "1 person")
	bob := gather(t, s, "bob")[0]
	term.shows("bob joined")
	succeed(t, bob.send("hello, 世界 🍵\r\n"))
	term.shows("bob: hello, 世界 🍵")
	term.types("hi bob")
	term.presses("Enter")
	_, err := bob.until("alice: hi bob\r\n")
	succeed(t, err)
	term.shows("alice: hi bob")

	term.tmux("resize-window", "-x", "40", "-y", "10")
	term.until("its rows", func(screen string) bool {
		rows := strings.Split(strings.TrimRight(screen, "\n"), "\n")
		return len(rows) <= 10 && strings.HasPrefix(rows[0], " #lobby") && strings.Contains(screen, "hi bob")
	})
	term.tmux("resize-window", "-x", "100", "-y", "30")
	term.shows("hello, 世界 🍵", "hi bob")

	succeed(t, s.cmd.Process.Kill())
	<-s.done
	term.shows("No connection")
	term.types("said without a connection")
	term.presses("Enter")
	term.shows("(Waiting for the connection)")
	again := start(t, flags...)
	term.presses("Enter")
	term.until("the message, once", func(screen string) bool {
		return strings.Count(screen, "said without a connection") == 1 && !strings.Contains(screen, "Waiting") && !strings.Contains(screen, "No connection")
	})
	eve := gather(t, again, "eve")[0]
	succeed(t, eve.send("/history\r\n"))
	past, err := eve.until("*** --- end")
	if err != nil || strings.Count(past, "alice: said without a connection\r\n") != 1 {
		t.Errorf("it is not there once: %q, %v", past, err)
	}
	term.presses("C-k")
	term.types("lobb")
	term.presses("Enter", "F1")
	term.until("the keys, and nothing else", func(screen string) bool {
		return strings.HasPrefix(screen, " #lobby") && strings.Contains(screen, "\n Keys") && strings.Contains(screen, "Ctrl-K") && !strings.Contains(screen, "│")
	})
	term.presses("Escape") // alone: with the next key, it would be Alt
	term.hides("Ctrl-K")
	term.presses("C-c")
	term.shows("exit code 0")
	leave(t, []*person{eve})
	again.stops(t)
}

// Two chat windows, a browser and a user of telnet talk while the server is killed twice. Only the
// user of telnet has to connect again, and all see the same messages in the same order.
func TestFourClientsAgree(t *testing.T) {
	terms := make(map[string]*terminal)
	name := regexp.MustCompile(`said-\d+\.`)
	browseWith(t, "chromium", []string{"four.mjs"}, func(port, line string) {
		who, what, _ := strings.Cut(line, " ")
		switch who {
		case "alice", "carol":
			if terms[who] == nil {
				terms[who] = newTerminal(t, 100, 50, chatEnv(t), chatClient().at(t), who+"@127.0.0.1:"+port)
				terms[who].shows("#lobby", who+" joined")
				return
			}
			terms[who].types(what)
			terms[who].presses("Enter")
		case "order":
			want := strings.Fields(what)
			for who, term := range terms {
				term.until("all messages", func(screen string) bool {
					return len(name.FindAllString(screen, -1)) >= len(want) && !strings.Contains(screen, "Waiting")
				})
				if got := name.FindAllString(term.screen(), -1); !slices.Equal(got, want) {
					t.Errorf("%s sees %q, and the browser %q", who, got, want)
				}
			}
		default:
			t.Errorf("the script says %q", line)
		}
	})
}

// E2E_PICTURES names a folder for a picture of the screen, too. aha and chromium make it.
func TestChatInAPicture(t *testing.T) {
	to := os.Getenv("E2E_PICTURES")
	if to == "" {
		t.Skip("E2E_PICTURES is not set: no picture is wanted")
	}
	aha, browser := find(t, "aha"), find(t, "chromium")
	port := freePort(t)
	s := start(t, "--bind", "127.0.0.1", "--port", port, "--data", folder(t), "--name", "Tea House")
	bob := guest(t, s, "bob")
	succeed(t, bob.send("/join #garden\r\n/join #tea\r\n/topic Tea, biscuits, and what goes with them\r\n"))
	term := newTerminal(t, 112, 18, chatEnv(t), chatClient().at(t), "alice@127.0.0.1:"+port+"/#tea")
	term.shows("#tea", "alice joined")
	carol := guest(t, s, "carol")
	succeed(t, carol.send("/join #tea\r\n"))
	term.shows("carol joined")
	say := func(p *person, text string) {
		succeed(t, p.send(text+"\r\n"))
		term.shows(text)
	}
	say(bob, "Is anybody for a cup?")
	say(carol, "Yes, please!")
	term.types("Two more minutes: https://example.org/how-to-brew")
	term.presses("Enter")
	term.shows("alice: Two more")
	say(bob, "alice: shall I bring the biscuits?")
	say(carol, "I have Lebkuchen from Nürnberg, if you like.")
	succeed(t, bob.send("/me puts the kettle on\r\n/msg alice Don't tell carol about the cake.\r\n/join #lobby\r\n"), bob.send("hello, lobby\r\n"))
	term.shows("kettle", "@bob", "!1")
	term.types("Both! And some cake")
	term.shows("Both!")
	html := filepath.Join(to, "chat.html")
	cmd := exec.CommandContext(term.ctx, aha, "--black", "--title", "chat")
	cmd.Stdin = strings.NewReader(term.tmux("capture-pane", "-e", "-p"))
	page, err := cmd.Output()
	succeed(t, err)
	writeFile(t, html, strings.Replace(string(page), "<pre>", `<pre style="font: 15px/18px 'DejaVu Sans Mono', monospace; margin: 8px">`, 1))
	out, err := exec.CommandContext(term.ctx, browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1030,345", "--screenshot="+filepath.Join(to, "chat.png"), "file://"+html).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// However the program ends, the terminal is as before.
func TestTheTerminalIsRestored(t *testing.T) {
	program := chatClient().at(t)
	port := freePort(t)
	s := start(t, "--bind", "127.0.0.1", "--port", port, "--data", folder(t))
	for name, kill := range map[string]string{"hangup": "HUP", "end": "TERM", "interrupt": "INT", "hangup that is ignored": "HUP"} {
		t.Run(name, func(t *testing.T) {
			script := `stty -a >"$1/before"; echo $$ >"$1/pid"; exec "$0" "alice@127.0.0.1:$2"`
			if strings.Contains(name, "ignored") {
				script = "trap '' HUP; " + script
			}
			dir := folder(t)
			term := newTerminal(t, 80, 24, chatEnv(t), "sh", "-c", script, program, dir, port)
			term.shows("#lobby>", "1 person")
			if on := term.tmux("display-message", "-p", "#{alternate_on}#{mouse_any_flag}"); on != "11\n" {
				t.Errorf("on the screen: %q", on)
			}
			pid, err := os.ReadFile(filepath.Join(dir, "pid"))
			succeed(t, err)
			succeed(t, exec.CommandContext(term.ctx, "kill", "-"+kill, strings.TrimSpace(string(pid))).Run())
			term.shows("exit code 0")
			if on := term.tmux("display-message", "-p", "#{alternate_on}#{mouse_any_flag}"); on != "00\n" {
				t.Errorf("afterwards: %q", on)
			}
			tty := strings.TrimSpace(term.tmux("display-message", "-p", "#{pane_tty}"))
			before, err := os.ReadFile(filepath.Join(dir, "before"))
			succeed(t, err)
			after, err := exec.CommandContext(term.ctx, "stty", "-a", "-F", tty).Output()
			succeed(t, err)
			if string(before) != string(after) {
				t.Errorf("before: %s\nafter: %s", before, after)
			}
		})
	}
	s.stops(t)
}

// Ctrl-Z stops the program, and fg brings the screen back.
func TestCtrlZStopsTheScreen(t *testing.T) {
	program := chatClient().at(t)
	port := freePort(t)
	s := start(t, "--bind", "127.0.0.1", "--port", port, "--data", folder(t))
	term := newTerminal(t, 80, 24, chatEnv(t), "bash", "--norc", "-i", "-c", `set -m; "$0" "alice@127.0.0.1:$1"; stty -a | grep -q -- "-icanon" || echo it is stopped; read -r; fg; echo it has ended`, program, port)
	term.shows("#lobby>", "1 person")
	term.types("half a")
	term.shows("half a")
	term.presses("C-z")
	term.shows("it is stopped")
	term.presses("Enter")
	term.shows("#lobby> half a")
	term.types(" sentence")
	term.shows("#lobby> half a sentence")
	term.presses("C-c")
	term.shows("it has ended")
	s.stops(t)
}
