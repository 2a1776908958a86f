package main

import (
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
	all := netloop.Backends()
	if len(all) == 0 {
		return netloop.BackendInfo{}, fmt.Errorf("there is no event-loop backend for %s/%s yet", runtime.GOOS, runtime.GOARCH)
	}
	names := make([]string, len(all))
	for i, b := range all {
		if name == "" || b.Name == name {
			return b, nil
		}
		names[i] = b.Name
	}
	hint := ""
	if near, ok := nearest.Find(name, names); ok {
		hint = "; did you mean " + near + "?"
	}
	return netloop.BackendInfo{}, &config.UsageError{
		Where:   "--backend",
		Problem: fmt.Sprintf("%q is no backend of %s (%s%s)", name, runtime.GOOS, strings.Join(names, ", "), hint),
	}
}
