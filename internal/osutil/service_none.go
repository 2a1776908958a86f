//go:build !windows

package osutil

import (
	"os"
	"time"
)

// RunService returns ErrNoServices.
func RunService(func(stop <-chan os.Signal, ready func()) int) error { return ErrNoServices }

// Install returns ErrNoServices.
func (Service) Install() error { return ErrNoServices }

// Remove returns ErrNoServices.
func (Service) Remove() error { return ErrNoServices }

// Start returns ErrNoServices.
func (Service) Start(time.Duration) error { return ErrNoServices }

// Stop returns ErrNoServices.
func (Service) Stop(time.Duration) error { return ErrNoServices }
