//go:build !aix

package tui

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A look is how a part of a message differs from the rest.
type look uint8

const (
	strong look = 1 << iota
	emphasis
	code
	quote
	mark // of the source text: asterisks, backquotes
)

// A piece is a part of a message with one look.
type piece struct {
	text string
	look look
	link string // the web address that it is, or ""
}

// Limits of what is taken for a link, in bytes, and of marks within marks.
const (
	maxLink  = 2000
	maxDepth = 4
)

var fence = regexp.MustCompile("^```[A-Za-z0-9_+-]*$")

// pieces divides a message by the part of Markdown that the page knows: bold, italics, code,
// code blocks, quotes and links (internal/web/page/markdown.js; both pass the cases in
// testdata/markdown.json). The texts of the pieces are the message: nothing is left out, so
// that characters which were not meant as marks stay readable.
func pieces(text string) []piece {
	var p parser
	lines := strings.SplitAfter(text, "\n")
	for at := 0; at < len(lines); {
		if end := p.codeBlock(lines, at); end > at {
			at = end
			continue
		}
		quoted := strings.HasPrefix(lines[at], ">")
		var block strings.Builder
		p.quoted = nil
		for from := at; at < len(lines) && strings.HasPrefix(lines[at], ">") == quoted && (at == from || !strings.HasPrefix(lines[at], "```")); at++ {
			line := lines[at]
			if quoted {
				line = strings.TrimPrefix(line[1:], " ")
				p.quoted = append(p.quoted, lines[at][:len(lines[at])-len(line)])
			}
			block.WriteString(line)
		}
		var outer look
		if quoted {
			outer = quote
			p.quoteMark()
		}
		// Marks don't cross paragraphs.
		for paragraph := range strings.SplitAfterSeq(block.String(), "\n\n") {
			p.inline(paragraph, outer, 0)
		}
	}
	return p.pieces
}

// A parser collects the pieces of a message.
type parser struct {
	pieces []piece
	quoted []string // what is before the next lines of a quote, and not in their text
	open   bool     // a code block has no end, so no later one has
}

// add adds a part.
func (p *parser) add(text string, l look, link string) {
	for line := range strings.SplitAfterSeq(text, "\n") {
		if line != "" {
			p.pieces = append(p.pieces, piece{line, l, link})
		}
		if strings.HasSuffix(line, "\n") {
			p.quoteMark()
		}
	}
}

// quoteMark adds what is before the next line of a quote.
func (p *parser) quoteMark() {
	if len(p.quoted) > 0 {
		p.pieces = append(p.pieces, piece{text: p.quoted[0], look: mark})
		p.quoted = p.quoted[1:]
	}
}

// codeBlock adds the code block that begins with a line, and returns the line after it.
func (p *parser) codeBlock(lines []string, at int) int {
	bare := func(line string) string { return strings.TrimRightFunc(line, unicode.IsSpace) }
	if p.open || !fence.MatchString(bare(lines[at])) {
		return at
	}
	p.quoted = nil
	for end := at + 1; end < len(lines); end++ {
		if bare(lines[end]) == "```" {
			p.add(lines[at], mark, "")
			p.add(strings.Join(lines[at+1:end], ""), code, "")
			p.add(lines[end], mark, "")
			return end + 1
		}
	}
	p.open = true
	return at
}

// marks are those around words.
var marks = [...]struct {
	text string
	look look
}{{"**", strong}, {"__", strong}, {"*", emphasis}, {"_", emphasis}}

