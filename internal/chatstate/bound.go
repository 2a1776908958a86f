package chatstate

import "strings"

// Limits of what is in memory, whatever the server sends. A server of ours lets a user into 16
// rooms.
const (
	// MaxItems is how many items are in memory, in all conversations together. Beyond that, the
	// oldest of the longest conversation are dropped; the server has them.
	MaxItems = 100_000
	// MaxBytes is how many bytes their texts have.
	MaxBytes = 64 << 20
	// MaxRooms is how many rooms are known; further ones are ignored.
	MaxRooms = 250
	// MaxPeople is how many private conversations are open. Another one takes the place of the
	// one in which nothing was said for the longest time.
	MaxPeople = 250
	// MaxMembers is how many people of a room are known.
	MaxMembers = 1000

	trimmed   = MaxItems / 50 // how many items are dropped at a time, at most
	maxName   = 256           // bytes of the name of a room
	maxOthers = 1_000_000     // people who are not known
)

// Room returns a room. It is added if it is not there. It is nil if that is not the name of a
// room, or if there are too many.
func (c *Chat) Room(name string) *Room {
	if r := c.rooms[name]; r != nil {
		return r
	}
	if rooms, _ := c.count(); rooms >= MaxRooms || len(name) < 2 || len(name) > maxName || name[0] != '#' || strings.Contains(name, " ") {
		return nil
	}
	return c.insert(&Room{Name: name, Older: true})
}

// Person returns the conversation with a person. It is added if it is not there.
func (c *Chat) Person(name string) *Room {
	if r := c.rooms[key(name)]; r != nil {
		return r
	}
	if _, people := c.count(); people >= MaxPeople {
		var oldest *Room
		for _, r := range c.rooms {
			if r.Person && r != c.Shown && (oldest == nil || r.used < oldest.used) {
				oldest = r
			}
		}
		c.Close(oldest)
	}
	r := c.insert(&Room{Name: name, Person: true})
	c.use(r)
	return r
}

func (c *Chat) insert(r *Room) *Room {
	if c.rooms == nil {
		c.rooms = make(map[string]*Room)
	}
	c.rooms[r.Key()] = r
	return r
}

// count returns how many conversations there are.
func (c *Chat) count() (rooms, people int) {
	for _, r := range c.rooms {
		if r.Person {
			people++
		} else {
			rooms++
		}
	}
	return rooms, people
}

// use records that something happens in the conversation with a person.
func (c *Chat) use(r *Room) {
	c.uses++
	r.used = c.uses
}

// Add adds an item of this client to a conversation, after all others.
func (c *Chat) Add(r *Room, i *Item) {
	r.Add(i)
	c.bytes += i.bytes()
	c.bound(r, false)
}

func (i *Item) bytes() int { return len(i.Text) + len(i.From) }

// bound drops what is too much: of room r the newest items if newest is set, otherwise the
// oldest of the longest conversation.
func (c *Chat) bound(r *Room, newest bool) {
	for total, longest := c.longest((*Room).length); total > MaxItems; total, longest = c.longest((*Room).length) {
		if newest && len(r.items) > trimmed {
			clear(r.items[len(r.items)-trimmed:])
			r.items = r.items[:len(r.items)-trimmed]
			r.Detached = true
			continue
		}
		longest.trim()
	}
	if c.bytes <= MaxBytes {
		return
	}
	var longest *Room
	for c.bytes, longest = c.longest((*Room).bytes); c.bytes > MaxBytes; c.bytes, longest = c.longest((*Room).bytes) {
		longest.trim()
	}
}

// longest returns the conversation that has most of something, and how much all have.
func (c *Chat) longest(measure func(*Room) int) (total int, longest *Room) {
	most := -1
	for _, r := range c.rooms {
		n := measure(r)
		total += n
		if n > most {
			most, longest = n, r
		}
	}
	return total, longest
}

func (r *Room) length() int { return len(r.items) }

func (r *Room) bytes() (n int) {
	for _, i := range r.items {
		n += i.bytes()
	}
	return n
}

// others returns a number of people as it can be.
func others(n int) int { return max(0, min(n, maxOthers)) }
