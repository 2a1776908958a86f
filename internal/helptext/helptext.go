// Package helptext lays out the help of the programs.
package helptext

import (
	"bytes"
	"strings"
)

// Width is the width of the lines, and Column the column in which the sentences begin.
const (
	Width  = 80
	Column = 32
)

// Write appends words, such as a flag, and the sentence about them, wrapped beside them.
func Write(b *bytes.Buffer, words, sentence string) {
	// At least two spaces between words and sentence.
	line := words + strings.Repeat(" ", max(1, Column-1-len(words)))
	for _, word := range strings.Fields(sentence) {
		if len(line)+1+len(word) >= Width {
			b.WriteString(line + "\n")
			line = strings.Repeat(" ", Column-1)
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
