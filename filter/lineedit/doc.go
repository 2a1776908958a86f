// Package lineedit edits a line for a user whose terminal sends every key as it
// is pressed: bytes in, lines and bytes for the screen out. It opens no terminal,
// starts no goroutine and keeps no clock.
//
// [Editor.Next] takes the received input. The line that the user is typing is a
// trailer: it comes after everything else on the screen. [Editor.Draw] brings
// it up to date when everything else has been written, and [Editor.Undraw]
// erases it before anything else is written, so that other output never cuts
// into it.
//
// Nothing relies on the terminal's own wrapping, nor on how many columns it gives
// to a character: rows end one column before the edge, and the cursor is placed
// by writing the text before it again.
package lineedit
