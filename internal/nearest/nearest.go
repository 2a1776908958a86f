// Package nearest suggests the known word for a mistyped one, for messages of
// the kind "unknown flag --prot (did you mean --port?)".
package nearest

import "strings"

// maxWord bounds the words that are compared, in bytes: the cost of a
// comparison grows with its square, and words may come from the network.
const maxWord = 64

// Find returns the word of the list that is the fewest typing mistakes away
// from word, and whether there is one near enough to suggest: one mistake for
// up to five letters, one more for every three letters after that. Mistakes are
// a letter too many, too few, wrong, or two neighbours swapped; case does not
// count. Of several equally near ones the first of the list wins.
func Find(word string, of []string) (string, bool) {
	// Lowering may make a word longer (an invalid UTF-8 byte becomes three), so
	// lengths are checked afterwards.
	lower := strings.ToLower(word)
	if word == "" || len(lower) > maxWord {
		return "", false
	}
	best, found := "", false
	limit := max(1, len(word)/3)
	for _, candidate := range of {
		lowered := strings.ToLower(candidate)
		if len(lowered) > maxWord {
			continue
		}
		if d := distance(lower, lowered); d <= limit {
			// The next one has to be nearer still.
			best, found, limit = candidate, true, d-1
		}
	}
	return best, found
}

// distance counts the mistakes between a and b (optimal string alignment:
// edit distance with transpositions, no part edited twice), byte by byte.
func distance(a, b string) int {
	// Three rows of the table are enough: the one before last is where a
	// swapped pair comes from.
	var rows [3][maxWord + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