// inline adds the pieces of a text without blocks, in linear time.
func (p *parser) inline(text string, outer look, depth int) {
	plain := 0
	var closers [len(marks)]int
	for at := 0; at < len(text); {
		end := at
		var found func()
		switch c := text[at]; {
		case c == '`':
			end, found = p.code(text, at, outer)
		case c == 'h' || c == 'H':
			if shown := linkAt(text, at); shown != "" {
				end, found = at+len(shown), func() { p.add(shown, outer, shown) }
			}
		case (c == '*' || c == '_') && depth < maxDepth:
			end, found = p.marked(text, at, outer, depth, &closers)
		}
		if found == nil {
			at++
			continue
		}
		p.add(text[plain:at], outer, "")
		found()
		at, plain = end, end
	}
	p.add(text[plain:], outer, "")
}

// code finds code within a line.
func (p *parser) code(text string, at int, outer look) (end int, found func()) {
	inner, _, closed := strings.Cut(text[at+1:], "`")
	if !closed || inner == "" || strings.Contains(inner, "\n") {
		return at, nil
	}
	return at + len(inner) + 2, func() {
		p.add("`", mark, "")
		p.add(inner, outer|code, "")
		p.add("`", mark, "")
	}
}

// marked finds words with marks. closers has the end that was found last for each mark.
func (p *parser) marked(text string, at int, outer look, depth int, closers *[len(marks)]int) (end int, found func()) {
	for i, m := range marks {
		if !strings.HasPrefix(text[at:], m.text) {
			continue
		}
		// A mark begins before a word and ends after one; underscores not within words.
		inside := at + len(m.text)
		if next, n := utf8.DecodeRuneInString(text[inside:]); n == 0 || unicode.IsSpace(next) || m.text[0] == '_' && wordBefore(text, at) {
			continue
		}
		if closers[i] <= inside {
			closers[i] = closer(text, m.text, inside+1)
		}
		end := closers[i]
		if end == len(text) {
			continue
		}
		return end + len(m.text), func() {
			p.add(m.text, mark, "")
			p.inline(text[inside:end], outer|m.look, depth+1)
			p.add(m.text, mark, "")
		}
	}
	return at, nil
}

// closer returns where a mark ends, from an offset on, or the length of the text.
func closer(text, m string, from int) int {
	for at := from; at < len(text); at++ {
		n := strings.Index(text[at:], m)
		if n < 0 {
			break
		}
		at += n
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(m):])
		switch {
		case unicode.IsSpace(before), m[0] == '_' && isWord(after):
		case len(m) == 1 && (before == rune(m[0]) || after == rune(m[0])):
		default:
			return at
		}
	}
	return len(text)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func wordBefore(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	return isWord(before)
}

// linkAt returns the web address that begins at an offset, or "": without punctuation that
// ends the sentence rather than the address.
func linkAt(text string, at int) string {
	if wordBefore(text, at) {
		return ""
	}
	scheme, _, ok := strings.Cut(text[at:min(len(text), at+len("https://"))], "://")
	if scheme = strings.ToLower(scheme); !ok || scheme != "http" && scheme != "https" {
		return ""
	}
	address := text[at:min(len(text), at+maxLink+1)]
	if end := strings.IndexFunc(address, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>\"'`", r) }); end >= 0 {
		address = address[:end]
	}
	if len(address) > maxLink {
		return ""
	}
	if address = trimLink(address); len(address) < len(scheme)+3 {
		return ""
	}
	server := address[len(scheme)+3:]
	if end := strings.IndexAny(server, "/?#"); end >= 0 {
		server = server[:end]
	}
	if u, err := url.Parse(scheme + "://" + server); err != nil || u.Hostname() == "" || strings.ContainsAny(u.Hostname(), `[]^|\`) {
		return ""
	}
	return address
}

func trimLink(address string) string {
	round := strings.Count(address, ")") - strings.Count(address, "(")
	square := strings.Count(address, "]") - strings.Count(address, "[")
	for address != "" {
		last := address[len(address)-1]
		switch {
		case strings.IndexByte(".,;:!?*_~", last) >= 0:
		case last == ')' && round > 0:
			round--
		case last == ']' && square > 0:
			square--
		default:
			return address
		}
		address = address[:len(address)-1]
	}
	return ""
}
