package osutil

// GiveToOwner does nothing here: new files have the rights of their folder.
func GiveToOwner(string, ...string) error { return nil }
