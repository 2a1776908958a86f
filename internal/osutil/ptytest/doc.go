// Package ptytest opens pseudo-terminals for tests, on Linux. For tests only.
package ptytest
