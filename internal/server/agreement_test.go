package server_test

import (
	"strings"
	"testing"
)

// Conversations in which the server and the model did not agree. Each line is what
// a person types, with the person's number in front; 0 is the moderator zoe, and 2
// and 3 share an address. A ! begins an event that is not typed.
var agreements = map[string]string{
	"a client reads the lines of two rooms late": `
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
	"a ban also withholds messages from before the banned user came back": `
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
	"after a crash new members see no messages of a banned user": `
		1 ann
		1 a line
		0 /ban ann
		!crash
		2 bob`,
	"a name that is banned from one of a user's rooms can't be taken": `
		3 eve
		3 /register
		3 secret-1
		3 secret-1
		1 ann
		1 /join #b
		1 /ban eve
		1 /ban zed
		2 bob
		2 /join #b
		2 /login eve
		2 secret-1
		1 /nick zed
		1 a line of ann
		4 carol
		4 /join #b`,
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
	"after a restart a room shows no messages of an earlier room with its name": `
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
	"a ban withholds unread lines of a room that the slow reader has changed the format of": `
		1 carl
		2 eve
		1 !stall
		2 a line that is long enough to fill the buffers of a socket, or nearly so, if there are two of them
		2 another line that is long enough to fill the buffers of a socket, or nearly so, if there are two of them
		2 a line that nobody sees
		1 /join #a
		0 /ban eve
		1 !wake`,
	"a reply comes after what was published before, even if the client then leaves": `
		2 ann
		3 bob
		0 /ban ann`,
	"a user who is banned by address can't register": `
		2 eve
		0 /ban eve 1m spam
		2 /register bob`,
	"a muted user keeps their name, and may only write to staff": `
		1 ann
		2 bob
		0 /mute ann
		1 /nick eve
		1 not said
		1 /msg bob not said
		1 /msg zoe let me speak
		1 /join #a
		1 /register eve
		1 /quit not said
		1 ann
		1 not said
		0 /unmute ann
		1 said
		1 /nick eve
		1 /quit bye`,
	"an ignored user is not seen, whatever they do": `
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
	"deleting messages by name includes those from before the name was registered": `
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
	"a ban from a room applies however the room's name is spelt": `
		1 ann
		1 /register
		1 secret-1
		1 secret-1
		1 /join #a
		1 /ban bob
		2 bob
		2 /join #A`,
	"users can delete their own messages, and no others": `
		1 ann
		1 as a guest
		2 bob
		2 a line of bob
		1 /redact 5
		1 /redact 7
		2 /history
		1 /register
		1 secret-1
		1 secret-1
		1 as a user
		1 /history
		3 ann
		3 secret-1
		3 /redact 12
		2 /history
		1 /redact bob`,
	"a deleted room leaves nothing to a new room with its name": `
		1 ann
		1 /register
		1 secret-1
		1 secret-1
		1 /join #a
		1 /ban bob
		2 eve
		2 /join #a
		2 /leave #lobby
		1 a line of the first room
		2 /room delete #a
		1 /room delete #a
		1 in the lobby
		3 bob
		3 /join #a
		3 /history
		!restart
		3 bob
		3 /join #a
		3 in another room`,
	"deleting a room leaves a user who was kicked from the lobby in no room": `
		0 /join #a
		0 /join #lobby
		1 bob
		1 /join #a
		0 /kick bob
		0 /room delete #a
		1 said nowhere
		1 /join #lobby
		1 /room delete #a
		1 /history
		1 /join #b
		1 said`,
	"a ban or mute that has ended can't be lifted": `
		0 /ban bob 1m
		!wait
		!wait
		0 /unban bob`,
	"a user who registers keeps ignoring": `
		1 ann
		1 /ignore bob
		1 /register
		1 secret-1
		1 secret-1
		2 bob
		2 not seen by ann`,
	"mail of a banned user waits until the ban ends": `
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
	"a user in no room is told that the server stops": `
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
	"a user who leaves a room talks in the one where they have been longest": `
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

// perform performs a line of a script.
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
