// Package e2e holds conversations, and the end-to-end tests: those conversations
// with the real server, over every transport and on every backend of the
// platform, and a room full of real clients. These need the build tag e2e;
// `make e2e` runs them. The tests of package server hold the same conversations
// in the simulated world (see [World]).
//
// A conversation is a section of a txtar file in testdata, named by the
// sentence that it proves:
//
//	-- A name is taken in upper and lower case. --
//	alice joins; bob connects
//	bob sees     the greeting
//	bob> ALICE
//	bob sees     *** that name is taken
//
// One statement a line, or several between semicolons. Participants are created
// by joining or connecting.
//
//	alice joins                 connects, gives a name, and reads everything until the
//	                            join; everybody in the room sees it
//	alice connects              only that
//	alice> TEXT                 sends a line that ends in CR LF
//	alice> "RAW"                sends these bytes and no others
//	alice, bob see    TEXT      the next line is this; also: sees
//	alice sees "RAW"            the next bytes are these
//	alice sees in any order  LINE | LINE   the next lines are these
//	alice sees the greeting     the first output of the server
//	alice sees nothing          nothing has arrived after all input was processed
//	alice sees the end          the server has closed, without further output
//	alice is asked    QUESTION  the next is a question with a secret answer; alice has no
//	                            telnet client, and is warned
//	alice syncs                 waits until all input of alice and the others is processed
//	alice leaves                closes
//	alice drops                 closes with a reset (TCP only)
//	alice half-closes           sends no more, but continues to read
//	alice, bob are registered   at the beginning: they have accounts, numbered from 1,
//	                            with the password "alice's password"; also: is a moderator,
//	                            is an admin
//	alice logs in               joins, and gives that password
//	phone logs in as alice      the same for a connection called phone; also: joins as
//	alice joins when there is room   tries until the server is not full
//	alice joins from ADDRESS    also: connects, logs in; sim only
//	time passes 5m              sim only
//	server runs with FLAGS      at the beginning
//	server minds ACTION: WORD   at the beginning: a line of its list of unwanted words
//	server needs tcp            on transports of that kind only; signals: on systems
//	                            that have SIGTERM; accounts: on servers with
//	                            accounts;
//	                            sim: in the simulated world only
//	server needs plain: WHY     not inside TLS
//	server needs text: WHY      not for clients that speak JSON
//	server restarts             stops as at the end, and starts again; if there are accounts
//	                            from the beginning it has a data folder
//	server stops                SIGTERM; "is interrupted": SIGINT
//	server logs MSG KEY=VALUE   now or soon a line of the log has that message and these attributes
//	server exits CODE
//
// RAW is one or more Go strings, each repeated with *N: "x"*4096 "\r\n". In a
// TEXT, {1..50} makes fifty statements, {any} is text that is not known, and {NAME}
// is a number: the one that was seen first in its place. A line that begins with #
// is a comment.
//
// The conversations are held as text and, with the clients of [JSON], as data, each of
// them with and without TLS. What such a client can't have, or has otherwise, is in a
// section of its own that needs text: telnet and character sets, input sent ahead of
// questions, limits of lines, and settings of how messages look. What it shows itself
// needs no mark: the greeting, the prompt, and the questions, without a warning that the
// answer is visible. It hides the echo of its user's messages. It fails if the words of
// what the server says can't be made from its code and arguments.
//
// At the end the server is stopped, unless it was before. Then no participant
// may have been sent anything that the conversation does not mention, the
// server must exit with 0, and its log must consist of well-formed lines.
//
// Nothing waits for a time to pass. In the simulated world it is known when nothing
// more happens. With a real server, markers prove that a participant sees nothing:
// unknown commands, one from each participant whose lines might still be in flight,
// whose answers are removed from what the participant reads. (In the classic style,
// which has no answers, somebody has to send a line that is seen instead.)
package e2e
