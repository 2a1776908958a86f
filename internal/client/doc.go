// Package client is a client for chatsrv's JSON protocol (docs/protocol.md).
//
// [Dial] connects and logs in. From then on a [Client] keeps itself connected: when
// the connection is lost it waits, connects again, and resumes its session with the
// place of the last event that it has of each room. If the session has ended, it
// logs in again, with the name that the user has by then. A connection is lost when a
// write fails, when the server is silent ([Options.Idle]), or when it does not answer
// after the machine has slept. [Client.Retry] cuts a wait short.
//
// Everything that happens arrives on one channel, in order: see [Client.Events]. A
// [Transcript] turns the events of a room into its messages.
//
// # Messages
//
// [Client.Post] puts a message into a queue and returns its CID. The message stays
// there until the server has acknowledged it ([Ack]), held it for a review ([Held]) or
// refused it ([Failure]), and is sent again with the same CID after each reconnect, so that it is stored once.
// The server recognizes the CIDs of an account, and those of a guest's session. If a
// guest's session has ended, it is unknown whether a message that was sent, but not
// acknowledged, is stored: it is not sent again, and reported as [Lost].
// So are private messages after a crash of the server, or if the session has ended,
// also that of an account: the server does not store their CIDs.
//
// # Slow readers
//
// At most [Options.Buffer] events wait for the user. If they are not received, the
// client stops reading from the connection; after a while the server leaves out
// events, which is a [Gap], or closes the connection. A client that was away for long
// gets a [Gap], too. With [Options.FillGaps] the client fetches the messages that are
// missing. Nothing else is lost.
package client
