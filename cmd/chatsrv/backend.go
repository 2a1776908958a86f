package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/sudoXpg/netloop"
	"github.com/sudoXpg/netloop/internal/config"
	"github.com/sudoXpg/netloop/internal/nearest"
)

// listBackends prints the backends of this platform, best first.
func listBackends(w io.Writer) error {
	for _, b := range netloop.Backends() {
		if _, err := fmt.Fprintf(w, "%-8s %s\n", b.Name, b.Note); err != nil {
			return err
		}
	}
	return nil
}

// findBackend returns the backend called name, the best one for "".
func findBackend(name string) (netloop.BackendInfo, error) {
	b, err := netloop.Choose(name)
	if name == "" || !errors.Is(err, netloop.ErrNoBackend) {
		return b, err
	}
	var names []string
	for _, b := range netloop.Backends() {
		names = append(names, b.Name)
	}
	hint := ""
	if near, ok := nearest.Find(name, names); ok {
		hint = "; did you mean " + near + "?"
	}
	return netloop.BackendInfo{}, &config.UsageError{
		Where:   "--backend",
		Problem: fmt.Sprintf("%q is not a backend on %s (%s%s)", name, runtime.GOOS, strings.Join(names, ", "), hint),
	}
}
