package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/server"
)

// The three formats share rooms, history, commands, refusals and what a slow reader is
// told. See third_test.go for what the third one takes.
func TestAnotherFormatIsSpokenBesideTelnet(t *testing.T) {
	f := start(t, func(o *server.Options) { o.SniffWindow, o.MaxClients = 150*time.Millisecond, 3 })
	f.srv.SpeakPipes()
	ann := f.join("ann")
	bob := f.dial()
	bob.sends("|bob\n")
	bob.sees("!|you are in #lobby as bob, with 1 other; /help lists the commands\n3|#lobby|bob|\n")
	ann.sees("*** bob joined\r\n")
	bob.sends("|hello\n|/me waves\n")
	ann.sees("bob: hello\r\n* bob waves\r\n")
	bob.sees("1|#lobby|bob|hello\n2|#lobby|bob|waves\n") // authors are shown what they do
	ann.sends("hello bob\r\n/msg bob psst\r\n")
	bob.sees("1|#lobby|ann|hello bob\n8||ann|psst\n")
	ann.sees("[you -> bob] psst\r\n")

	eve := f.dial()
	eve.sends("|eve\n")
	eve.sees("-1|#lobby|bob|hello\n-2|#lobby|bob|waves\n-1|#lobby|ann|hello bob\n" +
		"!|you are in #lobby as eve, with 2 others; /help lists the commands\n3|#lobby|eve|\n")
	bob.sees("3|#lobby|eve|\n")
	bob.sends("|/nosuch\n")
	if got := bob.reads(); !strings.Contains(got, "7||") {
		t.Errorf("no refusal: %q", got)
	}

	late := f.dial() // there is no room for more
	late.sends("|late\n")
	late.sees("!|the server is full: try again later\n")
	late.isClosed()
	later := f.dial()
	later.sends("late\r\n")
	later.sees("*** the server is full: try again later\r\n")
	later.isClosed()
}
