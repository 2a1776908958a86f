//go:build windows

package afd

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/sudoXpg/netloop/eventloop"
)

func TestAHandleThatCannotBePolledIsReportedAsFailed(t *testing.T) {
	b, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p := b.(*poller)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var handles [3]eventloop.Handle
	for i := range handles {
		if handles[i], err = b.Dial("tcp4", ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer b.CloseHandle(handles[i])
		peer, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		if err := b.Add(handles[i], eventloop.Token(i+1), eventloop.Writable); err != nil {
			t.Fatal(err)
		}
	}
	p.start = func(device windows.Handle, context uintptr, b *block) windows.NTStatus {
		if b.info.handle == p.index[handles[1]].base {
			return windows.STATUS_INSUFFICIENT_RESOURCES
		}
		return startPoll(device, context, b)
	}
	seen := make(map[eventloop.Token]eventloop.Interest)
	events := make([]eventloop.Event, 4)
	for give := time.Now().Add(time.Minute); len(seen) < 3; {
		n, err := b.Wait(events, time.Second)
		if err != nil || time.Now().After(give) {
			t.Fatalf("Wait: %v, seen %v", err, seen)
		}
		for _, ev := range events[:n] {
			seen[ev.Token] |= ev.Ready
		}
	}
	if seen[2]&(eventloop.HangUp|eventloop.Readable) != eventloop.HangUp|eventloop.Readable {
		t.Errorf("the handle that can't be polled is reported as %b", seen[2])
	}
	if seen[1]&eventloop.HangUp != 0 || seen[3]&eventloop.HangUp != 0 {
		t.Errorf("the others are reported as %b and %b", seen[1], seen[3])
	}
	if n, err := b.Read(handles[1], make([]byte, 1)); n > 0 || err == nil || err == eventloop.ErrWouldBlock {
		t.Errorf("Read of the failed handle: %d, %v", n, err)
	}
}

func TestAWakeThatFailedIsTriedAgain(t *testing.T) {
	b, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p := b.(*poller)
	port := p.port
	p.port = windows.InvalidHandle - 1 // not a handle
	if b.Wake() == nil {
		t.Error("Wake without a port is no error")
	}
	p.port = port
	if err := b.Wake(); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Wait(make([]eventloop.Event, 1), time.Minute); n != 0 || err != nil || p.woken.Load() {
		t.Errorf("Wait: %d, %v; still woken: %v", n, err, p.woken.Load())
	}
}
