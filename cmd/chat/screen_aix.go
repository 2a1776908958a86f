package main

import (
	"context"
	"errors"

	"github.com/sudoXpg/netloop/internal/client"
)

// Bubble Tea does not build for AIX: chat writes lines there.
func (p program) wantsScreen(*options) bool { return false }

func (p program) screen(context.Context, *client.Client, *options) error {
	return errors.ErrUnsupported
}
