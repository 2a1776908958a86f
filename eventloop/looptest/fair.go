package looptest

import (
	"sync"
	"sync/atomic"

	"github.com/sudoXpg/netloop/eventloop"
)

func fairBehaviours() []behaviour {
	return []behaviour{
		{"a topic that grows as fast as it is sent starves nobody", growsAsSent},
		{"appending without end to blocked readers starves nobody", appendToBlocked},
		{"a peer that sends without end starves nobody", sendWithoutEnd},
	}
}

// A hooked backend calls a function after each Write.
type hooked struct {
	eventloop.Backend
	wrote func()
}

// Write implements eventloop.Net.
func (h *hooked) Write(to eventloop.Handle, p []byte) (int, error) {
	n, err := h.Backend.Write(to, p)
	h.wrote()
	return n, err
}

// growsAsSent appends a message whenever something was sent: the loop never
// reaches the end of the topic.
func growsAsSent(e *env) {
	const most = 1 << 19 // even a loop that is starved comes to an end
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	var on atomic.Bool
	var appended atomic.Int64
	open := e.o.Open
	e.o.Open = func() (eventloop.Backend, error) {
		b, err := open()
		return &hooked{b, func() {
			if on.Load() && appended.Add(1) < most {
				topic.Append(0, 0, make([]byte, 64))
			}
		}}, err
	}
	e.start(eventloop.Options{})
	reader, w := e.serve(subscriber(topic))
	other, _ := e.serve(echo())
	if !e.virtual() {
		var wg sync.WaitGroup
		wg.Go(reader.discard)
		defer wg.Wait()
		defer reader.close()
	}
	on.Store(true)
	w.write([]byte("a reply, so that this reader is not served like all others"))
	for range 20 {
		other.send("echo")
		other.want("echo")
	}
	on.Store(false)
	if n := appended.Load(); n >= most {
		e.Errorf("the echo came after %d messages", n)
	}
}

// appendToBlocked appends from another goroutine, as fast as it can, while a
// loop has thousands of readers that take nothing (all of one connection here).
func appendToBlocked(e *env) {
	const readers, most = 2000, 1 << 25 // some seconds, in which a loop that is not starved echoes easily
	e.start(eventloop.Options{OutboxLimit: 2 * blockingWrite})
	topic := laggingTopic()
	_, w := e.serve(script{opened: func(c *eventloop.Conn) { c.Write(make([]byte, blockingWrite)) }})
	e.until("a write found no room", func() bool { return e.g.Stats().Blocked > 0 })
	e.on(w.conn.Loop(), func() {
		for range readers {
			w.conn.Subscribe(topic, 0, topic.Head())
		}
	})
	other, _ := e.serve(echo())
	stop := make(chan struct{})
	appended := 0
	appendAll := func() {
		for line := make([]byte, 64); appended < most; appended++ {
			select {
			case <-stop:
				return
			default:
				topic.Append(0, 0, line)
			}
		}
	}
	var wg sync.WaitGroup
	if !e.virtual() {
		wg.Go(appendAll)
	}
	for range 20 {
		other.send("echo")
		other.want("echo")
	}
	close(stop)
	if wg.Wait(); appended >= most {
		e.Errorf("the echo came after %d messages", appended)
	}
}

func sendWithoutEnd(e *env) {
	e.start(eventloop.Options{})
	hose, _ := e.serve(script{})
	other, _ := e.serve(echo())
	hose.flood()
	for range 20 {
		other.send("echo")
		other.want("echo")
	}
	hose.close()
}
