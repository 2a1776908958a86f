package admin

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

const (
	// MaxConns is how many commands are served at a time. Further ones are told
	// to try again.
	MaxConns = 8
	// requestPatience is how long a client may take to send its command, and how
	// long to take the answer.
	requestPatience = 10 * time.Second
	// lingerPatience is how long the server waits for the client to hang up:
	// closing with unread input could lose the answer.
	lingerPatience = time.Second
	// acceptPause is how long to wait after an error, such as running out of descriptors.
	acceptPause = time.Second
)

// ExitUsage is the exit code for a command that could not be read.
const ExitUsage = 2

// A Handler carries out a command, on its own goroutine, and returns the lines to
// print and the exit code. ctx ends when the client has hung up and when the
// server stops.
type Handler func(ctx context.Context, r Request) (lines []string, code int)

// Serve answers the commands that arrive at l, until l is closed. Then it waits
// for the running ones, and returns.
func Serve(l net.Listener, handle Handler) {
	ctx, cancel := context.WithCancel(context.Background())
	var conns sync.WaitGroup
	defer conns.Wait()
	defer cancel()
	places := make(chan struct{}, MaxConns)
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			<-time.After(acceptPause)
			continue
		}
		select {
		case places <- struct{}{}:
			conns.Go(func() {
				serve(ctx, c, handle)
				<-places
			})
		default:
			refuse(c)
		}
	}
}

// refuse answers a client that is one too many. Its short text does not block.
func refuse(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(lingerPatience))
	_ = answer(c, []string{"chatsrv is busy with " + strconv.Itoa(MaxConns) + " commands: try again"}, 1)
	_ = c.Close()
}

// serve answers the one command of a connection and closes it.
func serve(ctx context.Context, c net.Conn, handle Handler) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(requestPatience))
	// A server that stops does not wait for a command.
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Now()) })
	r := bufio.NewReaderSize(c, MaxLine)
	req, err := readRequest(r)
	stop()
	switch {
	case errors.Is(err, errTooLong), errors.Is(err, errSyntax), errors.Is(err, errNoArgs):
		if answer(c, []string{err.Error()}, ExitUsage) == nil {
			linger(c, r)
		}
		return
	case err != nil:
		return // half a command, or none: the client does not wait for an answer
	}
	_ = c.SetDeadline(time.Time{})
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		// The client sends nothing more: any result of Read is its end.
		_, _ = r.ReadByte()
		cancel()
	}()
	lines, code := handle(ctx, req)
	_ = c.SetDeadline(time.Now().Add(requestPatience))
	if answer(c, lines, code) == nil {
		_ = c.SetReadDeadline(time.Now().Add(lingerPatience))
	} else {
		_ = c.Close()
	}
	<-watching
}

// answer sends the lines and the exit code.
func answer(c net.Conn, lines []string, code int) error {
	w := bufio.NewWriter(c)
	for _, line := range lines {
		quoted := quoteAll([]string{line})
		for n := len(line); len(wordLine)+len(quoted)+1 > MaxLine; n /= 2 {
			quoted = quoteAll([]string{line[:n/2] + " …"})
		}
		_, _ = w.WriteString(wordLine + quoted + "\n") // Flush returns the error
	}
	_, _ = w.WriteString(wordExit + " " + strconv.Itoa(code) + "\n")
	return w.Flush()
}

// linger reads what the client still sends, up to a bound, until it hangs up.
func linger(c net.Conn, r io.Reader) {
	_ = c.SetReadDeadline(time.Now().Add(lingerPatience))
	_, _ = io.CopyN(io.Discard, r, 64*MaxLine)
}
