package osutil

import "errors"

// The errors of ListenLocal and DialLocal, to be told apart with errors.Is.
var (
	// ErrNobodyListens: there is nothing at the address, or what a process left
	// behind that is gone.
	ErrNobodyListens = errors.New("nobody listens there")
	// ErrSomebodyListens: another process serves the address.
	ErrSomebodyListens = errors.New("another process listens there")
	// ErrNotOurs: what is at the address belongs to another user, or this user
	// may not get there.
	ErrNotOurs = errors.New("it belongs to another user")
)
