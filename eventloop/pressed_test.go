package eventloop

import (
	"testing"
	"time"
)

// A topic that is far ahead of its readers makes the loop send before it reads
// on, but not so long in one turn that timers and posted functions wait for it.
func TestAPressedTurnIsBounded(t *testing.T) {
	const readers = 40_000
	b := newBench(t, 1)
	b.now = b.now.Add(time.Second)
	l := b.g.loops[0]
	topic := NewTopic(TopicOptions{Window: 4096})
	for range readers {
		b.conn(0).Subscribe(topic, 0, 0)
	}
	reads := 0
	talker := b.conn(0)
	talker.SetHandler(&onReceived{f: func() { reads++ }})
	b.stubs[0].gives = "x"
	b.step() // what Subscribe left to do
	topic.Append(0, 0, make([]byte, 2000))
	if !l.fan.pressed.Load() {
		t.Fatal("the topic is not ahead of its readers")
	}
	first, readAt := l.n.writes.Load(), uint64(0)
	for topic.Head() != l.fan.parts[topic].served.Load() {
		b.stubs[0].events = append(b.stubs[0].events, Event{talker.token, Readable})
		posted := false
		if err := l.Post(func() { posted = true }); err != nil {
			t.Fatal(err)
		}
		before, read := l.n.writes.Load(), reads
		b.step()
		if n := l.n.writes.Load() - before; n > (turnsPressed+1)*sendsPerTurn {
			t.Fatalf("%d sends in one turn", n)
		}
		if !posted {
			t.Error("a turn left out what was posted")
		}
		if reads > read {
			if sent := before - first; readAt > 0 && sent-readAt < sendsPressed*sendsPerTurn {
				t.Errorf("a connection was read after %d sends and again after %d", readAt, sent)
			} else {
				readAt = sent
			}
		}
	}
	if n := l.n.writes.Load() - first; n != readers {
		t.Errorf("%d sends to %d readers", n, readers)
	}
	if reads < 2 || reads > 2+readers/(sendsPressed*sendsPerTurn) {
		t.Errorf("%d reads meanwhile", reads)
	}
	if l.fan.owed != 0 {
		t.Errorf("%d sends are still owed when all is served", l.fan.owed)
	}
}
