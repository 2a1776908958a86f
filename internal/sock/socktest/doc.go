// Package socktest helps to test code that uses descriptors: it finds leaks,
// runs a test with few descriptors, and tests backends over descriptors beyond
// their contract. For tests only.
package socktest
