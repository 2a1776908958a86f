package names

// A Packed is a Name in one string, for packages that hold many names. Forms that are the
// same are stored once.
type Packed struct {
	all           string // Display, then Key and Skeleton, if they differ
	key, skeleton uint32 // where they begin
}

// Pack returns n packed. None of its forms may be empty, unless all are.
func (n Name) Pack() Packed {
	p := Packed{all: n.Display}
	if n.Key != n.Display {
		p.key = uint32(len(p.all))
		p.all += n.Key
	}
	p.skeleton = p.key
	if n.Skeleton != n.Key {
		p.skeleton = uint32(len(p.all))
		p.all += n.Skeleton
	}
	return p
}

// Name returns the name. Nothing is copied.
func (p Packed) Name() Name { return Name{p.Display(), p.Key(), p.Skeleton()} }

// Display is Name.Display.
func (p Packed) Display() string {
	if p.key > 0 {
		return p.all[:p.key]
	}
	return p.Key()
}

// Key is Name.Key.
func (p Packed) Key() string {
	if p.skeleton > p.key {
		return p.all[p.key:p.skeleton]
	}
	return p.all[p.key:]
}

// Skeleton is Name.Skeleton.
func (p Packed) Skeleton() string { return p.all[p.skeleton:] }
