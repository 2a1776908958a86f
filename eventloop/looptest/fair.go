package looptest

import (
	"sync"

	"github.com/sudoXpg/netloop/eventloop"
)

func fairBehaviours() []behaviour {
	return []behaviour{
		{"appending without end starves nobody", appendWithoutEnd},
		{"appending without end to blocked readers starves nobody", appendToBlocked},
		{"a peer that sends without end starves nobody", sendWithoutEnd},
	}
}

// appender appends to the topic from a goroutine, without end, until stop is
// called. In a simulated world, where one goroutine must do, it does nothing.
func appender(e *env, topic *eventloop.Topic) (stop func()) {
	if e.virtual() {
		return func() {}
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		line := make([]byte, 64)
		for {
			select {
			case <-done:
				return
			default:
				topic.Append(0, 0, line)
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

// appendWithoutEnd has a reader that takes everything at once: its loop never
// comes to the end of the topic.
func appendWithoutEnd(e *env) {
	e.start(eventloop.Options{})
	topic := eventloop.NewTopic(eventloop.TopicOptions{})
	p, w := e.serve(subscriber(topic))
	if !e.virtual() {
		var wg sync.WaitGroup
		wg.Go(p.drainQuietly)
		defer wg.Wait()
		defer p.close()
	}
	other, _ := e.serve(echo())
	stop := appender(e, topic)
	defer stop()
	for range 20 {
		e.on(w.conn.Loop(), func() { w.conn.Write([]byte("reply")) })
		other.send("echo")
		other.want("echo")
	}
}

// appendToBlocked has many readers that take nothing.
func appendToBlocked(e *env) {
	e.start(eventloop.Options{OutboxLimit: 2 * blockingWrite})
	topic := laggingTopic()
	to := e.listen("tcp", loopback, script{opened: func(c *eventloop.Conn) {
		c.Subscribe(topic, 0, topic.Head())
		c.Write(make([]byte, blockingWrite))
	}})
	for range 20 {
		e.connect(to)
	}
	other, _ := e.serve(echo())
	stop := appender(e, topic)
	defer stop()
	for range 20 {
		other.send("echo")
		other.want("echo")
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
