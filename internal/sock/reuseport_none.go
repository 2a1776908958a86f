//go:build !linux && !freebsd && !dragonfly

package sock

import (
	"errors"
	"fmt"
)

// setReusePort fails: SO_REUSEPORT on these systems, if they have it, does not
// distribute connections.
func setReusePort(descriptor) error {
	return fmt.Errorf("sock: several listeners on one port: %w", errors.ErrUnsupported)
}
