// Package e2e holds the end-to-end tests: conversations with the real server,
// over every transport and on every backend of the platform, and a room full of
// real clients. They need the build tag e2e; `make e2e` runs them.
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
//	alice sees the greeting     what the server says first
//	alice sees nothing          nothing has come, all that was sent so far being done
//	alice sees the end          the server has closed, and nothing came before that
//	alice syncs                 all that alice and others sent so far is done
//	alice leaves                closes
//	alice drops                 closes with a reset (TCP only)
//	alice half-closes           sends no more, but reads on
//	server runs with FLAGS      before everything else
//	server needs tcp            on transports of that kind only; signals: on systems
//	                            that have SIGTERM
//	server stops                SIGTERM; "is interrupted": SIGINT
//	server logs MSG KEY=VALUE   now or soon a line of the log has that message and these attributes
//	server exits CODE
//
// RAW is one or more Go strings, each repeated with *N: "x"*4096 "\r\n". In a
// TEXT, {1..50} makes fifty statements. A line that begins with # is a comment.
//
// At the end the server is stopped, unless it was before. Then nobody may have
// been sent anything that the conversation does not mention, the server must
// exit with 0, and its log must consist of well-formed lines.
//
// Nothing waits for a time to pass. That somebody sees nothing is proved by
// markers: commands that the server does not know, one of each participant
// whose lines might still be on their way, whose answers are taken out of
// what the participant reads. (In the classic style, which answers nothing,
// somebody has to say something that is seen instead.)
package e2e
