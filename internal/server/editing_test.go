package server_test

import (
	"strings"
	"testing"
)

const (
	ttypeXterm = "\xff\xfb\x18\xff\xfa\x18\x00XTERM\xff\xf0" // IAC WILL TTYPE IAC SB TTYPE IS XTERM IAC SE
	offer      = "*** /set editing on keeps your line below"
	askKeys    = "\xff\xfb\x01\xff\xfb\x03" // IAC WILL ECHO IAC WILL SGA
)

func TestEditingIsOfferedOnceWheneverTheTerminalIsKnown(t *testing.T) {
	f := start(t, nil)
	late := f.join("late")
	late.sends(ttypeXterm)
	if got := late.reads(); !strings.Contains(got, offer) {
		t.Errorf("not offered: %q", got)
	}
	late.sends("/nick later\r\n/join #other\r\n" + ttypeXterm)
	if got := late.reads(); strings.Contains(got, offer) {
		t.Errorf("offered again: %q", got)
	}
}

func TestAClientThatRefusesCharacterModeIsTold(t *testing.T) {
	f := start(t, nil)
	p := f.join("bob")
	p.sends(ttypeXterm + "/set editing on\r\n")
	if got := p.reads(); !strings.HasSuffix(got, askKeys+"*** editing is now on (with telnet clients, not with nc)\r\n") {
		t.Fatalf("%q", got)
	}
	p.sends("\xff\xfd\x03") // IAC DO SGA: it may still agree
	p.sees("")
	p.sends(dontEcho)
	p.sees("*** your client refused to send single keys, so your line can't be edited here: reconnect, or use another client\r\n")
	p.sends("hello\r\n/set editing off\r\n")
	if got := p.reads(); !strings.HasSuffix(got, "*** editing is now off\r\n") {
		t.Fatalf("%q", got)
	}
}

func TestAClientThatLeavesCharacterModeLaterIsNotToldThatItRefused(t *testing.T) {
	f := start(t, nil)
	p := f.join("bob")
	p.sends(ttypeXterm + "/set editing on\r\n\xff\xfd\x01\xff\xfd\x03") // IAC DO ECHO IAC DO SGA
	p.reads()
	p.sends(dontEcho)
	p.sees("\xff\xfc\x01")
}

// Both connections of an account: one turns the editing on and off while the other is
// asked for a password.
func TestEditingChangesWhileAPasswordIsAsked(t *testing.T) {
	f := startWithAccounts(t)
	p := f.join("ann")
	p.sends(ttypeXterm + "/register\r\n")
	p.reads()
	p.sends(doEcho + "correct horse\r\ncorrect horse\r\n")
	p.reads()
	phone := f.dial()
	phone.sees(greeting)
	phone.sends(wontTermType + "ann\r\ncorrect horse\r\n")
	if got := phone.reads(); !strings.Contains(got, "logged in as ann") {
		t.Fatalf("%q", got)
	}
	p.sends(dontEcho + "/passwd\r\n")
	if got := p.reads(); !strings.HasSuffix(got, "\xff\xfb\x01Current password: ") {
		t.Fatalf("%q", got)
	}
	p.sends(doEcho + "correct ho")
	p.sees("")
	phone.sends("/set editing on\r\n")
	p.sees("\xff\xfb\x03\r\x1b[JCurrent password: ")
	p.sends("\xff\xfd\x03") // IAC DO SGA
	p.sees("")
	phone.sends("/set editing off\r\n")
	p.sees("\xff\xfc\x03")
	p.sends("rse\r\x00")
	if got := p.reads(); !strings.HasSuffix(got, "New password for ann: ") || strings.Contains(got, "rse") {
		t.Errorf("%q", got)
	}
}
