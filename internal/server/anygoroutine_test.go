package server_test

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/internal/chat"
	"github.com/sudoXpg/netloop/internal/server"
)

// Others ask for a member's address on their goroutines, while the member's loop gives it the
// memory that few sessions need. The race detector sees whether both may.
func TestAKickAsksForAnAddressThatIsInUse(t *testing.T) {
	srv, err := server.New(server.Options{
		Loop: eventloop.Options{Open: netloop.Backends()[0].Open}, Name: "test",
		Chat: chat.Options{Epoch: 1, KickTime: 1}, Limits: server.Limits{MaxLine: 1000, LoginTimeout: time.Minute, Grace: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := srv.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- srv.Run() }()
	for i := range 20 {
		name := "bob" + strconv.Itoa(i)
		c, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(name + "\r\n/join #a\r\n/join #b\r\n")); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(patience); ; {
			answer, _ := srv.Operate("operator", "in lobby kick "+name, nil)
			if strings.Contains(answer, "was kicked") {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s is not there: %q", name, answer)
			}
		}
		_ = c.Close()
	}
	srv.Shutdown("test")
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
}
