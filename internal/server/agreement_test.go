package server_test

import (
	"strings"
	"testing"
)

// Conversations in which the server and the model did not agree. Each line is what
// a person types, by number; 0 is the moderator zoe, and 2 and 3 come from one
// address. After a ! it is something else that happens.
var agreements = map[string]string{
	"somebody reads late what is said in two rooms": `
		1 ann
		2 bob
		1 /join #a
		1 !stall
		2 /join #a
		2 a line that is long enough to fill the buffers of a socket, or nearly so, if there are two of them
		2 and another one
		2 /join #lobby
		0 a line that comes later
		2 /msg ann are you there
		1 !wake`,
	"a ban also withholds what was said before the banned came back": `
		1 carl
		1 !stall
		2 eve
		2 a line that is long enough to fill the buffers of a socket, or nearly so, if there are two of them
		2 another line that is long enough to fill the buffers of a socket, or nearly so, if there are two of them
		2 a line that nobody sees
		2 !reset
		2 eve
		2 a line that nobody sees, either
		0 /ban eve
		3 bob
		1 !wake
		4 ann`,
	"after a crash newcomers see nothing of the banned": `
		1 ann
		1 a line
		0 /ban ann
		!crash
		2 bob`,
	"after a restart a room's mutes hold": `
		1 ann
		1 /register
		1 secret-1
		1 secret-1
		1 /join #a
		2 bob
		2 /join #a
		1 /mute bob
		!restart
		4 bob
		4 /join #a
		4 not said`,
	"after a restart a room shows nothing of an earlier one of that name": `
		1 ann
		1 /join #a
		1 a line of the first room
		1 /join #A
		1 /leave #a
		2 bob
		2 /register
		2 secret-1
		2 secret-1
		2 /join #a
		!restart
		3 eve
		3 /join #a
		3 a line of the second`,
	"a ban reaches what a slow reader has not read of a room that it sees in another way now": `
		1 carl
		2 eve
		1 !stall
		2 a line that is long enough to fill the buffers of a socket, or nearly so, if there are two of them
		2 another line that is long enough to fill the buffers of a socket, or nearly so, if there are two of them
		2 a line that nobody sees
		1 /join #a
		0 /ban eve
		1 !wake`,
	"what somebody is told comes after what was published before, also if it leaves then": `
		2 ann
		3 bob
		0 /ban ann`,
	"who is banned by address can't register": `
		2 eve
		0 /ban eve 1m spam
		2 /register bob`,
	"a mute stays with who changes his name, not with who takes it": `
		1 ann
		0 /mute ann
		1 /nick bob
		2 ann
		1 not said
		2 not said, either
		0 /unmute ann
		1 said
		1 /msg zoe hello
		2 said, too`,
	"who is ignored is not seen, whatever he does": `
		1 ann
		1 /ignore zoe
		1 /ignore eve
		2 /login zoe
		2 secret-1
		2 a line
		3 bob
		3 /nick eve
		3 not seen
		3 /join #a
		3 /leave #lobby
		3 /nick bob
		3 /join #lobby
		3 seen
		1 /unignore eve
		3 /nick eve
		3 seen, too`,
	"what is taken back by name is gone, also what was said before the name was registered": `
		1 eve
		1 as a guest
		1 /register
		1 secret-1
		1 secret-1
		1 as a user
		0 /redact eve
		2 /history
		2 bob
		2 /history
		!restart
		1 eve
		1 secret-1
		1 /history`,
	"a ban from a room holds however the room is written": `
		1 ann
		1 /register
		1 secret-1
		1 secret-1
		1 /join #a
		1 /ban bob
		2 bob
		2 /join #A`,
	"what is over can't be lifted": `
		0 /ban bob 1m
		!wait
		!wait
		0 /unban bob`,
	"who registers goes on ignoring": `
		1 ann
		1 /ignore bob
		1 /register
		1 secret-1
		1 secret-1
		2 bob
		2 not seen by ann`,
	"mail of the banned waits until the ban is over": `
		1 ann
		1 /register
		1 secret-1
		1 secret-1
		1 /quit
		2 bob
		2 /msg ann hello
		0 /ban bob
		1 ann
		1 secret-1
		1 /quit
		0 /unban bob
		1 ann
		1 secret-1`,
	"who is in no room is told that the server stops": `
		1 ann
		1 /register
		1 secret-1
		1 secret-1
		1 /join #a
		1 /leave #lobby
		1 /logout
		!restart`,
	"two people can log out": `
		4 ann
		4 /register
		4 secret-1
		4 secret-1
		0 /logout
		4 /logout`,
	"who leaves a room talks in the one where he has been longest": `
		1 ann
		1 /join #b
		1 /leave #lobby
		1 /join #lobby
		1 /join #a
		1 /leave #a`,
	"a name that is banned can't be taken": `
		1 ann
		0 /ban bob 1m
		1 /nick bob
		1 /register bob`,
}

func TestTheServerAgreesWithTheModel(t *testing.T) {
	for name, script := range agreements {
		t.Run(name, func(t *testing.T) {
			c := newConversation(t)
			c.begin()
			for line := range strings.Lines(strings.TrimSpace(script)) {
				c.perform(strings.TrimSpace(line))
			}
			c.end()
		})
	}
}

// perform does what a line of a script says.
func (c *conversation) perform(line string) {
	c.t.Log(line)
	who, what, _ := strings.Cut(line, " ")
	switch who {
	case "!restart":
		c.ends()
		return
	case "!wait":
		c.waits()
		return
	case "!crash":
		c.dies()
		return
	}
	i := int(who[0] - '0')
	if c.clients[i] == nil {
		c.connects(i)
	}
	switch p := c.clients[i]; what {
	case "!stall":
		p.stall()
	case "!wake":
		p.wake()
	case "!reset":
		c.resets(i)
	default:
		c.sends(i, what)
	}
	c.settle(true)
}
