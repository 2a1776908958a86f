package main

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sudoXpg/netloop/internal/bench"
)

func TestFlagsSetTheConfig(t *testing.T) {
	c, file, err := parse([]string{"-mode", "open", "-rate", "50.5", "-login", "classic", "-clients", "7", "-stalled", "2", "-duration", "1s", "-json", "x.json"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.Mode != bench.Open || c.Rate != 50.5 || c.Login != bench.LoginClassic || c.Clients != 7 || c.Stalled != 2 || c.Duration != time.Second || file != "x.json" {
		t.Errorf("%+v, %q", c, file)
	}
}

func TestWrongUsageIsDistinguishedFromAFailure(t *testing.T) {
	for _, arg := range []string{"9034", "-nonsense", "-clients=many"} {
		err := run([]string{arg}, io.Discard)
		if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), strings.TrimPrefix(arg, "-clients=")) {
			t.Errorf("%s: error %v", arg, err)
		}
	}
}

func TestHelpNamesEveryFlagAndIsNotAnError(t *testing.T) {
	var b strings.Builder
	if _, _, err := parse([]string{"-help"}, &b); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{"-addr", "-pid", "-mode", "-login", "-clients", "-senders", "-inflight", "-rate", "-size", "-stalled", "-apart", "-people", "-websocket", "-deflate", "-warmup", "-duration", "-json"} {
		if !strings.Contains(b.String(), name) {
			t.Errorf("no %s in the help", name)
		}
	}
}
