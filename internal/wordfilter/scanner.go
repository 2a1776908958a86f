package wordfilter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// ring is how many symbols back a match may begin; a power of two.
	ring = 4 * MaxLetters
	// minSpelled is how many single letters in a row make a spelled-out word.
	minSpelled = 3
	// maxGap is how many bytes may be between two letters of a spelled-out word.
	maxGap = 4
	// stretched is how many equal letters in a row match any number of them.
	// Digits in a list are exact: 1000 is not 10.
	stretched = 3
)

// A scanner searches a text for the patterns of a list.
type scanner struct {
	list *List
	text string
	hits []hit
}

// scan searches the text. It reports whether there are signs in it that can be
// read in two ways.
func (s *scanner) scan(how signs) bool {
	t := tokenizer{reader: reader{text: s.text, signs: how}}
	w := walk{scanner: s, how: how}
	var row spelled
	for k, ok := t.next(); ok; k, ok = t.next() {
		if k.r != ' ' {
			row.letter(k)
		} else if end := row.space(t.text); end {
			s.spell(&row, how)
		}
		w.step(k)
	}
	if row.flush() {
		s.spell(&row, how)
	}
	return t.sawSign
}

// spell searches a row of single letters as one word.
func (s *scanner) spell(row *spelled, how signs) {
	text := s.text[row.found.start:row.found.end]
	t := tokenizer{reader: reader{text: text, signs: how}, joined: true}
	w := walk{scanner: s, base: row.found.start, how: how, joined: true}
	for k, ok := t.next(); ok; k, ok = t.next() {
		w.step(k)
	}
}

// A walk is the path of a text, or of a row in it, through the trie.
type walk struct {
	*scanner
	base   int // where it begins in the text
	how    signs
	joined bool

	at     uint32
	last   rune // symbol
	count  int  // of symbols
	end    int  // of the last letter
	starts [ring]int32
}

func (w *walk) step(k token) {
	symbol := class(k.r)
	if k.r != ' ' {
		w.end = k.end
	}
	if symbol == w.last {
		return
	}
	w.last = symbol
	w.starts[w.count%ring] = int32(k.start)
	w.count++
	t := &w.list.trie
	w.at = t.step(w.at, symbol)
	if symbol != ' ' {
		return
	}
	n := w.at
	if t.nodes[n].found < 0 {
		n = t.nodes[n].dict
	}
	for ; n != 0; n = t.nodes[n].dict {
		for p := t.nodes[n].found; p >= 0; p = t.same[p] {
			w.found(int(p))
		}
	}
}

// found adds a hit of pattern p, which ends at the last symbol, if its letters
// match and not only its symbols.
func (w *walk) found(p int) {
	pattern := &w.list.patterns[p]
	first := w.count - len(pattern.symbols) + 1 // after the ' '
	start := w.base + int(w.starts[first%ring])
	end := w.base + w.end
	t := tokenizer{reader: reader{text: w.text[start:end], signs: w.how}, joined: w.joined}
	if !pattern.reads(&t) {
		return
	}
	// The marks on its last letter belong to the word.
	for end < len(w.text) {
		c, size := utf8.DecodeRuneInString(w.text[end:])
		if !unicode.Is(unicode.Mn, c) || !isUnseen(c) {
			break
		}
		end += size
	}
	w.hits = append(w.hits, hit{start, end, p})
}

// reads reports whether t, which has the symbols of the pattern, also has its letters.
func (p *pattern) reads(t *tokenizer) bool {
	t.next() // ' '
	rest := p.letters
	digits, others := 0, 0
	for k, ok := t.next(); len(rest) > 0; {
		// A row of letters of one class.
		symbol, size := class(rest[0]), 1
		for size < len(rest) && class(rest[size]) == symbol {
			size++
		}
		m := rowMatch{letters: rest[:size], exact: p.action == allow}
		for ; ok && class(k.r) == symbol; k, ok = t.next() {
			if '0' <= k.r && k.r <= '9' && rest[0] >= 'a' {
				digits++
			} else if k.r != ' ' {
				others++
			}
			m.add(k.r)
		}
		if !m.ok() {
			return false
		}
		rest = rest[size:]
	}
	return digits == 0 || others >= 2 || digits <= others
}

// A rowMatch compares the letters of a word that are of one class and follow each
// other with those of a text.
type rowMatch struct {
	letters []rune
	exact   bool // letters match only themselves

	count   int  // of the text's letters
	differs bool // from letters, one by one
	torn    bool // from letters, each of them stretched
	next    int  // of letters, each of them stretched
	last    rune // of the text
	same    int  // of the text's letters in a row that are the last
	extra   bool // there are more of them than in letters
}

func (m *rowMatch) add(c rune) {
	if m.count >= len(m.letters) || !m.reads(c, m.letters[m.count]) {
		m.differs = true
	}
	m.count++
	if c != m.last {
		m.turn()
		m.last = c
	}
	m.same++
	switch {
	case m.next < len(m.letters) && m.reads(c, m.letters[m.next]):
		m.next++
	case m.next > 0 && m.reads(c, m.letters[m.next-1]):
		m.extra = true
	default:
		m.torn = true
	}
}

// turn ends a run of equal letters.
func (m *rowMatch) turn() {
	m.torn = m.torn || m.extra && m.same < stretched
	m.same, m.extra = 0, false
}

func (m *rowMatch) reads(c, letter rune) bool {
	return c == letter || !m.exact && readsAs(c, letter)
}

func (m *rowMatch) ok() bool {
	if !m.differs && m.count == len(m.letters) {
		return true
	}
	m.turn()
	first := m.letters[0]
	return !m.exact && !m.torn && m.next == len(m.letters) && (first < '0' || first > '9')
}

// spelled finds rows of single letters with equal separators.
type spelled struct {
	start, end int    // of the row
	count      int    // of its letters
	gap        string // the separator, without spaces
	found      struct{ start, end int }

	first   token // of the word that is being read
	letters int   // of it
}

// letter takes a letter of a word.
func (s *spelled) letter(k token) {
	if s.letters == 0 {
		s.first = k
	}
	s.letters++
}

// space takes the end of a word. It returns true if a row has ended and is
// complete.
func (s *spelled) space(text string) bool {
	letters := s.letters
	s.letters = 0
	switch {
	case letters == 0:
		return false
	case letters > 1 || isUnspaced(s.first.r):
		return s.flush()
	case s.count == 0:
		s.begin()
		return false
	}
	// Two letters may come from one character, such as ¼.
	gap := text[min(s.end, s.first.start):s.first.start]
	trimmed := strings.TrimSpace(gap)
	if s.count == 1 {
		s.gap = trimmed
	}
	// An apostrophe is between two words that became one.
	if s.first.start <= s.end || len(gap) > maxGap || trimmed != s.gap || strings.ContainsAny(gap, "'’") {
		end := s.flush()
		s.begin()
		return end
	}
	s.end = s.first.end
	s.count++
	return false
}

func (s *spelled) begin() { s.start, s.end, s.count = s.first.start, s.first.end, 1 }

// flush ends the row, and reports whether it is long enough.
func (s *spelled) flush() bool {
	long := s.count >= minSpelled
	if long {
		s.found.start, s.found.end = s.start, s.end
	}
	s.count = 0
	return long
}
