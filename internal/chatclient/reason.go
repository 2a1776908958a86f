package chatclient

import (
	"context"
	"errors"
	"io"
	"net"
	"os"

	"github.com/sudoXpg/netloop/internal/client"
)

// Reason returns why a connection was not made, or has ended, in words for the user.
func Reason(err error) string {
	if err == nil {
		return "the connection was closed"
	}
	if bye, ok := errors.AsType[client.Bye](err); ok {
		return oneLine(bye.Text)
	}
	if f, ok := errors.AsType[client.Failure](err); ok {
		return oneLine(f.Text)
	}
	if u, ok := errors.AsType[*UntrustedError](err); ok {
		return u.Why
	}
	if no, ok := errors.AsType[*noTLSError](err); ok {
		return no.Error()
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server has closed the connection"
	case errors.Is(err, client.ErrSilent):
		return "the server does not answer"
	case errors.Is(err, client.ErrPassword):
		return "the session has ended, and chat does not know the password of the account that you were logged in to (chat NAME@HOST asks for it)"
	case errors.Is(err, client.ErrTooLarge):
		return "the server has sent too large an object"
	case errors.Is(err, context.DeadlineExceeded):
		return "the server does not answer in time"
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		return call.Err.Error()
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}
