// Package kqueue is the backend of macOS and the BSDs: kqueue(2),
// level-triggered.
package kqueue
