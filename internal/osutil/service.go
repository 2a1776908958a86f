package osutil

import (
	"errors"
	"fmt"
)

// ErrNoServices is returned where there is no service control manager.
var ErrNoServices = errors.New("only Windows has services of this kind (elsewhere: docs/operating.md, \"Run as a service\")")

// A Service describes a program to the service control manager of Windows.
type Service struct {
	Name        string
	Description string
	// Args are the arguments that it is started with.
	Args []string
}

// A ServiceEndedError means that a service has ended before it was ready.
type ServiceEndedError struct {
	// Code is its exit code.
	Code uint32
	// Command is the command that started it.
	Command string
}

func (e *ServiceEndedError) Error() string {
	return fmt.Sprintf("it ended at once, with exit code %d", e.Code)
}
