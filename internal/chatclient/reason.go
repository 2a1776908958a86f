package chatclient

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"

	"github.com/sudoXpg/netloop/internal/client"
	"github.com/sudoXpg/netloop/internal/proxydial"
	"github.com/sudoXpg/netloop/internal/texts"
)

// Reason returns why a connection was not made, or has ended, in words for the user.
func Reason(err error) string { return ReasonIn(texts.Choose(), err) }

// ReasonIn is Reason in a language. What the system says is in English.
func ReasonIn(words *texts.Language, err error) string {
	if err == nil {
		return words.T("chat.closed")
	}
	if bye, ok := errors.AsType[client.Bye](err); ok {
		return oneLine(words.Server(bye.Code, bye.Text, bye.Args))
	}
	if f, ok := errors.AsType[client.Failure](err); ok {
		return oneLine(words.Server(f.Code, f.Text, f.Args))
	}
	if u, ok := errors.AsType[*UntrustedError](err); ok {
		return u.Why
	}
	if no, ok := errors.AsType[*noTLSError](err); ok {
		if no.webSocket {
			return no.Error()
		}
		return words.T("chat.noTLS", "why", no.err)
	}
	if proxy, ok := errors.AsType[*proxydial.Error](err); ok {
		return proxy.Error()
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return words.T("chat.serverClosed")
	case errors.Is(err, client.ErrSilent):
		return words.T("chat.silent")
	case errors.Is(err, client.ErrPassword):
		return words.T("chat.needsPassword")
	case errors.Is(err, client.ErrTooLarge):
		return words.T("chat.tooLarge")
	case errors.Is(err, context.DeadlineExceeded):
		return words.T("chat.late")
	case errors.Is(err, ErrEnded):
		return words.T("chat.serverEnded")
	case errors.Is(err, ErrUnacknowledged):
		return words.T("chat.unacknowledged")
	case errors.Is(err, ErrUnanswered):
		return words.T("chat.unanswered")
	case errors.Is(err, ErrUnknownOutcome):
		return words.T("chat.unknownOutcome")
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
	return oneLine(strings.Replace(err.Error(), "wsline: ", "", 1)) // which internal/client has wrapped
}
