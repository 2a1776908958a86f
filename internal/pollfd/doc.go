// Package pollfd is the backend that every system has: poll(2), and WSAPoll on
// Windows. Each Wait costs time in proportion to the number of watched handles,
// so it is the last choice where the system has anything better.
//
// Before Windows 10, version 2004, WSAPoll does not report a Dial that was
// refused: it ends with the loop's DialTimeout.
package pollfd
