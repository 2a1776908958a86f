//go:build !linux

package bench

import (
	"errors"
	"fmt"
)

// Run needs epoll and Linux's /proc; here it returns an error.
func Run(Config) (Result, error) {
	return Result{}, fmt.Errorf("bench: the load generator needs Linux (epoll, /proc): %w", errors.ErrUnsupported)
}
