package server

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the time zones, for systems that have none: Windows

	"github.com/sudoXpg/netloop/internal/chat"
)

// maxZones is how many time zones are loaded at most: there are about 600.
const maxZones = 1000

// zones are the time zones in use. They are read from files by Load, so that nothing
// on a loop waits for a disk.
type zones struct {
	mu    sync.RWMutex // guards what follows
	known map[string]*time.Location
}

var _ chat.Zones = (*zones)(nil)

// Known implements chat.Zones.
func (z *zones) Known(name string) *time.Location {
	if name == "" || strings.EqualFold(name, "UTC") {
		return time.UTC
	}
	z.mu.RLock()
	defer z.mu.RUnlock()
	return z.known[name]
}

// Load implements chat.Zones.
func (z *zones) Load(name string) {
	if name == "Local" || z.Known(name) != nil {
		return
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.known[name] == nil && len(z.known) < maxZones { // always the same one
		z.known[name] = location
	}
}
