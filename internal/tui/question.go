//go:build !aix

package tui

import (
	"encoding/json"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/sudoXpg/netloop/internal/chatstate"
	"github.com/sudoXpg/netloop/internal/client"
)

// A question of the server waits for an answer.
type question struct {
	text  string
	input *textinput.Model
	under dialog // comes back after the question; nil for none
}

// ask shows a question.
func (m *Model) ask(e client.Raw) {
	var q struct {
		Code, Text string
		Hidden     bool
		Args       map[string]any
	}
	if json.Unmarshal(e.JSON, &q) != nil {
		return
	}
	under := m.dialog
	if old, ok := under.(*question); ok {
		under = old.under
	}
	m.dialog = &question{
		under: under,
		text:  chatstate.Line(m.o.Texts.Server(q.Code, q.Text, q.Args)),
		input: newInputLine("> ", q.Hidden),
	}
}

func (q *question) close(m *Model) {
	q.input.Reset()
	m.dialog = q.under
	if stale(q.under, m.active) {
		m.dialog = nil
	}
}

func (q *question) update(m *Model, msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.Keystroke() {
		case "esc", "ctrl+c":
			q.answer(m, "/cancel")
			return nil
		case "enter":
			text := q.input.Value()
			if text == "" {
				text = "/cancel"
			}
			q.answer(m, text)
			return nil
		}
	}
	if paste, ok := msg.(tea.PasteMsg); ok {
		text := oneLine(paste.Content)
		if q.input.EchoMode == textinput.EchoNormal {
			text = chatstate.Line(text)
		}
		msg = tea.PasteMsg{Content: text}
	}
	in, cmd := q.input.Update(msg)
	*q.input = in
	return cmd
}

// answer sends the answer. The next question, or the outcome, follows.
func (q *question) answer(m *Model, text string) {
	q.close(m)
	if _, err := m.o.Session.Send(client.Request{Type: "answer", Text: text}); err != nil {
		m.say(m.t("tui.questionEnded"))
	}
}

func (q *question) rows(w *writer, height int) ([]string, *tea.Position) {
	rows := []string{w.bold.Render(w.fit(" "+w.texts.T("question"), w.width))}
	rows = append(rows, w.plain(head{mark: '?'}, q.text, w.system)...)
	rows = rows[:min(len(rows), max(1, height-1))]
	q.input.SetWidth(max(1, w.width-4))
	var cursor *tea.Position
	if c := q.input.Cursor(); c != nil {
		cursor = &tea.Position{X: c.X + 1, Y: len(rows)}
	}
	return append(rows, " "+q.input.View()), cursor
}
