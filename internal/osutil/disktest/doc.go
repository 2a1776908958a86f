// Package disktest gives tests a small disk of their own, which they can fill or make
// read-only. It needs Linux.
package disktest
