// Package e2e holds conversations, and the end-to-end tests: those conversations
// with the real server, over every transport and on every backend of the
// platform, and a room full of real clients. These need the build tag e2e;
// `make e2e` runs them. The tests of package server hold the same conversations
// in the simulated world (see [World]).
//
// A conversation is a section of a txtar file in testdata, named by the
// sentence that it proves:
//
//	-- A name is taken in whatever case. --
//	alice joins; bob connects
//	bob sees     the greeting
//	bob> ALICE
//	bob sees     *** that name is taken
//
// One statement a line, or several between semicolons. Participants come into
// being by joining or connecting.
//
//	alice joins                 connects, gives her name, and reads what comes before
//	                            she is in; everybody who is in sees that she joined
//	alice connects              only that
//	alice> TEXT                 sends a line that ends in CR LF
//	alice> "RAW"                sends these bytes and no others
//	alice, bob see    TEXT      the next line is this; also: sees
//	alice sees "RAW"            the next bytes are these
//	alice sees in any order  LINE | LINE   the next lines are these
//	alice sees the greeting     what the server says first
//	alice sees nothing          nothing has come, all that was sent so far being done
//	alice sees the end          the server has closed, and nothing came before that
//	alice is asked    QUESTION  the next is a question whose answer nobody should see; alice
//	                            is at no telnet client, and told so
//	alice syncs                 all that alice and others sent so far is done
//	alice leaves                closes
//	alice drops                 closes with a reset (TCP only)
//	alice half-closes           sends no more, but reads on
//	alice, bob are registered   before everything else: they have accounts, numbered from 1,
//	                            with the password "alice's password"; also: is a moderator,
//	                            is an admin
//	alice logs in               joins, and gives that password
//	phone logs in as alice      the same for one whom the script calls phone; also: joins as
//	alice joins from ADDRESS    so do connects and logs in; sim only
//	time passes 5m              sim only
//	server runs with FLAGS      before everything else
//	server minds ACTION: WORD   before everything else: a line of its list of unwanted words
//	server needs tcp            on transports of that kind only; signals: on systems
//	                            that have SIGTERM; accounts: where the server keeps
//	                            some;
//	                            sim: in the simulated world only
//	server restarts             stops as at the end, and starts again; where somebody is
//	                            registered from the beginning it keeps things in a folder
//	server stops                SIGTERM; "is interrupted": SIGINT
//	server logs MSG KEY=VALUE   now or soon a line of the log has that message and these attributes
//	server exits CODE
//
// RAW is one or more Go strings, each repeated with *N: "x"*4096 "\r\n". In a
// TEXT, {1..50} makes fifty statements, and {any} is what nobody can know. A line
// that begins with # is a comment.
//
// At the end the server is stopped, unless it was before. Then nobody may have
// been sent anything that the conversation does not mention, the server must
// exit with 0, and its log must consist of well-formed lines.
//
// Nothing waits for a time to pass. In the simulated world it is known when
// nothing more happens. With a real server, that somebody sees nothing is proved by
// markers: commands that the server does not know, one of each participant
// whose lines might still be on their way, whose answers are taken out of
// what the participant reads. (In the classic style, which answers nothing,
// somebody has to say something that is seen instead.)
package e2e
