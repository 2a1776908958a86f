// Package admin carries the administrator's commands from one process to the
// server that runs on the same machine: over a Unix socket or a named pipe that
// only the server's user, root and administrators can open.
// It knows nothing about the commands themselves.
//
// One connection is one command. The client sends a line with the arguments and
// one with a secret or none, the server answers with any number of lines and the
// exit code. Everything but the words at the beginning is quoted as in Go, so
// that any bytes can be sent:
//
//	chatsrv/1 "passwd" "alice"
//	secret "correct horse"
//
//	= "alice has a new password."
//	exit 0
//
// Without a secret the second line is the word go.
package admin
