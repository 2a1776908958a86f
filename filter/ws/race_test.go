//go:build race

package ws_test

// sync.Pool drops items at random under the race detector.
const raceEnabled = true
