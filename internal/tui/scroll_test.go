//go:build !aix

package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sudoXpg/netloop/internal/chatstate"
	"github.com/sudoXpg/netloop/internal/client"
)

// Whatever is scrolled, added and dropped, the screen shows a part of the conversation in one
// piece, and is full if the conversation is long enough.
func TestTheScreenShowsAPieceOfTheConversation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chat := &chatstate.Chat{}
		room := chat.Room("#tea")
		var s scroll
		next := uint64(10_000)
		add := func(id uint64, text string) {
			chat.Apply(client.Message{Room: "#tea", ID: id, Place: client.Place{Epoch: 1, Seq: id}, From: "bob", Text: text})
		}
		c := func() content {
			items := room.Items()
			return content{n: len(items), rows: func(n int) []string {
				var rows []string
				for line := range strings.SplitSeq(items[n].Text, "\n") {
					rows = append(rows, fmt.Sprint(items[n].ID, line))
				}
				return rows
			}}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			height := rapid.IntRange(1, 12).Draw(t, "height")
			s.move(room, c(), height, 0)
			wasStuck := s.stuck()
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				for range rapid.IntRange(1, 10).Draw(t, "new") {
					next++
					add(next, strings.Repeat("\n", rapid.IntRange(0, 5).Draw(t, "rows")))
				}
				if s.stuck() != wasStuck {
					t.Fatal("a new message scrolls")
				}
			case 1:
				s.move(room, c(), height, -rapid.IntRange(1, 30).Draw(t, "up"))
			case 2:
				s.move(room, c(), height, rapid.IntRange(1, 30).Draw(t, "down"))
			case 3:
				add(uint64(rapid.IntRange(1, 9999).Draw(t, "older")), "")
			case 4:
				if items := room.Items(); len(items) > 0 {
					i := items[rapid.IntRange(0, len(items)-1).Draw(t, "item")]
					s.reveal(room, c(), height, i, rapid.Bool().Draw(t, "center"))
					if !slices.Contains(s.render(room, c(), height), fmt.Sprint(i.ID)) && len(c().rows(room.Index(i))) <= height {
						t.Fatalf("%d is not visible", i.ID)
					}
				}
			case 5:
				chat.Apply(client.Rollback{Room: "#tea", Epoch: 1, KeptTo: next - uint64(rapid.IntRange(0, 5).Draw(t, "lost"))})
			}
			var all []string
			for n := range room.Items() {
				all = append(all, c().rows(n)...)
			}
			got := s.render(room, c(), height)
			if len(got) != min(height, len(all)) {
				t.Fatalf("%d rows of %d on a screen of %d", len(got), len(all), height)
			}
			if s.stuck() && !slices.Equal(got, all[len(all)-len(got):]) {
				t.Fatalf("not the end: %q of %q", got, all)
			}
			if !contains(all, got) {
				t.Fatalf("not one piece: %q of %q", got, all)
			}
		}
	})
}

func contains(all, piece []string) bool {
	for n := 0; n+len(piece) <= len(all); n++ {
		if slices.Equal(all[n:n+len(piece)], piece) {
			return true
		}
	}
	return false
}

// long returns a screen with a conversation of so many messages.
func long(t *testing.T, n int) *screen {
	s := newScreen(t, 130, 40)
	for range n / 500 {
		var batch []client.Event
		for range 500 {
			batch = append(batch, s.message("bob", "A line as people write it, with about as many words as this one has."))
		}
		s.happen(batch...)
	}
	return s
}

func TestALongConversationCostsNoMoreThanAShortOne(t *testing.T) {
	count := func(s *screen) (rows int) {
		c := s.content(s.active)
		counted := content{n: c.n, rows: func(n int) []string { rows++; return c.rows(n) }}
		v := s.view(s.active)
		v.render(s.active, counted, s.logHeight)
		v.move(s.active, counted, s.logHeight, -10)
		v.render(s.active, counted, s.logHeight)
		return rows
	}
	short, all := count(long(t, 1000)), count(long(t, chatstate.MaxItems))
	if all != short {
		t.Errorf("%d items are written with %d messages, %d with 1000", all, chatstate.MaxItems, short)
	}
}

// The time of one message in a conversation of 100,000, and of the screen after it.
func BenchmarkFrame(b *testing.B) {
	s := long(&testing.T{}, chatstate.MaxItems)
	for b.Loop() {
		s.happen(s.message("bob", "A line as people write it, with about as many words as this one has."))
		s.View()
	}
}

// The longest of 100 frames (p99) of a conversation of 100,000 with 200 new messages in a second.
func BenchmarkFlood(b *testing.B) {
	s := long(&testing.T{}, chatstate.MaxItems)
	var took []time.Duration
	for b.Loop() {
		var list []client.Event
		for range 200 * frame / time.Second {
			list = append(list, s.message("bob", "A line as people write it, with about as many words as this one has."))
		}
		begun := time.Now()
		s.happen(list...)
		s.View()
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns/frame")
}
