// Package server connects the event loop to the chat: listeners, limits, one
// session for each connection, shutdown, and the log.
//
// A line's way: Loop → session.Received → telnet.Decoder → text.Parse →
// chat.Hub.Run → chat.Room → roomFeed.Publish → eventloop.Topic → every Conn. All of
// it happens on the loop that read the line, without a queue in between.
//
// A session belongs to its connection's loop, and everything it calls with it.
// What sessions share is the Hub and the admission table, each behind a mutex.
package server
