package admin

import "errors"

// The errors of listenLocal and dialLocal, with osutil.ErrSomebodyListens.
var (
	// errNobodyListens: there is nothing at the address, or only a socket that
	// a dead process has left.
	errNobodyListens = errors.New("nobody listens there")
	// errNotOurs: the socket at the address belongs to another user, or this
	// user has no access.
	errNotOurs = errors.New("it belongs to another user")
)
