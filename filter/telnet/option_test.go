package telnet

import (
	"slices"
	"testing"
)

// TestQMethodFollowsRFC1143 is the whole table of section 7 of the RFC.
func TestQMethodFollowsRFC1143(t *testing.T) {
	send := func(f func(*qState) bool, answer qAnswer) func(*qState) qAnswer {
		return func(q *qState) qAnswer {
			if f(q) {
				return answer
			}
			return qSilent
		}
	}
	type result struct {
		state  qState
		answer qAnswer
	}
	states := []qState{qNo, qYes, qWantNo, qWantNoOpposite, qWantYes, qWantYesOpposite}
	for _, test := range []struct {
		name string
		do   func(*qState) qAnswer
		want []result // by the order of states
	}{
		{"received yes", (*qState).receivedYes, []result{{qYes, qSendYes}, {qYes, 0}, {qNo, 0}, {qYes, 0}, {qYes, 0}, {qWantNo, qSendNo}}},
		{"received no", (*qState).receivedNo, []result{{qNo, 0}, {qNo, qSendNo}, {qNo, 0}, {qWantYes, qSendYes}, {qNo, 0}, {qNo, 0}}},
		{"ask", send((*qState).ask, qSendYes), []result{{qWantYes, qSendYes}, {qYes, 0}, {qWantNoOpposite, 0}, {qWantNoOpposite, 0}, {qWantYes, 0}, {qWantYes, 0}}},
		{"stop", send((*qState).stop, qSendNo), []result{{qNo, 0}, {qWantNo, qSendNo}, {qWantNo, 0}, {qWantNo, 0}, {qWantYesOpposite, 0}, {qWantYesOpposite, 0}}},
	} {
		for i, q := range states {
			answer := test.do(&q)
			if got := (result{q, answer}); got != test.want[i] {
				t.Errorf("%s in state %d: got %v, want %v", test.name, i, got, test.want[i])
			}
		}
	}
}

