package netloop

import (
	"errors"
	"testing"

	"github.com/sudoXpg/netloop/eventloop"
	"github.com/sudoXpg/netloop/eventloop/sim"
)

var errBroken = errors.New("broken")

// table has one backend for each letter: one that is unsupported, one that is
// broken, and those that work.
func table(t *testing.T, letters string) (all []BackendInfo) {
	for _, letter := range letters {
		open := func() (eventloop.Backend, error) { return sim.New(sim.Options{}).Open() }
		switch letter {
		case 'u':
			open = func() (eventloop.Backend, error) { return nil, errors.ErrUnsupported }
		case 'b':
			open = func() (eventloop.Backend, error) { return nil, errBroken }
		}
		all = append(all, BackendInfo{Name: string(letter), Open: open})
	}
	return all
}

func TestTheFirstBackendThatIsSupportedIsChosen(t *testing.T) {
	for _, c := range []struct {
		table, name, want string
		err               error
	}{
		{"xy", "", "x", nil},
		{"uxy", "", "x", nil},
		{"bx", "", "", errBroken}, // a broken backend is reported, not replaced by a worse one
		{"uu", "", "", errors.ErrUnsupported},
		{"", "", "", ErrNoBackend},
		{"xy", "y", "y", nil},
		{"xy", "z", "", ErrNoBackend},
		{"ux", "u", "u", nil}, // by name: that one or none
	} {
		b, err := choose(table(t, c.table), c.name)
		if b.Name != c.want || !errors.Is(err, c.err) {
			t.Errorf("choose %q from %q: %q, %v, want %q, %v", c.name, c.table, b.Name, err, c.want, c.err)
		}
	}
	if _, err := New(Options{Backend: "nonesuch"}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("New on no backend: %v", err)
	}
}
