//go:build !aix

package tui

import (
	"bytes"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/sudoXpg/netloop/internal/chatstate"
)

// Widths from which on a line has the time, and names are aligned.
const (
	timeFrom  = 50
	alignFrom = 60
	nameWidth = 12
	textLeast = 10 // columns for the text, whatever is before it
)

// The marks at the beginning of a line: it can be told apart without colours.
const (
	markOwn     = '>'
	markMention = '!'
	markPrivate = '@'
	markEvent   = '-'
	markLocal   = '='
	markRefusal = 'x'
	markWaiting = '~'
)

// A writer writes the items of a conversation as rows of the screen.
type writer struct {
	*styles
	texts Texts
	zone  *time.Location
	now   func() time.Time
	me    string
	width int
	// measure is how the terminal measures text.
	measure ansi.Method
}

// A head is what is before the text of an item.
type head struct {
	mark  rune
	time  time.Time
	name  string
	style lipgloss.Style // of the name
}

// item returns the rows of an item. before is the item before it, or nil; answered is the one
// that it replies to, or nil.
func (w *writer) item(room *chatstate.Room, i, before, answered *chatstate.Item) (rows []string) {
	if day := i.Time.In(w.zone); before == nil || !sameDay(day, before.Time.In(w.zone)) {
		rows = append(rows, w.rule(w.texts.Day(day, w.now().In(w.zone))))
	}
	if room.NewFrom == i {
		rows = append(rows, w.rule(w.texts.T("newMessages")))
	}
	h := head{mark: ' ', time: i.Time, name: i.From, style: w.name(i.From)}
	switch i.Kind {
	case chatstate.Event:
		return append(rows, w.plain(head{mark: markEvent, time: i.Time}, i.Text, w.system)...)
	case chatstate.Local:
		return append(rows, w.plain(head{mark: markLocal, time: i.Time}, i.Text, w.system)...)
	case chatstate.Refusal:
		return append(rows, w.plain(head{mark: markRefusal, time: i.Time}, i.Text, w.refusal)...)
	case chatstate.Message:
	}
	switch {
	case i.Mention:
		h.mark = markMention
	case i.Own:
		h.mark = markOwn
	case i.Private:
		h.mark = markPrivate
	}
	if i.ReplyTo != 0 {
		quote := w.texts.T("replyToOlder")
		if answered != nil {
			quote = w.texts.T("replyTo") + answered.From + ": " + firstLine(answered.Text)
		}
		rows = append(rows, w.dim.Render(w.fit(strings.Repeat(" ", w.indent(h))+"┌ "+quote, w.width)))
	}
	return append(rows, w.message(h, i)...)
}

// message returns the rows of what a person has said.
func (w *writer) message(h head, i *chatstate.Item) []string {
	if i.Deleted {
		return w.rows(h, w.dim.Italic(true).Render(w.texts.T("deletedMessage")))
	}
	text := w.styled(i)
	if i.Action {
		text = h.style.Bold(true).Render(h.name) + " " + text
		h.name = "*"
	}
	switch {
	case i.Mailed:
		text += " " + w.dim.Render("("+w.texts.T("privateStored")+")")
	case !i.Edited.IsZero():
		text += " " + w.dim.Render("("+w.texts.T("edited")+")")
	}
	return w.rows(h, text)
}

// waiting returns the rows of a message that is not acknowledged.
func (w *writer) waiting(p *chatstate.Post, online bool) []string {
	state := w.texts.T("sending")
	if !online {
		state = w.texts.T("queued")
	}
	h := head{mark: markWaiting, name: w.me, style: w.own}
	return w.rows(h, w.markdown(w.own, chatstate.Text(p.Text))+" "+w.dim.Render("("+state+")"))
}

// plain returns the rows of a text in one style.
func (w *writer) plain(h head, text string, style lipgloss.Style) []string {
	if text == "" {
		return nil
	}
	return w.rows(h, render(style, text))
}

// indent returns where the text begins.
func (w *writer) indent(h head) int { return w.measure.StringWidth(ansi.Strip(w.prefix(h))) }

