package eventloop_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/sudoXpg/netloop/eventloop"
)

// Everything in a stream identifies itself: a frame is its kind, the topic
// (nothing for a write), its length, a number, padding and a checksum. A message
// may also be a mere mark of one or two bytes, which only narrows down which one
// it is.
const (
	frameMessage = 'M' // number: place in the topic
	frameNotice  = 'N' // number: messages missed
	frameWrite   = 'W' // number: how many came before on this connection
	frameHead    = 8
	frameLeast   = frameHead + 4
	mark         = 0x80
)

// frame encodes one of these, size bytes long where that is possible.
func frame(kind byte, topic, number, size int) []byte {
	if kind == frameMessage && size < frameLeast {
		p := []byte{mark | byte(topic)<<5 | byte(number&31), byte(number >> 5)}
		return p[:min(size, 2)]
	}
	p := make([]byte, max(size, frameLeast))
	p[0], p[1] = kind, byte(topic)
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	binary.BigEndian.PutUint32(p[4:], uint32(number))
	for i := frameHead; i < len(p)-4; i++ {
		p[i] = byte(number*31 + i*7 + topic)
	}
	binary.BigEndian.PutUint32(p[len(p)-4:], crc32.ChecksumIEEE(p[:len(p)-4]))
	return p
}

var errCut = errors.New("cut off inside a frame")

// parse takes one frame that is not a mark from the beginning of p.
func parse(p []byte) (kind byte, topic, number int, rest []byte, err error) {
	if len(p) < frameLeast {
		return 0, 0, 0, nil, errCut
	}
	size := int(binary.BigEndian.Uint16(p[2:]))
	if size < frameLeast || p[0] != frameMessage && p[0] != frameNotice && p[0] != frameWrite {
		return 0, 0, 0, nil, fmt.Errorf("no frame: % x", p[:frameLeast])
	}
	if len(p) < size {
		return 0, 0, 0, nil, errCut
	}
	f := p[:size]
	if crc32.ChecksumIEEE(f[:size-4]) != binary.BigEndian.Uint32(f[size-4:]) {
		return 0, 0, 0, nil, fmt.Errorf("wrong checksum in frame % x", f[:frameLeast])
	}
	return f[0], int(f[1]), int(binary.BigEndian.Uint32(f[4:])), p[size:], nil
}

// A topicModel is what was appended to a topic.
type topicModel struct {
	*eventloop.Topic
	number   int
	window   int
	keep     int
	messages []messageModel
}

type messageModel struct {
	start, end uint64
	author     uint64
	size       int
	skip       bool
}

// at returns the place of the first message that starts at off or behind it.
func (t *topicModel) at(off uint64) int {
	i, _ := slices.BinarySearchFunc(t.messages, off, func(m messageModel, off uint64) int {
		if m.start < off {
			return -1
		}
		return 1
	})
	return i
}

// A reading is one subscription of one member. It decides for each message,
// when the cursor passes it, whether the member is to see it.
type reading struct {
	topic   *topicModel
	sub     *eventloop.Sub
	self    uint64
	ignored map[uint64]int // up to which place, by author
	first   int
	visible []bool // from first on, for messages that are decided
	behind  bool   // subscribed to messages that were already released
	closed  bool
	lagging bool // when closed
	ends    bool // finished at limit
	limit   int

	// While the stream is checked: where the reader may be.
	lo, hi int
	seen   int // behind the last message it got
	told   bool
}

// settle decides about the messages that the cursor has passed.
func (r *reading) settle() {
	for i := r.first + len(r.visible); i < len(r.topic.messages); i++ {
		m := &r.topic.messages[i]
		if m.start >= r.sub.Cursor() || r.ends && i >= r.limit {
			return
		}
		hidden := m.skip || m.author != 0 && (m.author == r.self || i < r.ignored[m.author])
		r.visible = append(r.visible, !hidden)
	}
}

func (r *reading) end() int { return r.first + len(r.visible) }

// next returns the first message at place i or later that the reader is to see.
func (r *reading) next(i int) int {
	for i < r.end() && !r.visible[i-r.first] {
		i++
	}
	return i
}

// A write is something written to a member's connection: when it arrives, these
// readings have reached these places, and then another one may begin.
type write struct {
	gates []gate
	start *reading
}

type gate struct {
	r  *reading
	at int
}

// A stream checks what a member received against what it should have.
type stream struct {
	m       *member
	reading [topics]*reading
	writes  int
}

