package eventloop

import "testing"

// manyTopics returns a bench with a connection that is subscribed to a number of topics,
// and the data of each write. takes returns how much of a write is taken.
func manyTopics(t *testing.T, topics int, takes func(p []byte) int) (b *bench, c *Conn, all []*Topic, got *[]string) {
	b = newBench(t, 1)
	got = new([]string)
	b.stubs[0].take = func(_ Handle, p []byte) int {
		n := takes(p)
		if n > 0 {
			*got = append(*got, string(p[:n]))
		}
		return n
	}
	c = b.conn(0)
	for range topics {
		topic := NewTopic(TopicOptions{})
		c.Subscribe(topic, 0, 0)
		all = append(all, topic)
	}
	b.step()
	return b, c, all, got
}

func takeAll(p []byte) int { return len(p) }

func TestSeveralTopicsShareAWrite(t *testing.T) {
	b, c, topics, got := manyTopics(t, 3, takeAll)
	topics[2].Append(1, 1, []byte("c"))
	topics[0].Append(1, 1, []byte("a"))
	topics[0].Append(1, 2, []byte("A"))
	b.step()
	if len(*got) != 1 || (*got)[0] != "aAc" {
		t.Errorf("written %q, want all at once", *got)
	}
	*got = nil
	topics[1].Append(1, 1, []byte("b"))
	if _, err := c.Write([]byte("reply ")); err != nil {
		t.Fatal(err)
	}
	topics[0].Append(1, 3, []byte("a"))
	topics[2].Append(1, 3, []byte("c"))
	b.step()
	if want := []string{"b", "reply ", "ac"}; len(*got) != 3 || (*got)[0] != want[0] || (*got)[1] != want[1] || (*got)[2] != want[2] {
		t.Errorf("written %q, want %q", *got, want)
	}
}

// A short write ends somewhere in the pieces: what was not begun can still be skipped.
func TestAShortWriteEndsInOneOfSeveralTopics(t *testing.T) {
	for taken, want := range map[int]string{
		0: "bbbbdddd",     // a's author is skipped, and nothing is begun
		2: "aaaabbbbdddd", // a message that was begun is finished
		4: "aaaabbbbdddd",
		5: "aaaabbbbdddd",
		8: "aaaabbbbdddd",
	} {
		full := false
		left := taken
		b, c, topics, got := manyTopics(t, 4, func(p []byte) int {
			if !full {
				return len(p)
			}
			n := min(left, len(p))
			left -= n
			return n
		})
		for i, message := range []string{"aaaa", "bbbb", "cccc", "dddd"} {
			topics[i].Append(uint64(1+i), 1, []byte(message))
		}
		full = true
		b.step()
		topics[0].SkipAuthor(1)
		topics[2].SkipAuthor(3)
		full = false
		b.writable(c)
		b.step()
		all := ""
		for _, p := range *got {
			all += p
		}
		if all != want {
			t.Errorf("when the first write took %d bytes: sent %q, want %q", taken, all, want)
		}
	}
}

func TestAWriteForSeveralTopicsIsBounded(t *testing.T) {
	b, _, topics, got := manyTopics(t, 3, takeAll)
	for _, topic := range topics {
		topic.Append(1, 1, make([]byte, maxGathered/2+1))
	}
	b.step()
	if len(*got) != 3 {
		t.Errorf("%d writes of %d bytes that may not be gathered", len(*got), maxGathered/2+1)
	}
	b, _, topics, got = manyTopics(t, maxPieces+1, takeAll)
	for _, topic := range topics {
		topic.Append(1, 1, []byte("x"))
	}
	b.step()
	if len(*got) != 2 || len((*got)[0]) != maxPieces {
		t.Errorf("%d topics were sent as %q", len(topics), *got)
	}
	// A topic twice: its part can be locked only once.
	b, c, topics, got := manyTopics(t, 2, takeAll)
	c.Subscribe(topics[0], 0, 0)
	b.step()
	for _, topic := range topics {
		topic.Append(1, 1, []byte("x"))
	}
	b.step()
	if len(*got) != 2 {
		t.Errorf("a topic with two subscriptions was sent as %q", *got)
	}
}

func TestGatheringAllocatesNothing(t *testing.T) {
	b, _, topics, _ := manyTopics(t, 3, takeAll)
	b.stubs[0].take = nil
	turn := func() {
		for _, topic := range topics {
			topic.Append(1, 1, make([]byte, 64)[:64])
		}
		b.step()
	}
	turn()
	if n := testing.AllocsPerRun(1000, turn); n > 1 { // that of a chunk or its index, now and then
		t.Errorf("%v allocations in a turn", n)
	}
}
