package server_test

import (
	"strings"
	"testing"
)

// A line that a user sends in the turn in which they are banned is read before the
// ban or after it. In neither case is it later sent to a slow reader, or in private.
func TestALineSentDuringABanIsNotDeliveredAfterIt(t *testing.T) {
	const long = "a line that is long enough to fill the buffers of a socket, or nearly so, if there are two of them"
	for name, c := range map[string]struct {
		banner, banned int
		room           string
	}{
		"everywhere":                                    {0, 1, "#lobby"},
		"from a room, and connected first":              {2, 1, "#a"},
		"from a room, and connected after the operator": {1, 2, "#a"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newConversation(t)
			f.begin()
			for _, i := range []int{1, 2, 3} {
				f.perform(string(rune('0'+i)) + " " + []string{"", "ann", "bob", "eve"}[i])
			}
			operator := string(rune('0' + c.banner))
			if c.banner > 0 {
				for _, line := range []string{"/register", goodPassword, goodPassword} {
					f.perform(operator + " " + line)
				}
			}
			f.perform(operator + " /join " + c.room)
			f.perform(string(rune('0'+c.banned)) + " /join " + c.room)
			f.perform("3 /join " + c.room)
			f.perform("3 !stall")
			f.perform(operator + " " + long)
			f.perform(operator + " " + long)
			victim := f.clients[c.banned]
			lines := map[int]string{c.banner: "/ban " + victim.conn.who.name, c.banned: "late\r\n/msg eve late"}
			for i, line := range lines {
				if _, err := f.clients[i].c.Write([]byte(line + "\r\n")); err != nil {
					t.Fatal(err)
				}
			}
			f.turn()
			for f.writer.Step() {
				f.turn()
			}
			f.clients[3].wake()
			f.turn()
			got := f.network.sent[f.clients[3].c.LocalAddr().String()].String()
			if c.room == "#lobby" && strings.Contains(got, "-> you] late") { // the moderator is read first
				t.Errorf("in private: %q", got)
			}
			if strings.Contains(got, "bob: late") || strings.Contains(got, "ann: late") || !strings.Contains(got, "left (banned)") {
				t.Errorf("%q", got)
			}
		})
	}
}
