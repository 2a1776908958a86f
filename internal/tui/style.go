//go:build !aix

package tui

import (
	"hash/fnv"
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
)

// namesOnDark and namesOnLight are the colours of names. Each has a contrast of at least 4.5
// with black or white (WCAG 2.2, 1.4.3).
var (
	namesOnDark = []string{
		"#7fb4ff", "#ffb86b", "#8ee08e", "#ff9ab8", "#c9a7ff", "#6fdede", "#e6d96c", "#ff8f70", "#9fd3a8", "#b0c4ff", "#e3a3e3", "#c8c8a0",
	}
	namesOnLight = []string{
		"#0b57a4", "#8a4500", "#1b6e1b", "#a0174d", "#5b2ea6", "#00646b", "#6b5d00", "#a83210", "#1f6b4a", "#3a46a0", "#8a2a8a", "#55552b",
	}
)

// styles are those of the screen's parts. What they say can be read without colours, too.
type styles struct {
	names                                                                         []lipgloss.Style
	bar, dim, system, refusal, mention, own, private, code, quote, selected, bold lipgloss.Style
}

func newStyles(dark bool) *styles {
	choose := func(light, onDark string) color.Color {
		if dark {
			return lipgloss.Color(onDark)
		}
		return lipgloss.Color(light)
	}
	plain := lipgloss.NewStyle()
	s := &styles{
		bar:      plain.Reverse(true),
		dim:      plain.Foreground(choose("#5f5f5f", "#a0a0a0")),
		system:   plain.Foreground(choose("#4a5560", "#a8b4c0")).Italic(true),
		refusal:  plain.Foreground(choose("#a00000", "#ff8080")).Bold(true),
		mention:  plain.Foreground(choose("#7a3e00", "#ffd080")).Bold(true),
		own:      plain.Foreground(choose("#404040", "#d0d0d0")),
		private:  plain.Foreground(choose("#6a1b7a", "#e8a8ff")),
		code:     plain.Foreground(choose("#00646b", "#6fdede")),
		quote:    plain.Foreground(choose("#4a5560", "#a8b4c0")),
		selected: plain.Reverse(true),
		bold:     plain.Bold(true),
	}
	palette := namesOnLight
	if dark {
		palette = namesOnDark
	}
	for _, c := range palette {
		s.names = append(s.names, plain.Foreground(lipgloss.Color(c)))
	}
	return s
}

// name returns the style of a person's name, which is the same in all of their messages.
func (s *styles) name(name string) lipgloss.Style {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(name)))
	return s.names[h.Sum32()%uint32(len(s.names))]
}
