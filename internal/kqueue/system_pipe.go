//go:build netbsd || openbsd

package kqueue

import "math"

// userFilter is not a filter of these systems, and their dialects do not use it.
const userFilter = math.MaxInt16
