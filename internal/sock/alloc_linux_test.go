package sock

import (
	"io"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sudoXpg/netloop/eventloop"
)

// The path of a line allocates nothing, even when there is nothing to do.
func TestHotPathDoesNotAllocate(t *testing.T) {
	client, server := connected(t, "tcp", ":0")
	p := make([]byte, 64)
	allocFree(t, "Write and Read", func() error {
		if _, err := (Net{}).Write(client, p); err != nil {
			return err
		}
		_, err := Net{}.Read(server, p)
		return err
	}, nil)
	allocFree(t, "Read of nothing", func() error {
		_, err := Net{}.Read(server, p)
		return err
	}, eventloop.ErrWouldBlock)

	// Not TCP: its buffers may grow once more, and by themselves.
	client, _ = connected(t, "unix", filepath.Join(t.TempDir(), "s"))
	big := make([]byte, 1<<20)
	for {
		if _, err := (Net{}).Write(client, big); err == eventloop.ErrWouldBlock {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	allocFree(t, "Write without room", func() error {
		_, err := Net{}.Write(client, big)
		return err
	}, eventloop.ErrWouldBlock)
}

func TestReadOfTheEndDoesNotAllocate(t *testing.T) {
	client, server := connected(t, "tcp4", "127.0.0.1:0")
	if err := (Net{}).CloseWrite(client); err != nil {
		t.Fatal(err)
	}
	awaitReadable(t, server)
	allocFree(t, "Read of the end", func() error {
		_, err := Net{}.Read(server, make([]byte, 8))
		return err
	}, io.EOF)
}

func TestAcceptDoesNotAllocate(t *testing.T) {
	for _, at := range [][2]string{{"tcp4", "127.0.0.1:0"}, {"tcp", ":0"}} {
		ln, address := listener(t, at[0], at[1])
		const runs = 50
		for range runs + 1 { // AllocsPerRun runs once more, to warm up
			c, err := Net{}.Dial(at[0], address)
			if err != nil {
				t.Fatal(err)
			}
			defer closeHandle(t, c)
		}
		n := testing.AllocsPerRun(runs, func() {
			h, peer, err := Net{}.Accept(ln)
			if err != nil || !peer.IsValid() || peer.Addr().Is4In6() {
				t.Errorf("Accept: %v, %v", peer, err)
			}
			unix.Close(int(h))
		})
		if n != 0 {
			t.Errorf("Accept on %s allocates %v times", at[0], n)
		}
		allocFree(t, "Accept with nobody there", func() error {
			_, _, err := Net{}.Accept(ln)
			return err
		}, eventloop.ErrWouldBlock)
	}
}

// allocFree fails the test if f allocates or ends with another error than want.
func allocFree(t *testing.T, what string, f func() error, want error) {
	t.Helper()
	n := testing.AllocsPerRun(100, func() {
		if err := f(); err != want {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	})
	if n != 0 {
		t.Errorf("%s allocates %v times", what, n)
	}
}
