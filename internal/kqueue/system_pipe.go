//go:build netbsd || openbsd

package kqueue

import "math"

// userFilter is no filter of these systems, and of no use in their dialects.
const userFilter = math.MaxInt16
