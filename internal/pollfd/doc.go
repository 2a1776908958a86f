// Package pollfd is the backend of every Unix system: poll(2). Each Wait costs
// time in proportion to the handles registered, so it is the last choice where
// the system has anything better.
package pollfd
