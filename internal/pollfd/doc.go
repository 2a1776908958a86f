// Package pollfd is the backend that every system has: poll(2), and WSAPoll on
// Windows. Each Wait costs time in proportion to the handles that are watched, so
// it is the last choice where the system has anything better.
//
// WSAPoll does not tell of a Dial that was refused before Windows 10, version
// 2004: it ends with the loop's DialTimeout there.
package pollfd