// TestConversation alternates calls of the server and input of the client.
func TestConversation(t *testing.T) {
	const editMode = characterMode
	const hide, show, greet, edit, stop = "HIDE", "SHOW", "GREET", "EDIT", "STOP"
	tests := []struct {
		name  string
		steps []string // a call or input, and the bytes sent in response
	}{
		{"greeting", []string{greet, "\xff\xfd\x18\xff\xfd\x1f", greet, ""}},
		{"greeting after the client's offers", []string{"\xff\xfb\x1f", "\xff\xfd\x1f", greet, "\xff\xfd\x18", "\xff\xfb\x18", ttypeRequest, greet, ""}},
		{"password", []string{hide, willEcho, hide, "", doEcho, "", "pw\r\n", "\r\n", show, wontEcho, show, "", dontEcho, "", "hi\r\n", ""}},
		{"two passwords", []string{hide, willEcho, doEcho, "", show, wontEcho, dontEcho, "", hide, willEcho, doEcho, ""}},
		{"password shown before the answer", []string{hide, willEcho, show, "", doEcho, wontEcho, dontEcho, "", "hi\n", ""}},
		{"password shown and hidden before the answer", []string{hide, willEcho, show, "", hide, "", doEcho, ""}},
		{"password hidden again before the answer", []string{hide, willEcho, doEcho, "", show, wontEcho, hide, "", dontEcho, willEcho, doEcho, ""}},
		{"password from a client that never answers", []string{hide, willEcho, "pw\n", "", show, "", hide, ""}},
		{"password refused", []string{hide, willEcho, dontEcho, "", "pw\n", "", show, ""}},
		{"password in character mode", []string{doEcho, characterMode, "a\r", "a\r\n", hide, "", "pw\r", "\r\n", show, "", "a\r", "a\r\n"}},
		{"character mode ended while a password is asked", []string{doEcho, characterMode, hide, "", dontEcho, wontEcho, show, ""}},
		{"character mode left before its SGA is answered", []string{doEcho, characterMode, dontEcho, wontEcho, "\xff\xfd\x03", "", "\xff\xfe\x03", "\xff\xfc\x03"}},
		{"password after character mode was left", []string{doEcho, characterMode, dontEcho, wontEcho, hide, willEcho, doEcho, "", show, wontEcho}},
		{"editing is not for nc", []string{edit, "", "hi\n", ""}},
		{"editing", []string{greet, "\xff\xfd\x18\xff\xfd\x1f", "\xff\xfc\x18", "", edit, editMode, edit, "", doEcho + "\xff\xfd\x03", "", "hi\r", "hi\r\n", hide, "", "pw\r\x00", "\r\n", show, "", stop, "\xff\xfc\x03" + wontEcho, dontEcho + "\xff\xfe\x03", "", "hi\r", ""}},
		{"editing begins while a password is asked", []string{"\xff\xfc\x18", "", hide, willEcho, doEcho, "", edit, "\xff\xfb\x03", "\xff\xfd\x03", "", "pw\r", "\r\n", show, "", "hi\r", "hi\r\n"}},
		{"editing ends while a password is asked", []string{"\xff\xfc\x18", "", edit, editMode, doEcho + "\xff\xfd\x03", "", hide, "", stop, "\xff\xfc\x03", "\xff\xfe\x03", "", "pw\r", "\r\n", show, wontEcho}},
		{"editing refused", []string{"\xff\xfc\x18", "", edit, editMode, dontEcho + "\xff\xfe\x03", "", "hi\r", ""}},
		{"editing changes nothing for a client that asked itself", []string{doEcho, characterMode, edit, "", stop, "", "a\r", "a\r\n"}},
		{"SGA while a password is asked", []string{hide, willEcho, doEcho, "", "\xff\xfd\x03", "\xff\xfc\x03"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var d Decoder
			for i := 0; i < len(test.steps); i += 2 {
				var sent []byte
				switch in := test.steps[i]; in {
				case hide:
					sent = d.HidePassword()
				case show:
					sent = d.ShowPassword()
				case edit:
					sent = d.StartEditing()
				case stop:
					sent = d.StopEditing()
				case greet:
					sent = d.Greeting(nil)
				default:
					for ev, p := d.Next([]byte(in)); ev.Kind != None; ev, p = d.Next(p) {
						if ev.Kind == Reply {
							sent = append(sent, ev.Text...)
						}
					}
				}
				if string(sent) != test.steps[i+1] {
					t.Fatalf("step %d, %q: sent %q, want %q", i/2, test.steps[i], sent, test.steps[i+1])
				}
			}
		})
	}
}

func TestNegotiatedReportsWhetherThePeerSpeaksTelnet(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     bool
	}{
		{"nc", "hello\n", false},
		{"a command is no negotiation", "\xff\xf6", false},
		{"ncat -t refuses all", "\xff\xfc\x18\xff\xfc\x1f\xff\xfe\x01", true},
		{"only offers that we refuse", "\xff\xfb\x27", true},
		{"telnet", "\xff\xfb\x1f", true},
	} {
		var d Decoder
		var l log
		d.Greeting(nil)
		feed(t, &d, &l, []byte(test.in))
		if got := d.Negotiated(); got != test.want {
			t.Errorf("%s: negotiated %v, want %v", test.name, got, test.want)
		}
	}
}

// TestTwoDecodersFallSilent connects two of them: whatever one begins with, they
// must not answer each other forever.
func TestTwoDecodersFallSilent(t *testing.T) {
	for opt := range 256 {
		for verb := byte(cmdWill); verb <= cmdDont; verb++ {
			var ends [2]Decoder
			ends[0].Greeting(nil)
			ends[1].HidePassword()
			wire := []byte{cmdIAC, verb, byte(opt)}
			rounds := 0
			for ; len(wire) > 0 && rounds < 8; rounds++ {
				var back []byte
				for ev, p := ends[rounds%2].Next(wire); ev.Kind != None; ev, p = ends[rounds%2].Next(p) {
					if ev.Kind == Reply {
						back = append(back, ev.Text...)
					}
				}
				wire = slices.Clone(back)
			}
			if len(wire) > 0 {
				t.Fatalf("after IAC %d %d: still sending %q", verb, opt, wire)
			}
		}
	}
}
