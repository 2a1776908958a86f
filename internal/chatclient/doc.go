// Package chatclient is what command chat does: it connects to a server, decides whether
// to trust it, and shows the chat as lines of text.
//
// A [Dialer] makes the connections for internal/client. [Lines] turns events into lines.
// A [Plain] joins both with what is typed.
package chatclient
