package eventloop

const (
	pageSize  = 256
	firstSize = 8
)

// A vector is a slice that grows by pages: with an entry for each of many
// thousand connections it leaves no outgrown copies behind, and no turn pays
// for moving all of it. The first page starts small: most topics have few
// readers. A pointer from at is good until the next push.
type vector[E any] struct {
	pages [][]E
	n     int
}

func (v *vector[E]) len() int { return v.n }

func (v *vector[E]) at(i int) *E { return &v.pages[i/pageSize][i%pageSize] }

func (v *vector[E]) push(e E) {
	switch {
	case v.n == 0 && len(v.pages) == 0:
		v.pages = append(v.pages, make([]E, firstSize))
	case v.n == len(v.pages)*pageSize:
		v.pages = append(v.pages, make([]E, pageSize))
	case v.n == len(v.pages[0]):
		v.pages[0] = append(v.pages[0], make([]E, v.n)...)
	}
	v.n++
	*v.at(v.n - 1) = e
}

// pop removes the last entry, and its page if that leaves two empty.
func (v *vector[E]) pop() {
	v.n--
	clear(v.pages[v.n/pageSize][v.n%pageSize:][:1])
	if last := len(v.pages) - 1; v.n <= (last-1)*pageSize {
		v.pages[last] = nil
		v.pages = v.pages[:last]
	}
}
