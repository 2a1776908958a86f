//go:build !aix

package tui

import (
	"context"
	"errors"
	"io"

	tea "charm.land/bubbletea/v2"

	"github.com/sudoXpg/netloop/internal/chatstate"
)

// rate is how often in a second the library looks for something to draw, also when nothing
// happens.
const rate = 30

// tellMsg is a sentence for the user that comes from elsewhere in the program.
type tellMsg string

// Run shows the screen until the user leaves (nil), the session ends, or ctx ends, which is
// leaving, too. Sentences from tell are shown in the conversation. in and out are a terminal.
// unsent are messages that are not acknowledged.
func Run(ctx context.Context, o Options, in io.Reader, out io.Writer, tell <-chan string) (unsent []string, err error) {
	m := New(o)
	p := tea.NewProgram(m, tea.WithInput(in), tea.WithOutput(out), tea.WithContext(ctx), tea.WithFPS(rate), tea.WithoutSignalHandler())
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case text := <-tell:
				p.Send(tellMsg(text))
			case <-done:
				return
			}
		}
	}()
	_, err = p.Run()
	unsent = m.chat.Unsent()
	switch {
	case m.err != nil:
		return unsent, m.err
	case err != nil && ctx.Err() == nil && !errors.Is(err, tea.ErrInterrupted):
		return unsent, err
	}
	return unsent, nil
}

// tell shows a sentence of the program.
func (m *Model) tell(text string) { m.local(m.active, chatstate.Local, text) }
