// Package socktest helps to test what uses descriptors: it finds leaks, runs a
// test with few descriptors to have, and tests what every backend over
// descriptors does besides its contract. For tests only.
package socktest
