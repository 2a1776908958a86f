package chatclient

import "github.com/sudoXpg/netloop/internal/client"

// inRoom returns the room that the client is in, as the server spells it, if an event says so
// in answer to the request to join with that CID.
func inRoom(e client.Event, joining string) (room string, ok bool) {
	var cid string
	var args map[string]any
	switch e := e.(type) {
	case client.Joined:
		return e.Room, e.CID == joining && joining != ""
	case client.Notice:
		if e.Code == "talking-in" { // a room of the account
			cid, args = e.CID, e.Args
		}
	case client.Failure:
		if e.Code == "in-room-already" {
			cid, args = e.CID, e.Args
		}
	}
	room, ok = args["room"].(string)
	return room, ok && cid == joining && joining != ""
}
