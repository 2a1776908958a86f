package ws_test

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
	"github.com/sudoXpg/netloop/filter/ws"
)

// room is a server whose connections all read one topic.
func room(t *testing.T, f sim.Faults) (*world, *ws.Topic, *[]*witness) {
	t.Helper()
	w := newWorld(t, f, eventloop.Options{})
	topic := ws.NewTopic(eventloop.TopicOptions{})
	var all []*witness
	w.serve(ws.Options{}, func() ws.Handler {
		h := &witness{}
		all = append(all, h)
		return h
	})
	return w, topic, &all
}

func TestATopicReachesEverybodyInOneOrder(t *testing.T) {
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			w, topic, all := room(t, f)
			plain, deflating := w.upgrade(""), w.upgrade(offer)
			for i, h := range *all {
				h.conn.Subscribe(topic, uint64(i+1))
			}
			long := strings.Repeat("a", 2000)
			topic.Publish(0, 0, ws.Text, []byte("one"))
			topic.Publish(0, 0, ws.Text, []byte(long))
			topic.Publish(1, 0, ws.Text, []byte("from the first"))
			topic.Publish(2, 0, ws.Binary, []byte("from the second"))
			plain.want("Text one", "Text 2000×a", "Binary from the second")
			deflating.want("Text one", "compressed Text 2000×a", "Text from the first")
		})
	}
}

// A message is encoded once, however many connections there are.
func TestASharedMessageIsEncodedOnce(t *testing.T) {
	if raceEnabled {
		t.Skip("with the race detector, sync.Pool drops values at random, so allocations can't be counted")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it empties pools, too
	message := []byte(strings.Repeat("hello ", 1000))
	cost := func(n int) uint64 {
		w, topic, all := room(t, sim.Faults{})
		for range n {
			w.upgrade(offer)
		}
		for _, h := range *all {
			h.conn.Subscribe(topic, 0)
		}
		topic.Publish(0, 0, ws.Text, message)
		return allocated(func() { topic.Publish(0, 0, ws.Text, message) })
	}
	if few, many := cost(1), cost(100); many > few+10_000 {
		t.Errorf("%d bytes for one connection, %d for a hundred", few, many)
	}
}

// No data may follow a Close frame (RFC 6455, section 5.5.1), whoever closes.
func TestNothingFollowsClose(t *testing.T) {
	for name, end := range map[string]func(*client, *witness){
		"the server":  func(_ *client, h *witness) { h.conn.Close(ws.CodeNormal, "") },
		"the client":  func(c *client, _ *witness) { c.write(frame(fin|closeOp, closing(1000, ""))) },
		"a violation": func(c *client, _ *witness) { c.write(frame(fin|3, "")) },
	} {
		t.Run(name, func(t *testing.T) {
			w, topic, all := room(t, sim.Faults{})
			c := w.upgrade("")
			h := (*all)[0]
			h.conn.Subscribe(topic, 0)
			topic.Publish(0, 0, ws.Text, []byte("before"))
			end(c, h)
			topic.Publish(0, 0, ws.Text, []byte("after"))
			got := c.frames()
			if len(got) < 2 || got[0] != "Text before" || !strings.HasPrefix(got[1], "Close 100") || len(got) > 2 && got[2] != "EOF" {
				t.Errorf("%q", got)
			}
			if h.conn.Subscribe(topic, 0); topic.Subscribed() && len(got) > 2 {
				t.Error("a connection that is closing is subscribed")
			}
		})
	}
}

func TestALaggingReaderIsTold(t *testing.T) {
	w := newWorld(t, sim.Faults{}, eventloop.Options{StallTimeout: -1})
	topic := ws.NewTopic(eventloop.TopicOptions{Window: 100_000, LagNotice: func(missed uint64) []byte {
		return ws.AppendFrame(nil, ws.Text, fmt.Appendf(nil, "missed %d", missed))
	}})
	h := &witness{}
	w.serve(ws.Options{}, func() ws.Handler { return h })
	c := w.upgrade("")
	h.conn.Subscribe(topic, 0)
	for range 100 {
		topic.Publish(0, 0, ws.Text, []byte(strings.Repeat("a", 10_000)))
		w.settle()
	}
	got := c.frames()
	seen, missed := 0, 0
	for _, f := range got {
		if n, _ := fmt.Sscanf(f, "Text missed %d", &missed); n == 0 {
			seen++
		}
	}
	if missed == 0 || seen+missed != 100 {
		t.Errorf("%d messages, %d missed", seen, missed)
	}
}
