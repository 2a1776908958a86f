package telnet

import "github.com/sudoXpg/netloop/internal/safetext"

// Clean returns the text of a received line in a form that can be shown on any terminal
// without harm: valid UTF-8, without control characters other than TAB, escape sequences
// (ECMA-48) and bidirectional overrides, and with at most four combining marks in a row. Line
// separators become spaces. A caller that supports other character sets decodes the line
// before.
//
// A line that needs no change is returned itself: nothing is copied. Otherwise
// the text replaces the content of dst, which may be nil and must not overlap
// line. It is at most three times as long as line, and cleaning it again changes nothing.
func Clean(dst, line []byte) []byte { return safetext.Clean(dst, line) }
