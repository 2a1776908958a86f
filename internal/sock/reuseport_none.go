//go:build !linux && !freebsd && !dragonfly

package sock

import (
	"errors"
	"fmt"
)

// setReusePort fails: what these systems call SO_REUSEPORT, if they have it,
// does not spread connections.
func setReusePort(descriptor) error {
	return fmt.Errorf("sock: several listeners on one port: %w", errors.ErrUnsupported)
}