// check goes through all that m received.
func (m *member) check() error {
	s := &stream{m: m}
	rest := m.got
	for len(rest) > 0 {
		var err error
		at := len(m.got) - len(rest)
		if rest, err = s.step(rest); errors.Is(err, errCut) && m.dead {
			return nil
		} else if err != nil {
			return fmt.Errorf("at byte %d of %d: %w", at, len(m.got), err)
		}
	}
	if m.dead {
		return nil
	}
	if s.writes != len(m.writes) {
		return fmt.Errorf("%d of %d writes arrived", s.writes, len(m.writes))
	}
	for _, g := range m.until {
		if !g.r.lagging && (g.r.next(g.r.hi) < g.at || g.r.behind && !g.r.told) {
			return fmt.Errorf("topic %d ended before %d, at %d to %d", g.r.topic.number, g.at, g.r.lo, g.r.hi)
		}
	}
	return nil
}

// step checks one frame or mark.
func (s *stream) step(p []byte) ([]byte, error) {
	if p[0]&mark != 0 {
		return s.mark(p)
	}
	kind, topic, number, rest, err := parse(p)
	if err != nil {
		return nil, err
	}
	if kind == frameWrite {
		return rest, s.write(number)
	}
	if topic >= topics || s.reading[topic] == nil {
		return nil, fmt.Errorf("something of topic %d, which it does not read", topic)
	}
	if kind == frameNotice {
		return rest, s.reading[topic].notice(number)
	}
	return rest, s.reading[topic].message(number)
}

func (s *stream) mark(p []byte) ([]byte, error) {
	topic := int(p[0]>>5) & 3
	if topic >= topics || s.reading[topic] == nil {
		return nil, fmt.Errorf("a mark of topic %d, which it does not read", topic)
	}
	r := s.reading[topic]
	number := r.next(r.lo)
	if r.topic.window < hugeWindow { // it may have lagged, and then all marks have two bytes
		if len(p) < 2 {
			return nil, errCut
		}
		number = int(p[0]&31) | int(p[1])<<5
	}
	if number >= r.end() || r.topic.messages[number].size >= frameLeast {
		return nil, fmt.Errorf("a mark of topic %d for message %d", topic, number)
	}
	want := frame(frameMessage, topic, number, r.topic.messages[number].size)
	if len(p) < len(want) {
		return nil, errCut
	}
	if !slices.Equal(p[:len(want)], want) {
		return nil, fmt.Errorf("mark % x of topic %d, want % x", p[:len(want)], topic, want)
	}
	return p[len(want):], r.message(number)
}

func (s *stream) write(number int) error {
	if number != s.writes {
		return fmt.Errorf("write %d instead of %d", number, s.writes)
	}
	if number >= len(s.m.writes) {
		return fmt.Errorf("write %d, of %d", number, len(s.m.writes))
	}
	s.writes++
	w := s.m.writes[number]
	for _, g := range w.gates {
		r := g.r
		if r.seen > g.at {
			return fmt.Errorf("write %d came after message %d of topic %d, later than %d", number, r.seen-1, r.topic.number, g.at)
		}
		if at := min(g.at, r.end()); r.next(r.hi) < at && !r.lagging {
			return fmt.Errorf("write %d overtook message %d of topic %d", number, r.next(r.hi), r.topic.number)
		}
	}
	if r := w.start; r != nil {
		s.reading[r.topic.number] = r
		r.lo, r.hi, r.seen = r.first, r.first, r.first
	}
	return nil
}

func (r *reading) message(number int) error {
	if number < r.lo || number >= r.end() {
		return fmt.Errorf("message %d of topic %d instead of %d to %d", number, r.topic.number, r.lo, r.hi)
	}
	if !r.visible[number-r.first] {
		return fmt.Errorf("message %d of topic %d, which it was to skip", number, r.topic.number)
	}
	if next := r.next(min(r.hi, number)); next != number {
		return fmt.Errorf("message %d of topic %d, and not %d", number, r.topic.number, next)
	}
	if r.behind && !r.told {
		return fmt.Errorf("message %d of topic %d without a notice", number, r.topic.number)
	}
	r.lo, r.hi, r.seen = number+1, number+1, number+1
	return nil
}

// notice moves the reader on. Where it starts and ends is known, except for
// messages that it would have skipped anyway.
func (r *reading) notice(missed int) error {
	switch first := !r.told; {
	case r.topic.window >= hugeWindow && !r.behind:
		return fmt.Errorf("lag in topic %d, which keeps everything", r.topic.number)
	case r.behind && first && missed == 0:
		r.hi = math.MaxInt / 2 // it may have been moved on before it was told
	case missed == 0:
		return fmt.Errorf("a notice in topic %d of nothing missed", r.topic.number)
	default:
		r.hi = r.next(r.hi) + missed
		r.lo += missed
	}
	r.told = true
	return nil
}
