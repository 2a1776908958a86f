// Package duration reads spans of time as people write them: 30s, 1h30m, 2d,
// "5 minutes". It is the one parser for flags, settings and commands.
//
// The package is pure.
package duration