// prefix returns what is before the text.
func (w *writer) prefix(h head) string {
	var b strings.Builder
	b.WriteRune(h.mark)
	b.WriteByte(' ')
	if w.width >= timeFrom {
		clock := "     "
		if !h.time.IsZero() {
			clock = h.time.In(w.zone).Format("15:04")
		}
		b.WriteString(w.dim.Render(clock))
		b.WriteByte(' ')
	}
	if h.name == "" {
		return b.String()
	}
	// A name is never cut: it could be taken for another one.
	if n := w.measure.StringWidth(h.name); w.width >= alignFrom && n < nameWidth {
		b.WriteString(strings.Repeat(" ", nameWidth-n))
	}
	b.WriteString(h.style.Bold(true).Render(h.name))
	switch {
	case h.name == "*":
		b.WriteString("  ")
	case w.width >= alignFrom:
		b.WriteString(w.dim.Render(": "))
	default:
		b.WriteString(": ")
	}
	return b.String()
}

// rows divides a text with styles into rows behind a head.
func (w *writer) rows(h head, text string) []string {
	first := w.prefix(h)
	indent := w.measure.StringWidth(first)
	rest := indent
	if w.width-rest < max(textLeast, w.width/2) { // a long name, or a narrow screen
		rest = 2
	}
	text = strings.ReplaceAll(text, "\t", "    ")
	var wrapped bytes.Buffer
	carry := lipgloss.NewWrapWriter(&wrapped) // styles and links end at the end of a row and begin again
	var lines []string
	for n, line := range strings.Split(text, "\n") {
		if n == 0 {
			// Spaces stand for the head: all rows are as narrow as the first one.
			line = strings.Repeat("\u00a0", max(0, indent-rest)) + line
		}
		lines = append(lines, w.measure.Wrap(line, max(1, w.width-rest), " "))
	}
	_, _ = carry.Write([]byte(strings.Join(lines, "\n")))
	_ = carry.Close()
	rows := strings.Split(wrapped.String(), "\n")
	for n, row := range rows {
		if n == 0 {
			rows[n] = first + strings.TrimLeft(row, "\u00a0")
			continue
		}
		rows[n] = strings.Repeat(" ", rest) + row
	}
	return rows
}

// styled returns the text of a message with its Markdown, its links, and the user's name, marked.
func (w *writer) styled(i *chatstate.Item) string {
	base := lipgloss.NewStyle()
	switch {
	case i.Mention:
		base = w.mention
	case i.Own:
		base = w.own
	case i.Private:
		base = w.private
	}
	return w.markdown(base, i.Text)
}

// markdown returns a text with the styles of its Markdown.
func (w *writer) markdown(base lipgloss.Style, text string) string {
	var b strings.Builder
	for _, p := range pieces(text) {
		style := base
		switch {
		case p.look&mark != 0:
			style = w.dim
		case p.look&code != 0:
			style = w.code
		case p.look&quote != 0:
			style = w.quote
		}
		if p.look&strong != 0 {
			style = style.Bold(true)
		}
		if p.look&emphasis != 0 {
			style = style.Italic(true)
		}
		if p.link == "" {
			b.WriteString(render(style, p.text))
			continue
		}
		b.WriteString(ansi.SetHyperlink(p.link))
		b.WriteString(render(style.Underline(true), p.text))
		b.WriteString(ansi.ResetHyperlink())
	}
	return b.String()
}

// render renders line by line, so that lines are not padded to the longest one.
func render(style lipgloss.Style, text string) string {
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = style.Render(line)
		}
	}
	return strings.Join(lines, "\n")
}

// rule returns a row with a text between two lines.
func (w *writer) rule(text string) string {
	text = " " + text + " "
	rest := max(0, w.width-w.measure.StringWidth(text))
	left := rest / 2
	return w.dim.Render(w.fit(strings.Repeat("─", left)+text+strings.Repeat("─", rest-left), w.width))
}

// cut cuts a text to a width. The library cuts between characters as a user sees them, some of which
// are wider for it when it measures a text.
func (w *writer) cut(text string, width int, tail string) string {
	for most := width; most >= 0 && w.measure.StringWidth(text) > width; most-- {
		text = w.measure.Truncate(text, most, tail)
	}
	return text
}

// fit cuts or pads a text to a width.
func (w *writer) fit(text string, width int) string {
	n := w.measure.StringWidth(text)
	if n > width {
		text = w.cut(text, width, "…")
		n = w.measure.StringWidth(text)
	}
	return text + strings.Repeat(" ", max(0, width-n))
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
