package chat

import (
	"runtime"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Setting a role at the same time undoes neither a mute nor its end.
func TestAMuteIsNotLostWhileARoleIsSet(t *testing.T) {
	var m Member
	var setting sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		setting.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				for range 1000 {
					m.setRole(User)
					m.setRole(Moderator)
				}
				runtime.Gosched()
			}
		})
	}
	for i := range 20_000 {
		m.mark(muted)
		runtime.Gosched() // so that others can finish what they have begun
		if !m.marked(muted) {
			t.Errorf("mute %d is lost", i)
			break
		}
		m.unmark(muted)
		runtime.Gosched()
		if m.marked(muted) {
			t.Errorf("the end of mute %d is lost", i)
			break
		}
	}
	close(stop)
	setting.Wait()
}

// The current room is kept only if it is not the one of the first seat.
func TestTheCurrentRoomIsTheOneChosenLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rooms := []*Room{{name: "#a"}, {name: "#b"}, {name: "#c"}}
		var m Member
		var in []*Room // in order
		var current *Room
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) {
				r := rapid.SampledFrom(rooms).Draw(t, "room")
				if m.in(r) != nil {
					return
				}
				m.sit().room = r
				m.talkIn(r)
				in, current = append(in, r), r
			},
			"choose": func(t *rapid.T) {
				if len(in) == 0 {
					return
				}
				current = rapid.SampledFrom(in).Draw(t, "room")
				m.talkIn(current)
			},
			"leave": func(t *rapid.T) {
				if len(in) == 0 {
					return
				}
				r := rapid.SampledFrom(in).Draw(t, "room")
				in = without(in, r)
				if r == current {
					if current = nil; len(in) > 0 {
						current = in[0]
					}
				}
				m.stand(m.in(r))
				m.talkIn(current)
			},
			"": func(t *rapid.T) {
				if m.Room() != current {
					t.Fatalf("the current room is %v, want %v", m.Room(), current)
				}
				var got []*Room
				for _, s := range m.seats() {
					got = append(got, s.room)
				}
				if !slices.Equal(got, in) {
					t.Fatalf("the seats are in %v, want %v", got, in)
				}
			},
		})
	})
}
