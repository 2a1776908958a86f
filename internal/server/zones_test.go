package server

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestATimeZoneIsKnownOnceItIsLoaded(t *testing.T) {
	z := &zones{known: make(map[string]*time.Location)}
	const berlin = "Europe/Berlin"
	if z.Known(berlin) != nil {
		t.Fatal("known before it is loaded")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { z.Load(berlin) })
	}
	all.Wait()
	first := z.Known(berlin)
	if z.Load(berlin); first == nil || z.Known(berlin) != first {
		t.Errorf("%v, then %v", first, z.Known(berlin))
	}
	for _, none := range []string{"Local", "nowhere", "../etc/passwd", "Europe/Berlin\x00"} {
		if z.Load(none); z.Known(none) != nil {
			t.Errorf("%q is a time zone", none)
		}
	}
	if z.Known("") != time.UTC || z.Known("utc") != time.UTC {
		t.Error("UTC has to be loaded")
	}
}

func TestTimeZonesAreBounded(t *testing.T) {
	z := &zones{known: make(map[string]*time.Location)}
	for i := range maxZones {
		z.known[fmt.Sprint(i)] = time.UTC
	}
	if z.Load("Europe/Berlin"); len(z.known) != maxZones || z.Known("Europe/Berlin") != nil {
		t.Errorf("%d are known", len(z.known))
	}
}
