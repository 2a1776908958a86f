package osutil

// IgnoreBackgroundReads does nothing: there are no jobs here.
func IgnoreBackgroundReads() {}
